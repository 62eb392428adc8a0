"""All cells of the last twelve months: months that are over from their own table, the rest counted now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from xinglin_documents.models import SettledMonth
from xinglin_documents.service.board.cells import Cell, Key, Month, months
from xinglin_documents.service.board.counting import THREE_DAYS, count

MONTHS = 12
LASTS = timedelta(seconds=30)
"""How long figures are shown before they are counted again."""
RESETTLED = timedelta(hours=12)
"""How often a month that is over is counted again: an old document may still be read."""


@dataclass(frozen=True)
class Cube:
    """The cells of `months` as they were at `taken_at`; `answers` keeps what was made of them."""

    taken_at: datetime
    months: Sequence[Month]
    cells: Mapping[Key, Cell]
    answers: dict[Any, Any] = field(default_factory=dict)


class CubeCache:
    """The cube of one process of the portal; one thread counts while the others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cube: Cube | None = None
        self._settled: tuple[Any, Mapping[Key, Cell]] | None = None

    def get(self, session: Session, now: datetime, zone: ZoneInfo) -> Cube:
        with self._lock:
            if self._cube is None or not timedelta(0) <= now - self._cube.taken_at < LASTS:
                self._cube = self._take(session, now, zone)
            return self._cube

    def answer(self, cube: Cube, question: Any, find: Callable[[], Any]) -> Any:
        """What `find` gives for this question, found once for a cube."""
        if question not in cube.answers:
            cube.answers[question] = find()
        return cube.answers[question]

    def _take(self, session: Session, now: datetime, zone: ZoneInfo) -> Cube:
        shown = months(now, MONTHS, zone)
        settled = self._settled_cells(session, shown)
        known = {key.month for key in settled}
        cells = {key: cell for key, cell in settled.items() if key.month >= shown[0].name}
        for run in _runs([month for month in shown if month.name not in known], shown):
            cells |= count(session, run, now)
        return Cube(now, shown, cells)

    def _settled_cells(self, session: Session, shown: Sequence[Month]) -> Mapping[Key, Cell]:
        """Read again only when the worker has settled a month anew."""
        names = [month.name for month in shown]
        query = select(func.max(SettledMonth.settled_at), func.count()).where(SettledMonth.month.in_(names))
        mark = (names[0], *session.execute(query).one())
        if self._settled is None or self._settled[0] != mark:
            self._settled = (mark, read_settled(session, names))
        return self._settled[1]


def _runs(missing: Sequence[Month], shown: Sequence[Month]) -> Iterable[list[Month]]:
    """The missing months as runs that follow one another."""
    run: list[Month] = []
    for month in shown:
        if month in missing:
            run.append(month)
        elif run:
            yield run
            run = []
    if run:
        yield run


def read_settled(session: Session, names: Sequence[str]) -> dict[Key, Cell]:
    """The cells of months that are over."""
    query = select(
        SettledMonth.month, SettledMonth.process_key, SettledMonth.department_id, SettledMonth.figures
    ).where(SettledMonth.month.in_(names))
    return {
        Key(month, process, department): Cell(**figures)
        for month, process, department, figures in session.execute(query)
    }


def settle_next(session: Session, now: datetime, zone: ZoneInfo) -> str:
    """Count the month whose turn it is and write it down; its name, or "" when all are fresh.

    A month may be settled three days after its end, when all of its 72 hours have passed.
    """
    over = [month for month in months(now, MONTHS, zone) if month.end + THREE_DAYS <= now]
    query = select(SettledMonth.month, func.max(SettledMonth.settled_at)).group_by(SettledMonth.month)
    settled = {name: at for name, at in session.execute(query)}  # noqa: C416 - a Row is not typed as a pair
    due = [month for month in over if settled.get(month.name, now - RESETTLED) <= now - RESETTLED]
    if not due:
        return ""
    month = min(due, key=lambda one: (one.name in settled, settled.get(one.name, now), one.name))
    cells = {Key(month.name, "", None): Cell(), **count(session, [month], now)}
    session.execute(delete(SettledMonth).where(SettledMonth.month == month.name))
    rows = [
        {
            "month": key.month,
            "process_key": key.process,
            "department_id": key.department,
            "figures": cell.to_json(),
            "settled_at": now,
        }
        for key, cell in cells.items()
    ]
    session.execute(insert(SettledMonth), rows)
    return month.name
