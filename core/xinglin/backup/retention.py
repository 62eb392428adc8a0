"""Which backups stay: all of a day, then the newest of each of the last days and of the last weeks."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta

MOMENT = "%Y%m%dT%H%M%SZ"
FRESH = timedelta(days=1)


def begun_at(name: str) -> datetime:
    """When the backup of this name began, in UTC."""
    return datetime.strptime(name.partition("-")[0], MOMENT).replace(tzinfo=UTC)


def kept(names: Sequence[str], days: int, weeks: int) -> frozenset[str]:
    """Of all backups those that stay; days and weeks (of ISO 8601, in UTC) without a backup do not count."""
    by_day: dict[Hashable, str] = {}
    by_week: dict[Hashable, str] = {}
    for name in sorted(names):
        day = begun_at(name).date()
        by_day[day] = name
        by_week[day.isocalendar()[:2]] = name
    fresh = [name for name in names if begun_at(max(names)) - begun_at(name) < FRESH]
    return frozenset([*fresh, *list(by_day.values())[-days:], *list(by_week.values())[-weeks:]])
