"""From states to the inbox: the open entries of an item are always exactly the tasks that wait in its state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from xinglin.api.db import ask
from xinglin_documents.models import Box, Entry, EntryState, ItemStatus, Urgency
from xinglin_documents.service.engine.effects import Became, Handled, Sent
from xinglin_documents.service.engine.state import TaskKind, TaskState
from xinglin_documents.service.flow.change import Change, Waiting, sign_node, step_of, step_title, tasks_of
from xinglin_documents.service.flow.seams import WorkingTime

CHUNK = 1000
HANDLED = (Box.TO_DO, Box.DONE_FOR)
"""What is done in them stands in one list: 已办."""
STATES = {TaskState.OPEN: EntryState.OPEN, TaskState.WAITING: EntryState.WAITING}


@dataclass(frozen=True)
class Projected:
    """What an event did to the inboxes, for messages: who is asked now by node, who no longer, who is to read."""

    asked: dict[str, tuple[int, ...]]
    released: tuple[int, ...]
    readers: tuple[int, ...]


class Projection:
    """Writes entries and the item's columns for lists; the caller holds the lock of the instance."""

    def __init__(self, session: Session, working: WorkingTime) -> None:
        self._session = session
        self._working = working

    def project(self, change: Change) -> Projected:
        before, after = tasks_of(change.before), tasks_of(change.after)
        handled = {one.task: one.act for one in change.all(Handled)}
        gone = [number for number in before if number not in after]
        self._close(change, before, gone, handled)
        asked = [*self._add(change, before, after), *self._turn(change, before, after)]
        readers = self._send(change)
        self._describe(change)
        return Projected(
            _by_node(after[number] for number in asked),
            tuple(before[number].task.person for number in gone),
            readers,
        )

    def note_starter(self, change: Change, person_id: int) -> None:
        """我发起: once, at the start."""
        self._session.add(
            Entry(
                item_id=change.item.id,
                person_id=person_id,
                box=Box.STARTED,
                step="",
                arrived_at=change.at,
                read_at=change.at,
            )
        )

    def _close(
        self, change: Change, before: dict[int, Waiting], gone: Sequence[int], handled: dict[int, str]
    ) -> None:
        done = [number for number in gone if number in handled]
        for entry in [change.entry] if _is_of(change.entry, done) else self._entries(change, done):
            self._finish(change, entry, handled[int(entry.task)])
        others = [str(number) for number in gone if number not in handled]
        for part in _parts(others):
            self._session.execute(
                update(Entry)
                .where(Entry.item_id == change.item.id, Entry.box == Box.TO_DO, Entry.task.in_(part))
                .values(state=EntryState.GONE, done_at=change.at, is_latest=False)
            )

    def _finish(self, change: Change, entry: Entry, act: str) -> None:
        retire(self._session, entry)
        entry.state, entry.act, entry.done_at = EntryState.DONE, act, change.at
        entry.acted_by_id = change.event.actor_id
        entry.working_minutes = self._working.minutes_between(entry.arrived_at, change.at)
        self._note_deputy(change, entry)

    def _add(self, change: Change, before: dict[int, Waiting], after: dict[int, Waiting]) -> Iterator[int]:
        new = [number for number in after if number not in before]
        rows = [self._row(change, number, after[number]) for number in new]
        if rows:
            self._session.connection().execute(_INSERT, rows)
        return (number for number in new if after[number].is_open)

    def _turn(self, change: Change, before: dict[int, Waiting], after: dict[int, Waiting]) -> Iterator[int]:
        """Tasks that were paused, and those whose person's turn it is again: her time begins anew."""
        turned = [
            number for number in after if number in before and after[number].is_open != before[number].is_open
        ]
        for entry in self._entries(change, turned):
            waiting = after[int(entry.task)]
            entry.state = STATES[waiting.task.state]
            if waiting.is_open:
                entry.arrived_at, entry.sender_name = change.at, change.actor_name
                entry.due_at, entry.reminded = self._due(change, waiting), 0
                entry.read_at = None
            else:
                entry.due_at = None
                self._watch(change, entry)
        return (number for number in turned if after[number].is_open)

    def _watch(self, change: Change, entry: Entry) -> None:
        """Whoever waits for others before her follows the document under 跟踪, and so does the deputy who asked them."""
        for person_id in {entry.person_id, change.event.actor_id or entry.person_id}:
            query = select(Entry).where(
                Entry.item_id == entry.item_id, Entry.person_id == person_id, Entry.box == Box.TRACKED
            )
            found = self._session.scalar(query)
            if found is None:
                found = Entry(
                    item_id=entry.item_id, person_id=person_id, box=Box.TRACKED, arrived_at=change.at
                )
                self._session.add(found)
            found.state, found.is_latest = EntryState.OPEN, True

    def _note_deputy(self, change: Change, entry: Entry) -> None:
        """已办 of who acted in another's task."""
        actor = change.event.actor_id
        if actor is None or actor == entry.person_id:
            return
        done = Entry(
            item_id=entry.item_id,
            person_id=actor,
            box=Box.DONE_FOR,
            state=EntryState.DONE,
            rank=entry.rank,
            task=entry.task,
            node=entry.node,
            step=entry.step,
            sender_name=entry.sender_name,
            arrived_at=entry.arrived_at,
            read_at=entry.read_at,
            done_at=change.at,
            act=entry.act,
        )
        self._session.add(done)
        self._session.flush()
        retire(self._session, done)

    def _row(self, change: Change, number: int, waiting: Waiting) -> dict[str, Any]:
        node = sign_node(change.definition, waiting.node)
        is_own = waiting.task.kind is TaskKind.SIGN
        return {
            "item_id": change.item.id,
            "person_id": waiting.task.person,
            "box": Box.TO_DO,
            "state": STATES[waiting.task.state],
            "is_latest": True,
            "rank": Urgency(change.item.urgency).rank,
            "task": str(number),
            "node": waiting.node,
            "step": step_title(change.definition, waiting.node),
            "sender_name": change.actor_name,
            "is_batchable": bool(node and node.is_batchable and is_own),
            "arrived_at": change.at,
            "due_at": self._due(change, waiting) if waiting.is_open else None,
            "act": "",
            "reminded": 0,
        }

    def _due(self, change: Change, waiting: Waiting) -> datetime | None:
        node = sign_node(change.definition, waiting.node)
        deadline = node.deadline if node else None
        return self._working.after(change.at, deadline.minutes) if deadline else None

    def _send(self, change: Change) -> tuple[int, ...]:
        """待阅 for those who have none open of this item."""
        wanted = dict.fromkeys(person for one in change.all(Sent) for person in one.persons)
        nodes = {person: one.node for one in change.all(Sent) for person in one.persons}
        known: set[int] = set()
        for part in _parts(list(wanted)):
            query = select(Entry.person_id).where(
                Entry.item_id == change.item.id,
                Entry.box == Box.TO_READ,
                Entry.state == EntryState.OPEN,
                Entry.person_id.in_(part),
            )
            known.update(self._session.scalars(query))
        readers = tuple(person for person in wanted if person not in known)
        rows = [self._reading(change, person, nodes[person]) for person in readers]
        if rows:
            self._session.connection().execute(_INSERT, rows)
        return readers

    def _reading(self, change: Change, person_id: int, node: str) -> dict[str, Any]:
        return {
            "item_id": change.item.id,
            "person_id": person_id,
            "box": Box.TO_READ,
            "state": EntryState.OPEN,
            "is_latest": True,
            "rank": Urgency(change.item.urgency).rank,
            "task": str(change.event.sequence),
            "node": node,
            "step": step_title(change.definition, node) if node else "",
            "sender_name": change.actor_name,
            "is_batchable": False,
            "arrived_at": change.at,
            "act": "",
            "reminded": 0,
        }

    def _describe(self, change: Change) -> None:
        item = change.item
        item.changed_at = change.at
        item.step = step_of(change.definition, change.after)
        if any(change.all(Became)):
            item.status = ItemStatus(change.after.status.value)
            is_over = change.after.status.is_over
            item.ended_at = change.at if is_over else None
            spent = self._working.minutes_between(item.started_at, change.at) if is_over else None
            item.working_minutes = spent

    def _entries(self, change: Change, numbers: Sequence[int]) -> Iterator[Entry]:
        for part in _parts([str(number) for number in numbers]):
            yield from self._session.scalars(_TASKS, {"item_id": change.item.id, "tasks": part})


