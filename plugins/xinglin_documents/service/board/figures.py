"""What the board shows: figures of the whole, of months, types and departments, beside the imported baseline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.people import Department
from xinglin.types import Clock
from xinglin_documents.models import Process
from xinglin_documents.service.board.baseline import Reference, reference
from xinglin_documents.service.board.cells import Cell, Key, percentile, share
from xinglin_documents.service.board.cube import Cube, CubeCache
from xinglin_documents.service.board.scope import Scope
from xinglin_documents.service.outside.mirror import OF_OA

MEDIAN, P90 = 50, 90
T = TypeVar("T")


@dataclass(frozen=True)
class Wanted:
    """How the board is narrowed: a type, and a department with all below it (its public id)."""

    process: str = ""
    department: str = ""


@dataclass(frozen=True)
class Figures:
    """`title` of a month, type or department; `key` narrows the board to it. Shares are percent, times minutes."""

    title: str
    key: str
    started: int
    ended: int
    sent: int
    read_24: float | None
    read_72: float | None
    read_ever: float | None
    median: int | None
    p90: int | None
    median_working: int | None
    p90_working: int | None
    due: int
    late: float | None

    @classmethod
    def of(cls, cell: Cell, title: str = "", key: str = "") -> Figures:
        wall, working = sorted(cell.wall), sorted(cell.working)
        return cls(
            title,
            key,
            cell.started,
            len(wall),
            cell.sent,
            share(cell.seen_24, cell.ripe_24),
            share(cell.seen_72, cell.ripe_72),
            share(cell.seen, cell.sent),
            percentile(wall, MEDIAN),
            percentile(wall, P90),
            percentile(working, MEDIAN),
            percentile(working, P90),
            cell.due,
            share(cell.late, cell.due),
        )


@dataclass(frozen=True)
class Board:
    """`months` from the oldest to now, types and departments with most documents first."""

    taken_at: datetime
    whole: Figures
    months: Sequence[Figures]
    types: Sequence[Figures]
    departments: Sequence[Figures]
    baseline: Reference | None


@dataclass(frozen=True)
class Choice:
    """Something that the board can be narrowed to."""

    key: str
    title: str
    depth: int = 0


class BoardService:
    """The board of one person. Figures are counted at most every thirty seconds, whoever looks."""

    def __init__(
        self, session: Session, clock: Clock, zone: ZoneInfo, cache: CubeCache, scope: Scope
    ) -> None:
        self._session = session
        self._clock = clock
        self._zone = zone
        self._cache = cache
        self._scope = scope

    def board(self, wanted: Wanted) -> Board:
        """Raises `NotFound` for a department outside of the scope."""
        scope = self.narrowed(wanted)
        cube = self._cache.get(self._session, self._clock.now(), self._zone)
        found: Board = self._cache.answer(cube, (wanted, scope), lambda: self._made(cube, wanted, scope))
        known = reference(self._session, wanted.process, scope, is_all=not wanted.department)
        return replace(found, baseline=known)

    def narrowed(self, wanted: Wanted) -> Scope:
        """The departments that are wanted of those in scope."""
        if not wanted.department:
            return self._scope
        path = self._session.scalar(select(Department.path).where(Department.public_id == wanted.department))
        below = select(Department.id).where(Department.path.startswith(path or "-", autoescape=True))
        return self._scope.narrowed(frozenset(self._session.scalars(below)))

    def processes(self) -> list[Choice]:
        """Types to choose from: ours in their order, then those of the OA that the figures know."""
        query = select(Process.key, Process.title).order_by(Process.sort_order, Process.id)
        cube = self._cache.get(self._session, self._clock.now(), self._zone)
        of_oa = sorted(
            {
                key.process
                for key in cube.cells
                if key.process.startswith(OF_OA) and self._scope.covers(key.department)
            }
        )
        ours = [Choice(key, title) for key, title in self._session.execute(query)]
        return ours + [Choice(key, key.removeprefix(OF_OA)) for key in of_oa]

    def departments(self) -> list[Choice]:
        """Departments of the scope, in the order of the hospital."""
        query = select(Department).where(Department.is_active).order_by(Department.path)
        return [
            Choice(one.public_id, one.name, one.path.count("/") - 2)
            for one in self._session.scalars(query)
            if self._scope.covers(one.id)
        ]

    def _made(self, cube: Cube, wanted: Wanted, scope: Scope) -> Board:
        cells = {
            key: cell
            for key, cell in cube.cells.items()
            if scope.covers(key.department) and wanted.process in ("", key.process)
        }
        by_month = _grouped(cells, lambda key: key.month)
        for month in by_month.values():  # sorting the whole is then no more than merging twelve runs
            month.wall.sort()
            month.working.sort()
        names = self._department_names()
        return Board(
            cube.taken_at,
            Figures.of(Cell.sum(by_month.values())),
            [Figures.of(by_month.get(one.name, Cell()), one.name, one.name) for one in cube.months],
            _ranked(
                _grouped(cells, lambda key: key.process),
                {one.key: (one.key, one.title) for one in self.processes()},
            ),
            _ranked(_grouped(cells, lambda key: key.department), names),
            None,
        )

    def _department_names(self) -> dict[int | None, tuple[str, str]]:
        query = select(Department.id, Department.public_id, Department.name)
        return {key: (public_id, name) for key, public_id, name in self._session.execute(query)}


def _grouped(cells: Mapping[Key, Cell], by: Callable[[Key], T]) -> dict[T, Cell]:
    found: dict[T, Cell] = defaultdict(Cell)
    for key, cell in cells.items():
        found[by(key)].add(cell)
    return found


def _ranked(grouped: Mapping[T, Cell], names: Mapping[T, tuple[str, str]]) -> list[Figures]:
    """Those with anything to show; the title of what has no name is empty."""
    rows: Iterable[Figures] = (
        Figures.of(cell, *reversed(names.get(key, ("", str(key or ""))))) for key, cell in grouped.items()
    )
    shown = [one for one in rows if one.started or one.ended or one.sent]
    return sorted(shown, key=lambda one: (-one.started, -one.sent, one.title))


def factory(context: object, request: Request) -> BoardService:
    roots = select(Department.id).where(Department.parent_id.is_(None), Department.is_active)
    return BoardService(
        request.db,
        request.clock,
        request.settings.zone,
        request.registry.documents_cubes,
        Scope.of(request.identity.grants, frozenset(request.db.scalars(roots))),
    )
