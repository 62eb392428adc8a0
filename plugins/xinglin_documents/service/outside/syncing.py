"""Reading a person's lists from the OA: counts first, then only what changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from xinglin.api.services import Clock
from xinglin_documents import push
from xinglin_documents.models import Box, Entry, Item, OutsideSource, OutsideUser
from xinglin_documents.service.connectors.transactions import Transactions, Writing
from xinglin_documents.service.outside.mirror import OPEN_BOXES, Looked, Mirror
from xinglin_documents.service.port import DocumentSource, ListedItem, SourceBox
from xinglin_documents.service.time.working import WorkingTime

LOOK_AFTER = timedelta(minutes=15)
"""How long equal counts are taken for equal lists when the clock asks, not a person."""
MOST_PAGES, HISTORY_PAGES = 20, 4
"""Of what is open everything is mirrored, up to a thousand; of the past the newest two hundred."""


class Syncing:
    """The OA is asked outside of any transaction; what it said is written in one. `hours`: as in the settings."""

    def __init__(
        self,
        source: DocumentSource,
        transactions: Transactions,
        clock: Clock,
        zone: ZoneInfo,
        hours: str,
    ) -> None:
        self._source = source
        self._transactions = transactions
        self._clock = clock
        self._hours = hours
        self._zone = zone

    def sync(self, person_id: int, *, is_quick: bool = False) -> int:
        """Read the lists of one person; the number of documents that came. Raises `SourceDown`, `NotKnownThere`.

        `is_quick`: while the counts are the same, the lists are not read for a quarter of an hour.
        """
        began = self._clock.now()
        counts = self._source.counts(person_id)
        before, ours = self._known(person_id)
        if is_quick and self._is_same(person_id, counts, ours, began):
            self._note_counted(person_id, began)
            return 0
        looked = {
            box: self._look(person_id, box, count, ours.get(OPEN_BOXES[box], set()))
            for box, count in counts.items()
            if box in OPEN_BOXES
        }
        for box in (SourceBox.DONE, SourceBox.STARTED):
            if box in counts and (before is None or before.get(box.value) != counts[box]):
                looked[box] = self._look_back(person_id, box)
        with self._transactions.writing() as writing:
            return self._write(writing, person_id, looked, counts, began)

    def _known(self, person_id: int) -> tuple[Mapping[str, int] | None, Mapping[Box, set[str]]]:
        """The counts of the last time, None at the first; and what lies open."""
        name = self._source.name
        with self._transactions.reading() as session:
            user = session.get(OutsideUser, (name, person_id))
            mirror = Mirror(session, name, person_id, self._clock.now())
            ours = {box: mirror.open_ids(box) for box in OPEN_BOXES.values()}
            return (user.counts if user is not None and user.known_at else None), ours

    def _is_same(
        self, person_id: int, counts: Mapping[SourceBox, int], ours: Mapping[Box, set[str]], now: datetime
    ) -> bool:
        with self._transactions.reading() as session:
            user = session.get(OutsideUser, (self._source.name, person_id))
            if user is None or user.known_at is None or user.looked_at is None:
                return False
            is_late = now - user.looked_at >= LOOK_AFTER
            is_counted = user.counts == {box.value: count for box, count in counts.items()}
        is_ours = all(len(ours[OPEN_BOXES[box]]) == counts[box] for box in OPEN_BOXES if box in counts)
        return is_counted and is_ours and not is_late

    def _note_counted(self, person_id: int, began: datetime) -> None:
        name = self._source.name
        with self._transactions.writing() as writing:
            user = writing.session.get(OutsideUser, (name, person_id), with_for_update=True)
            if user is not None and user.known_at is not None:
                user.known_at = user.asked_at = began
            self._note_source(writing, began)

    def _look(self, person_id: int, box: SourceBox, count: int, ours: set[str]) -> Looked:
        """The first page; the others only when it shows that something came or went."""
        if not count:
            return Looked((), is_whole=True)
        lines = self._page(person_id, box, 1)
        is_same = count == len(ours) and {line.external_id for line in lines} <= ours
        page = 1
        while not is_same and len(lines) < count and page < MOST_PAGES:
            page += 1
            more = self._page(person_id, box, page)
            if not more:
                break
            lines += more
        found = {line.external_id: line for line in lines}
        return Looked(list(found.values()), is_whole=not is_same and len(found) >= count)

    def _look_back(self, person_id: int, box: SourceBox) -> Looked:
        lines: list[ListedItem] = []
        for page in range(1, HISTORY_PAGES + 1):
            more = self._page(person_id, box, page)
            lines += more
            if not more:
                break
        return Looked(lines, is_whole=False)

    def _page(self, person_id: int, box: SourceBox, page: int) -> list[ListedItem]:
        return list(self._source.list(person_id, box, page=page))

    def _write(
        self,
        writing: Writing,
        person_id: int,
        looked: Mapping[SourceBox, Looked],
        counts: Mapping[SourceBox, int],
        began: datetime,
    ) -> int:
        session, name = writing.session, self._source.name
        user = session.get(OutsideUser, (name, person_id), with_for_update=True)  # one writer for a person
        before = user.known_at if user is not None else None
        working = WorkingTime.of(session, self._hours, self._zone)
        mirror = Mirror(session, name, person_id, began, before=before, working=working)
        fresh = mirror.take(looked)
        if user is not None:
            if user.known_at is not None:
                for entry in fresh:
                    tell(writing, entry)
            user.known_at = user.looked_at = user.asked_at = began
            user.counts = {box.value: count for box, count in counts.items()}
        self._note_source(writing, began)
        return len(fresh)

    def _note_source(self, writing: Writing, began: datetime) -> None:
        row = writing.session.get(OutsideSource, self._source.name)
        if row is None:
            writing.session.add(OutsideSource(name=self._source.name, marks={}, known_at=began))
        else:
            row.known_at = began


def tell(writing: Writing, entry: Entry) -> None:
    """The message that a document came. The OA keeps no degree of secrecy that we could know."""
    item = writing.session.get_one(Item, entry.item_id)
    kind = push.TO_DO if entry.box == Box.TO_DO else push.TO_READ
    parts = [part for part in (item.process_title, item.starter_name, entry.step) if part]
    writing.push.enqueue(
        kind,
        item.public_id,
        [entry.person_id],
        title=item.title,
        description=" · ".join(parts),
        path=f"/documents/items/{item.public_id}",
        dedupe_key=f"{kind}:{item.public_id}:{entry.person_id}:{entry.task}",
    )
