"""What the card beside the list says about one grant."""

from __future__ import annotations

import datetime as dt

from xinglin_admin.api.models import Grant
from xinglin_admin.locale.texts import Texts
from xinglin_admin.models.grants import ends_soon, last_day_text, moment_text, state_text


def grant_facts(grant: Grant, texts: Texts, today: dt.date) -> list[tuple[str, str]]:
    words = texts.grants
    last_day = last_day_text(grant, texts) + (f"  {words.ends_soon}" if ends_soon(grant, today) else "")
    facts = [
        (words.person, " · ".join(part for part in (grant.person_name, grant.person_staff_no) if part)),
        (words.department, grant.person_department or ""),
        (words.permission, grant.permission_title),
        (words.object, grant.object_title or ""),
        (words.departments, texts.common.list_separator.join(grant.departments)),
        (words.last_day, last_day),
        (words.hand_on, words.may_hand_on if grant.can_pass_on else ""),
        (words.state, state_text(grant, texts)),
        (words.granted_by, grant.granted_by),
        (words.granted_at, moment_text(grant.granted_at, texts)),
    ]
    if grant.revoked_at is not None:
        facts += [
            (words.revoked_by, grant.revoked_by or texts.common.none),
            (words.revoked_at, moment_text(grant.revoked_at, texts)),
        ]
    return [(title, value) for title, value in facts if value]
