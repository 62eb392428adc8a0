"""Counting cells in the database: three statements for any number of months, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    SQLColumnExpression,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import GenericFunction

from xinglin_documents.models import Box, Entry, EntryState, Item, ItemStatus
from xinglin_documents.service.board.cells import Cell, Key, Month

SENT_BOXES = (Box.TO_DO, Box.TO_READ)
SENT_STATES = (EntryState.OPEN, EntryState.DONE)
ENDED = (ItemStatus.COMPLETED, ItemStatus.REJECTED)
DAY, THREE_DAYS = timedelta(days=1), timedelta(days=3)


class seconds(GenericFunction[int]):  # noqa: N801 - the name of the function in SQL
    """Whole seconds of a moment since 1970."""

    type = BigInteger()
    inherit_cache = True


@compiles(seconds, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"unixepoch({compiler.process(element.clauses, **options)})"


@compiles(seconds)
def _elsewhere(element: Any, compiler: Any, **options: Any) -> str:
    return f"CAST(floor(extract(epoch from {compiler.process(element.clauses, **options)})) AS bigint)"


def count(session: Session, wanted: Sequence[Month], now: datetime) -> dict[Key, Cell]:
    """The cells of these months, which follow one another, as they are at `now`."""
    cells: dict[Key, Cell] = defaultdict(Cell)
    for key, row in _rows(session, _entries(wanted, now), wanted):
        cell = cells[key]
        cell.sent, cell.seen, cell.due, cell.late = row["sent"], row["seen"], row["due"], row["late"]
        cell.ripe_24, cell.seen_24 = row["ripe_24"], row["seen_24"]
        cell.ripe_72, cell.seen_72 = row["ripe_72"], row["seen_72"]
    for key, row in _rows(session, _started(wanted), wanted):
        cells[key].started = row["started"]
    for key, row in _rows(session, _ended(wanted), wanted):
        cells[key].wall, cells[key].working = _numbers(row["wall"]), _numbers(row["working"])
    return dict(cells)


def _rows(session: Session, query: Any, wanted: Sequence[Month]) -> Iterable[tuple[Key, Mapping[str, Any]]]:
    for row in session.execute(query).mappings():
        yield Key(wanted[row["month"]].name, row["process_key"], row["department_id"]), dict(row)


def _numbers(text: str | None) -> list[int]:
    return [int(one) for one in text.split(",")] if text else []


def _month(moment: SQLColumnExpression[Any], wanted: Sequence[Month]) -> ColumnElement[int]:
    """The position of the month; the latest are asked first. Rows outside are left out by the caller."""
    later = [(moment >= month.start, literal(position)) for position, month in enumerate(wanted)]
    return case(*reversed(later), else_=literal(-1)).label("month")


def _sum(condition: ColumnElement[bool], name: str) -> ColumnElement[int]:
    return func.sum(cast(condition, Integer)).label(name)


def _entries(wanted: Sequence[Month], now: datetime) -> Any:
    """One pass over the entries; documents are joined by their key."""
    month = _month(Entry.arrived_at, wanted)
    seen_at = func.coalesce(Entry.read_at, Entry.done_at)
    waited = seconds(seen_at) - seconds(Entry.arrived_at)
    seen = seen_at.is_not(None)

    def within(span: timedelta) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        ripe = Entry.arrived_at <= now - span
        return ripe, and_(ripe, seen, waited <= span // timedelta(seconds=1))

    (ripe_24, seen_24), (ripe_72, seen_72) = within(DAY), within(THREE_DAYS)
    due = and_(Entry.due_at.is_not(None), Entry.box == Box.TO_DO)
    return (
        select(
            month,
            Item.process_key,
            Item.department_id,
            func.count().label("sent"),
            _sum(seen, "seen"),
            _sum(ripe_24, "ripe_24"),
            _sum(seen_24, "seen_24"),
            _sum(ripe_72, "ripe_72"),
            _sum(seen_72, "seen_72"),
            _sum(due, "due"),
            _sum(and_(due, func.coalesce(Entry.done_at, literal(now)) > Entry.due_at), "late"),
        )
        .join(Item, Item.id == Entry.item_id)
        .where(
            Entry.box.in_(SENT_BOXES),
            func.lower(Entry.state, type_=String).in_(
                SENT_STATES
            ),  # bare, SQLite would walk the index of states, not that of time
            or_(Entry.state != EntryState.DONE, seen),  # an OA may not tell when it was read
            Entry.arrived_at >= wanted[0].start,
            Entry.arrived_at < wanted[-1].end,
        )
        .group_by(month, Item.process_key, Item.department_id)
    )


def _started(wanted: Sequence[Month]) -> Any:
    month = _month(Item.started_at, wanted)
    return (
        select(month, Item.process_key, Item.department_id, func.count().label("started"))
        .where(Item.started_at >= wanted[0].start, Item.started_at < wanted[-1].end)
        .group_by(month, Item.process_key, Item.department_id)
    )


def _ended(wanted: Sequence[Month]) -> Any:
    month = _month(Item.ended_at, wanted)
    took = (seconds(Item.ended_at) - seconds(Item.started_at)) // literal(60)
    return (
        select(
            month,
            Item.process_key,
            Item.department_id,
            func.aggregate_strings(cast(took, String), ",").label("wall"),
            func.aggregate_strings(cast(Item.working_minutes, String), ",").label("working"),
        )
        .where(
            or_(*(Item.status == one for one in ENDED)),
            Item.ended_at >= wanted[0].start,
            Item.ended_at < wanted[-1].end,
        )
        .group_by(month, Item.process_key, Item.department_id)
    )
