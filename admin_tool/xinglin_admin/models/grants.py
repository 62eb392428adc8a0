"""How grants look in the table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from xinglin_admin.api.models import Grant, GrantState
from xinglin_admin.locale.texts import Texts
from xinglin_admin.models.rows import Column
from xinglin_admin.theme import Tone

ENDS_SOON_DAYS = 14
_TONES = {GrantState.ACTIVE: Tone.GOOD, GrantState.EXPIRED: Tone.QUIET, GrantState.REVOKED: Tone.BAD}


def grant_columns(texts: Texts, today: Callable[[], dt.date]) -> tuple[Column[Grant], ...]:
    words = texts.grants
    return (
        Column(words.person, lambda grant: grant.person_name),
        Column(words.permission, lambda grant: grant.permission_title),
        Column(words.scope, lambda grant: scope_text(grant, texts)),
        Column(
            words.last_day,
            lambda grant: last_day_text(grant, texts),
            lambda grant: Tone.WARNING if ends_soon(grant, today()) else Tone.PLAIN,
        ),
        Column(words.granted_by, lambda grant: grant.granted_by),
        Column(words.state, lambda grant: state_text(grant, texts), lambda grant: _TONES[grant.state]),
    )


def scope_text(grant: Grant, texts: Texts) -> str:
    parts = [grant.object_title or "", texts.common.list_separator.join(grant.departments)]
    return " · ".join(part for part in parts if part) or texts.common.none


def last_day_text(grant: Grant, texts: Texts) -> str:
    return grant.expires_on.isoformat() if grant.expires_on else texts.grants.no_last_day


def state_text(grant: Grant, texts: Texts) -> str:
    words = texts.grants
    return {
        GrantState.ACTIVE: words.state_active,
        GrantState.EXPIRED: words.state_expired,
        GrantState.REVOKED: words.state_revoked,
    }[grant.state]


def ends_soon(grant: Grant, today: dt.date) -> bool:
    if grant.expires_on is None or grant.state is not GrantState.ACTIVE:
        return False
    return (grant.expires_on - today).days <= ENDS_SOON_DAYS


def moment_text(moment: dt.datetime | None, texts: Texts) -> str:
    """In the time zone of this computer, to the minute."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else texts.common.none