def _is_of(entry: Entry | None, tasks: Sequence[int]) -> TypeGuard[Entry]:
    """Whether the one at hand is all that is to be finished."""
    return entry is not None and [entry.task] == [str(one) for one in tasks]


_RETIRE = (
    update(Entry)
    .where(
        Entry.item_id == bindparam("item"),
        Entry.person_id == bindparam("person"),
        Entry.box.in_(bindparam("of_boxes", expanding=True)),
        Entry.state == EntryState.DONE,
        Entry.is_latest.is_(True),
        Entry.id != bindparam("new"),
    )
    .values(is_latest=False)
)
_INSERT = insert(Entry).inline()
_TASKS = select(Entry).where(
    Entry.item_id == bindparam("item_id"),
    Entry.box == Box.TO_DO,
    Entry.task.in_(bindparam("tasks", expanding=True)),
)


def retire(session: Session, entry: Entry) -> None:
    """Older done entries of the same person for the same item and box are not listed any more."""
    boxes = HANDLED if entry.box in HANDLED else (entry.box,)
    ask(session, _RETIRE, item=entry.item_id, person=entry.person_id, of_boxes=boxes, new=entry.id)


def _by_node(waiting: Iterable[Waiting]) -> dict[str, tuple[int, ...]]:
    found: dict[str, dict[int, None]] = {}
    for one in waiting:
        found.setdefault(one.node, {})[one.task.person] = None
    return {node: tuple(persons) for node, persons in found.items()}


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
