"""The real clock; tests bring their own."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The machine's time, aware, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)
