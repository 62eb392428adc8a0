"""The way of a document: who, when, how long each step held it, and where it waits now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.files import StoredFile
from xinglin.api.people import Department, Membership, Person
from xinglin_documents.models import Box, Entry, EntryState, FlowEvent, Signature
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import START
from xinglin_documents.service.flow.change import step_title
from xinglin_documents.service.flow.seams import WorkingTime
from xinglin_documents.service.flow.values import Shown, Step

CHUNK = 1000
ADDRESSED = frozenset(
    {Act.TRANSFER, Act.DELEGATE, Act.ADD_BEFORE, Act.ADD_AFTER, Act.ESCALATE, Act.REMOVE_SIGNER}
)
"""Acts whose new tasks are for persons that somebody chose; those of other acts follow from the process."""
MOST_NAMES = 50


class Timeline:
    """Built from the events; entries say when a task arrived and whether it was opened."""

    def __init__(self, session: Session, working: WorkingTime, now: datetime) -> None:
        self._session = session
        self._working = working
        self._now = now
        self._names: dict[int, str] = {}
        self._departments: dict[int, str] = {}

    def of(self, shown: Shown) -> tuple[Step, ...]:
        """Oldest first; what waits now comes last."""
        item_id = shown.item.id
        query = select(FlowEvent).where(FlowEvent.instance_id == item_id).order_by(FlowEvent.sequence)
        events = self._session.scalars(query).all()
        query_entries = select(Entry).where(Entry.item_id == item_id, Entry.box == Box.TO_DO)
        entries = self._session.scalars(query_entries.order_by(Entry.arrived_at, Entry.id)).all()
        self._learn(events, entries)
        signatures = self._signatures(item_id)
        by_task = {entry.task: entry for entry in entries}
        done = (self._done(shown, event, by_task, signatures) for event in events)
        waiting = (self._waiting(shown, entry) for entry in entries if entry.state == EntryState.OPEN)
        return (*done, *waiting)

    def _done(
        self,
        shown: Shown,
        event: FlowEvent,
        by_task: Mapping[str, Entry],
        signatures: Mapping[int, str],
    ) -> Step:
        entry = by_task.get(str(event.task)) if event.task else None
        arrived = entry.arrived_at if entry else None
        node = event.node or (START if event.act == Act.START else "")
        to = _returned_to(event)
        return Step(
            node=node,
            title=step_title(shown.definition, node) if node else "",
            person_name=self._names.get(event.actor_id or 0, ""),
            department_name=self._departments.get(event.actor_id or 0, ""),
            act=Act(event.act),
            arrived_at=arrived,
            at=event.at,
            held=_minutes(arrived, event.at),
            held_working=self._working.minutes_between(arrived, event.at) if arrived else None,
            opinion=event.opinion or "",
            for_name=self._names.get(event.for_id or 0, ""),
            to_names=tuple(self._names.get(one, "") for one in _addressed(event)),
            to_title=step_title(shown.definition, to) if to else "",
            by_clock=event.actor_id is None,
            event_id=event.public_id,
            signature_file=signatures.get(event.id, ""),
        )

    def _waiting(self, shown: Shown, entry: Entry) -> Step:
        return Step(
            node=entry.node,
            title=step_title(shown.definition, entry.node),
            person_name=self._names.get(entry.person_id, ""),
            department_name=self._departments.get(entry.person_id, ""),
            act=None,
            arrived_at=entry.arrived_at,
            at=None,
            held=_minutes(entry.arrived_at, self._now),
            held_working=self._working.minutes_between(entry.arrived_at, self._now),
            is_waiting=True,
            is_read=entry.read_at is not None,
        )

    def _learn(self, events: Iterable[FlowEvent], entries: Iterable[Entry]) -> None:
        """The names of all who appear, in one query for a thousand."""
        ids = {one for event in events for one in (event.actor_id, event.for_id, *_addressed(event)) if one}
        ids |= {entry.person_id for entry in entries if entry.state == EntryState.OPEN}
        wanted = sorted(ids)
        for start in range(0, len(wanted), CHUNK):
            rows = self._session.execute(
                select(Person.id, Person.name, Department.name)
                .outerjoin(Membership, (Membership.person_id == Person.id) & Membership.is_primary.is_(True))
                .outerjoin(Department, Department.id == Membership.department_id)
                .where(Person.id.in_(wanted[start : start + CHUNK]))
            )
            for key, name, department in rows:
                self._names[key], self._departments[key] = name, department or ""

    def _signatures(self, item_id: int) -> Mapping[int, str]:
        rows = self._session.execute(
            select(Signature.event_id, StoredFile.public_id)
            .join(FlowEvent, FlowEvent.id == Signature.event_id)
            .join(StoredFile, StoredFile.id == Signature.file_id)
            .where(FlowEvent.instance_id == item_id)
        )
        return {event_id: public_id for event_id, public_id in rows}  # noqa: C416 - a Row is no pair


def _addressed(event: FlowEvent) -> list[int]:
    return list(dict.fromkeys(_persons(event)))[:MOST_NAMES]


def _persons(event: FlowEvent) -> Iterator[int]:
    for effect in event.effects:
        if effect["do"] == "sent":
            yield from effect["persons"]
        elif effect["do"] == "opened" and event.act in ADDRESSED:
            yield effect["person"]


def _returned_to(event: FlowEvent) -> str:
    """The node that waits again because of a return."""
    if event.act not in (Act.RETURN, Act.WITHDRAW):
        return ""
    return next((one["node"] for one in event.effects if one["do"] == "entered"), "")


def _minutes(start: datetime | None, end: datetime) -> int | None:
    return int((end - start).total_seconds() // 60) if start else None
