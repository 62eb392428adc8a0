"""What the OA lists of a person, kept as items and entries: the inbox counts what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from xinglin.api.people import Membership, Person
from xinglin_documents.models import TITLE_LENGTH, Box, Entry, EntryState, Item, ItemStatus, OutsideUser
from xinglin_documents.service.port import ListedItem, SourceBox
from xinglin_documents.service.time.working import WorkingTime

SHORT = 64
NARROW = timedelta(minutes=10)
"""Two looks at most so far apart tell when something was done; after a longer time nobody knows."""
OF_OA = "oa:"
OPEN_BOXES: Mapping[SourceBox, Box] = {SourceBox.TO_DO: Box.TO_DO, SourceBox.TO_READ: Box.TO_READ}


@dataclass(frozen=True)
class Looked:
    """What was read of one list. `is_whole`: no page is missing, so that what is not in it is gone."""

    lines: Sequence[ListedItem]
    is_whole: bool


class Mirror:
    """The entries of one person from one source, inside a transaction.

    `began`: when the OA was asked; `before`: when it was asked the last time. A moment that the OA does not tell is
    not made up: it stays empty, and the board leaves it out. `working` measures documents that are over.
    """

    def __init__(
        self,
        session: Session,
        source: str,
        person_id: int,
        began: datetime,
        *,
        before: datetime | None = None,
        working: WorkingTime | None = None,
    ) -> None:
        self._session = session
        self._source = source
        self._person_id = person_id
        self._began = began
        self._seen_at = began if before is not None and began - before <= NARROW else None
        self._working = working
        self._starters: dict[str, int | None] = {}

    def take(self, looked: Mapping[SourceBox, Looked]) -> list[Entry]:
        """Make ours equal to what was read; the entries in 待办 and 待阅 that are new."""
        done = looked.get(SourceBox.DONE, Looked((), is_whole=False))
        done_lines = {line.external_id: line for line in done.lines}
        fresh: list[Entry] = []
        for box, of_ours in OPEN_BOXES.items():
            if box in looked:
                fresh += self._take_open(of_ours, looked[box], done_lines)
        for line in done.lines:
            self._take_done(line)
        for line in looked.get(SourceBox.STARTED, Looked((), is_whole=False)).lines:
            self._take_started(line)
        return fresh

    def open_ids(self, box: Box) -> set[str]:
        """External ids of what lies open in this box."""
        return set(self._open(box))

    def receive(self, box: Box, line: ListedItem) -> Entry | None:
        """One document that came to this person; its entry when that is new."""
        return self._receive(box, line, self._open(box).get(line.external_id))

    def close(self, box: Box, external_id: str, state: EntryState) -> None:
        """It does not lie in this box any more."""
        entry = self._open(box).get(external_id)
        if entry is not None:
            end(self._session, entry, state, self._began)

    def _take_open(self, box: Box, looked: Looked, done: Mapping[str, ListedItem]) -> Iterable[Entry]:
        known = self._open(box)
        new = [self._receive(box, line, known.get(line.external_id)) for line in looked.lines]
        if looked.is_whole:
            listed = {line.external_id for line in looked.lines}
            for external_id, entry in known.items():
                # What a message brought while the OA was being asked is newer than its answer.
                if external_id not in listed and entry.item.changed_at <= self._began:
                    is_done = box is Box.TO_READ or external_id in done
                    at = self._done_at(done.get(external_id), entry.arrived_at) or self._seen_at
                    end(self._session, entry, EntryState.DONE if is_done else EntryState.GONE, at)
        return [entry for entry in new if entry is not None]

    def _receive(self, box: Box, line: ListedItem, known: Entry | None) -> Entry | None:
        item = self._item(line)
        if known is not None:
            known.step, known.node = line.step[:SHORT], line.node[:SHORT]
            known.arrived_at = max(known.arrived_at, line.arrived_at)
            return None
        entry = self._entry(item, box, task_of(line))
        is_new = entry.id is None
        entry.state, entry.done_at, entry.act = EntryState.OPEN, None, ""
        entry.arrived_at, entry.step, entry.node = line.arrived_at, line.step[:SHORT], line.node[:SHORT]
        entry.sender_name = line.starter_name[:SHORT]
        if line.is_read:
            entry.read_at = entry.read_at or self._began
        self._session.flush()
        return entry if is_new else None

    def _take_done(self, line: ListedItem) -> None:
        item = self._item(line)
        query = select(Entry.id).where(
            Entry.item_id == item.id,
            Entry.person_id == self._person_id,
            Entry.box == Box.TO_DO,
            Entry.state == EntryState.DONE,
        )
        if self._session.scalar(query.limit(1)) is not None:
            return
        if line.external_id in self._open(Box.TO_DO):
            return  # it came back to her: it is done no more
        entry = self._entry(item, Box.TO_DO, task_of(line))
        entry.arrived_at, entry.step, entry.node = line.arrived_at, line.step[:SHORT], line.node[:SHORT]
        end(self._session, entry, EntryState.DONE, self._done_at(line, line.arrived_at))

    def _take_started(self, line: ListedItem) -> None:
        item = self._item(line)
        self._started_by(item, self._person_id)
        entry = self._entry(item, Box.STARTED, "")
        entry.state, entry.arrived_at = EntryState.OPEN, line.started_at
        self._session.flush()

    def _done_at(self, line: ListedItem | None, arrived: datetime) -> datetime | None:
        """The moment of the last act on the document, if that was hers on what came to her then."""
        if line is None or line.operated_at is None or line.operated_at < arrived:
            return None
        person = self._session.get_one(Person, self._person_id)
        return line.operated_at if line.operated_by == person.name else None

    def _open(self, box: Box) -> dict[str, Entry]:
        query = (
            select(Item.external_id, Entry)
            .join(Item, Item.id == Entry.item_id)
            .where(
                Entry.person_id == self._person_id,
                Entry.box == box,
                Entry.state == EntryState.OPEN,
                Item.source == self._source,
            )
        )
        return dict(self._session.execute(query).all())

    def _item(self, line: ListedItem) -> Item:
        query = select(Item).where(Item.source == self._source, Item.external_id == line.external_id)
        item = self._session.scalar(query)
        if item is None:
            item = self._new_item(line)
            if item is None:  # another reader of the same list was faster
                item = self._session.scalars(query).one()
        item.title, item.step = line.title[:TITLE_LENGTH], line.step[:SHORT]
        item.urgency = line.urgency
        item.status = ItemStatus.COMPLETED if line.is_over else ItemStatus.RUNNING
        self._measure(item, line)
        item.process_title = item.process_title or line.process_title[:SHORT]
        item.process_key = item.process_key or process_key(line)
        if item.starter_id is None:
            self._started_by(item, line.starter_id or self._person_of(line.starter_user))
        return item

    def _measure(self, item: Item, line: ListedItem) -> None:
        """Its end, when the OA tells it, and the working minutes until then."""
        if not line.is_over:
            item.ended_at = item.working_minutes = None
        elif item.ended_at is None and line.operated_at is not None and line.operated_at >= item.started_at:
            item.ended_at = line.operated_at
            if self._working is not None:
                item.working_minutes = self._working.minutes_between(item.started_at, item.ended_at)

    def _started_by(self, item: Item, person_id: int | None) -> None:
        if person_id is None or item.starter_id == person_id:
            return
        query = select(Membership.department_id).where(
            Membership.person_id == person_id, Membership.is_primary
        )
        item.starter_id, item.department_id = person_id, self._session.scalar(query)

    def _person_of(self, user: str) -> int | None:
        """Our person for a user of the OA, when she was looked up already."""
        if user and user not in self._starters:
            query = select(OutsideUser.person_id).where(
                OutsideUser.source == self._source, OutsideUser.oa_user_id == user
            )
            self._starters[user] = self._session.scalar(query)
        return self._starters.get(user)

    def _new_item(self, line: ListedItem) -> Item | None:
        item = Item(
            source=self._source,
            external_id=line.external_id,
            process_title=line.process_title[:SHORT],
            title=line.title[:TITLE_LENGTH],
            starter_name=line.starter_name[:SHORT],
            started_at=line.started_at,
            changed_at=self._began,
        )
        try:
            with self._session.begin_nested():
                self._session.add(item)
        except IntegrityError:
            return None
        return item

    def _entry(self, item: Item, box: Box, task: str) -> Entry:
        query = select(Entry).where(
            Entry.item_id == item.id,
            Entry.person_id == self._person_id,
            Entry.box == box,
            Entry.task == task,
        )
        entry = self._session.scalar(query)
        if entry is None:
            entry = Entry(item_id=item.id, person_id=self._person_id, box=box, task=task)
            entry.arrived_at = self._began
            self._session.add(entry)
        return entry


def end(session: Session, entry: Entry, state: EntryState, at: datetime | None) -> None:
    """Close an entry, at a moment that may be unknown; among the done ones of a document the last is listed."""
    if state is EntryState.DONE:
        query = select(Entry).where(
            Entry.item_id == entry.item_id,
            Entry.person_id == entry.person_id,
            Entry.box == entry.box,
            Entry.state == EntryState.DONE,
        )
        for earlier in session.scalars(query):
            earlier.is_latest = False
        if entry.box == Box.TO_READ:
            entry.read_at = entry.read_at or at
    entry.state, entry.done_at, entry.is_latest = state, at, True
    session.flush()


def process_key(line: ListedItem) -> str:
    """The type of a document of an OA: messages tell its name only, so that comes before its number."""
    name = line.process_title or line.process
    return f"{OF_OA}{name}"[:SHORT] if name else ""


def task_of(line: ListedItem) -> str:
    """What tells one visit of a document to a person from the next."""
    return line.arrived_at.strftime("%Y-%m-%dT%H:%M:%S")
