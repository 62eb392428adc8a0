"""What a person wants to be told, and when not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin.push.models import MutedKind, QuietHours

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from xinglin.types import PushKind

_ = translator("core")
DAY_MINUTES = 24 * 60


class PreferenceRefused(DomainError):
    """A preference that makes no sense or is not the person's to decide."""


@dataclass(frozen=True)
class QuietWindow:
    """Minutes after midnight in the hospital's time zone; start inclusive, end exclusive; may wrap over midnight."""

    starts_minute: int
    ends_minute: int

    def ends_at(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """The end of the quiet time in which `now` lies; None outside it."""
        local = now.astimezone(zone)
        minute = local.hour * 60 + local.minute
        is_wrapped = self.starts_minute > self.ends_minute
        if is_wrapped:
            is_quiet = minute >= self.starts_minute or minute < self.ends_minute
        else:
            is_quiet = self.starts_minute <= minute < self.ends_minute
        if not is_quiet:
            return None
        day = local.date() + timedelta(days=1 if is_wrapped and minute >= self.starts_minute else 0)
        end = time(self.ends_minute // 60, self.ends_minute % 60)
        return datetime.combine(day, end, tzinfo=zone).astimezone(now.tzinfo)


@dataclass(frozen=True)
class Preferences:
    """Names of muted kinds, and the quiet hours if there are any."""

    muted: frozenset[str] = frozenset()
    quiet_hours: QuietWindow | None = None


def read(session: Session, person_id: int) -> Preferences:
    """The preferences of one person; without any, everything comes at any time."""
    muted = session.scalars(select(MutedKind.kind).where(MutedKind.person_id == person_id))
    query = select(QuietHours.starts_minute, QuietHours.ends_minute).where(QuietHours.person_id == person_id)
    hours = session.execute(query).one_or_none()
    window = QuietWindow(*hours) if hours else None
    return Preferences(frozenset(muted), window)


def write(session: Session, person_id: int, wanted: Preferences, kinds: Mapping[str, PushKind]) -> None:
    """Replace them. Raises `PreferenceRefused`. What a switched-off module's kind was set to is kept."""
    _check_muted(wanted.muted, kinds)
    _check_window(wanted.quiet_hours)
    session.execute(delete(MutedKind).where(MutedKind.person_id == person_id, MutedKind.kind.in_(kinds)))
    muted = [{"person_id": person_id, "kind": kind} for kind in sorted(wanted.muted & set(kinds))]
    if muted:
        session.execute(insert(MutedKind), muted)
    session.execute(delete(QuietHours).where(QuietHours.person_id == person_id))
    if wanted.quiet_hours is not None:
        session.execute(insert(QuietHours).values(person_id=person_id, **asdict(wanted.quiet_hours)))


def _check_muted(muted: Iterable[str], kinds: Mapping[str, PushKind]) -> None:
    for name in muted:
        kind = kinds.get(name)
        if kind is not None and not kind.can_mute:
            raise PreferenceRefused(
                _("This kind of message cannot be muted."), _("Leave it on; it is only sent when it matters.")
            )


def _check_window(window: QuietWindow | None) -> None:
    if window is None:
        return
    is_inside = all(0 <= minute < DAY_MINUTES for minute in (window.starts_minute, window.ends_minute))
    if not is_inside or window.starts_minute == window.ends_minute:
        raise PreferenceRefused(
            _("These quiet hours are not possible."),
            _("Choose a start and a different end, from 00:00 to 23:59."),
        )
