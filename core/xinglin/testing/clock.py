"""A clock that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FrozenClock:
    """Stands still until told otherwise; begins on a Monday morning in Shanghai."""

    def __init__(self, start: datetime = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        self._now += timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
