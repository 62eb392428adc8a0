"""The smallest figures of the board: a month, a type, a department. Whatever the board shows is their sum."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Key:
    """`month` such as `2026-11`, by the hospital's own time; `process` "" and `department` None: not known."""

    month: str
    process: str
    department: int | None


@dataclass
class Cell:
    """Counts by the month of their beginning; minutes by the month of the end.

    `sent` entries of to-do and to-read that arrived; `seen` of them opened or handled so far. `ripe_24` arrived 24 hours
    ago or earlier, `seen_24` of these were seen within 24 hours; likewise 72. `due` had a deadline, `late` missed it.
    `started` documents began; `wall` and `working` are the minutes of each that was completed or rejected.
    """

    sent: int = 0
    seen: int = 0
    ripe_24: int = 0
    seen_24: int = 0
    ripe_72: int = 0
    seen_72: int = 0
    due: int = 0
    late: int = 0
    started: int = 0
    wall: list[int] = field(default_factory=list)
    working: list[int] = field(default_factory=list)

    def add(self, other: Cell) -> None:
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wall += other.wall
        self.working += other.working

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def sum(cls, cells: Iterable[Cell]) -> Cell:
        found = cls()
        for one in cells:
            found.add(one)
        return found


COUNTS = tuple(one.name for one in dataclasses.fields(Cell) if one.name not in ("wall", "working"))


def percentile(minutes: Sequence[int], percent: int) -> int | None:
    """The nearest rank: the shortest time in which so many percent were done; of sorted minutes. None without any."""
    if not minutes:
        return None
    return minutes[max(-(-len(minutes) * percent // 100), 1) - 1]


def share(part: int, whole: int) -> float | None:
    """Percent with one digit after the point; None of nothing."""
    return round(100 * part / whole, 1) if whole else None


@dataclass(frozen=True)
class Month:
    """A month of the hospital's calendar: `start` inclusive, `end` exclusive, as moments."""

    name: str
    start: datetime
    end: datetime


def months(now: datetime, count: int, zone: ZoneInfo) -> list[Month]:
    """The last `count` months with the one of `now`, the oldest first."""
    today = now.astimezone(zone).date()
    numbers = [today.year * 12 + today.month - 1 - back for back in range(count - 1, -2, -1)]
    firsts = [date(number // 12, number % 12 + 1, 1) for number in numbers]
    starts = [datetime(one.year, one.month, 1, tzinfo=zone) for one in firsts]
    return [
        Month(f"{first:%Y-%m}", starts[position], starts[position + 1])
        for position, first in enumerate(firsts[:-1])
    ]
