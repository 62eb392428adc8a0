"""Down to the stuck step: documents that run, by the step at which they wait, the longest holder first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pyramid.request import Request
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from xinglin.api.people import Department, Person
from xinglin.types import Clock
from xinglin_documents.models import Box, Entry, EntryState, Item, ItemStatus
from xinglin_documents.service.board.scope import Scope
from xinglin_documents.service.inbox.seeing import Looker, may_see
from xinglin_documents.service.time.working import WorkingTime

SHOWN = 100


@dataclass(frozen=True)
class Step:
    """Where `count` documents of a type wait; the longest since `since`."""

    process: str
    process_title: str
    title: str
    count: int
    since: datetime


@dataclass(frozen=True)
class Waiting:
    """One document at one holder. `title` is empty unless she may see it (`can_open`); that it waits is no secret."""

    public_id: str
    title: str
    process_title: str
    step: str
    holder: str
    department: str
    since: datetime
    held: int
    held_working: int
    is_late: bool
    can_open: bool


class StuckService:
    """For one person who follows; `held` are minutes until now."""

    def __init__(self, session: Session, clock: Clock, working: WorkingTime, looker: Looker) -> None:
        self._session = session
        self._clock = clock
        self._working = working
        self._looker = looker

    def steps(self, scope: Scope, process: str = "") -> list[Step]:
        """Steps at which anything waits, that with the longest wait first."""
        since = func.min(Entry.arrived_at)
        query = (
            select(
                Item.process_key,
                func.max(Item.process_title),
                Entry.step,
                func.count(Item.id.distinct()),
                since,
            )
            .join(Item, Item.id == Entry.item_id)
            .where(*_waits(scope, process))
            .group_by(Item.process_key, Entry.step)
            .order_by(since, Item.process_key, Entry.step)
        )
        return [Step(*row) for row in self._session.execute(query)]

    def documents(self, scope: Scope, process: str = "", step: str | None = None) -> Sequence[Waiting]:
        """The hundred that wait longest."""
        can_open = may_see(self._looker).label("can_open")
        query = (
            select(Item, Entry, Person.name, Department.name, can_open)
            .join(Item, Item.id == Entry.item_id)
            .join(Person, Person.id == Entry.person_id)
            .outerjoin(Department, Department.id == Item.department_id)
            .where(*_waits(scope, process))
            .order_by(Entry.arrived_at, Entry.id)
            .limit(SHOWN)
        )
        if step is not None:
            query = query.where(Entry.step == step)
        now = self._clock.now()
        return [
            Waiting(
                item.public_id,
                item.title if can_open else "",
                item.process_title,
                entry.step,
                holder,
                department or "",
                entry.arrived_at,
                int((now - entry.arrived_at).total_seconds()) // 60,
                self._working.minutes_between(entry.arrived_at, now),
                is_late=entry.due_at is not None and entry.due_at < now,
                can_open=can_open,
            )
            for item, entry, holder, department, can_open in self._session.execute(query)
        ]


def _waits(scope: Scope, process: str) -> list[ColumnElement[bool]]:
    conditions = [
        Entry.state == EntryState.OPEN,
        Entry.box == Box.TO_DO,
        Item.status == ItemStatus.RUNNING,
    ]
    if process:
        conditions.append(Item.process_key == process)
    if scope.departments is not None:
        conditions.append(Item.department_id.in_(scope.departments))
    return conditions


def factory(context: object, request: Request) -> StuckService:
    return StuckService(request.db, request.clock, request.service(WorkingTime), request.service(Looker))
