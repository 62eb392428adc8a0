"""The inbox of one person over all sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.db import ask
from xinglin.api.people import Person
from xinglin_documents.models import Box, Entry
from xinglin_documents.service.inbox import lists
from xinglin_documents.service.inbox.seeing import Looker
from xinglin_documents.service.inbox.values import Line, ListedEntry, ListedItem, Page, Tab, Wanted

LAST_PAGE = 100_000
_WIDTH = len(ListedItem._fields)


class InboxService:
    """Reads only. What a list shows and what its count says come from the same conditions.

    Made for one page: it counts once, and does not see what is done afterwards.
    """

    def __init__(self, session: Session, looker: Looker, page_size: int) -> None:
        self._session = session
        self._looker = looker
        self._page_size = page_size
        self._counted: Mapping[Tab, int] = {}

    def counts(self) -> Mapping[Tab, int]:
        """How many documents are in each list, in one query."""
        if not self._counted:
            rows = ask(self._session, lists.counts(self._looker), looker=self._looker.person_id)
            self._counted = {Tab(row.tab): row.number for row in rows}
        return self._counted

    def page(self, wanted: Wanted) -> Page:
        """One page of a list, with how many the whole list has."""
        number = min(max(wanted.page, 1), LAST_PAGE)
        start = (number - 1) * self._page_size
        facts = {"looker": self._looker.person_id, "most": self._page_size + 1, "start": start}
        rows = ask(self._session, lists.page(self._looker, wanted), **facts).all()
        count = self._count(wanted)
        found = [(ListedItem(*row[:_WIDTH]), ListedEntry(*row[_WIDTH:])) for row in rows[: self._page_size]]
        return Page(self._lines(found), count, has_more=len(rows) > self._page_size)

    def _count(self, wanted: Wanted) -> int:
        if not lists.is_narrowed(wanted):
            return self.counts()[wanted.tab]
        return self._session.scalar(lists.count(self._looker, wanted)) or 0

    def _lines(self, rows: Sequence[tuple[ListedItem, ListedEntry]]) -> list[Line]:
        principals = self._principals([entry for _item, entry in rows if entry.box == Box.DONE_FOR])
        persons = {
            entry.id: principals.get((entry.item_id, entry.task), entry.person_id) for _item, entry in rows
        }
        names = self._names(set(persons.values()) - {self._looker.person_id})
        return [Line(item, entry, names.get(persons[entry.id], "")) for item, entry in rows]

    def _principals(self, entries: Sequence[ListedEntry]) -> Mapping[tuple[int, str], int]:
        """Whose tasks these were which she did for others, by document and task."""
        if not entries:
            return {}
        query = select(Entry.item_id, Entry.task, Entry.person_id).where(
            Entry.item_id.in_({one.item_id for one in entries}),
            Entry.task.in_({one.task for one in entries}),
            Entry.box == Box.TO_DO,
        )
        return {(item, task): person for item, task, person in self._session.execute(query)}

    def _names(self, person_ids: set[int]) -> Mapping[int, str]:
        if not person_ids:
            return {}
        rows = self._session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids)))
        return {key: name for key, name in rows}  # noqa: C416 - a Row is not typed as a pair


def factory(context: object, request: Request) -> InboxService:
    page_size = request.plugins.settings_of("documents").page_size
    return InboxService(request.db, request.service(Looker), page_size)
