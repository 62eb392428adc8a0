"""The OA behind as pages use it: `refresh`, `as_of`, `show`, `act`, and what may be started there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pyramid.request import Request
from sqlalchemy import select

from xinglin.api.files import StoredFile
from xinglin.api.services import Clock, DomainError, NotFound
from xinglin_documents.models import Box, Entry, EntryState, Item, OutsideUser
from xinglin_documents.schemas import DocumentsSettings
from xinglin_documents.service.connectors.breaker import Breaker, SourceState
from xinglin_documents.service.connectors.errors import NotKnownThere, SourceDown
from xinglin_documents.service.connectors.sources import password_of, source_of
from xinglin_documents.service.connectors.transactions import OfRequest, Transactions
from xinglin_documents.service.outside.acting import Acting
from xinglin_documents.service.outside.creating import Creating
from xinglin_documents.service.outside.files import FetchedFiles
from xinglin_documents.service.outside.mirror import end
from xinglin_documents.service.outside.syncing import Syncing
from xinglin_documents.service.port import (
    Capability,
    DocumentSource,
    SourceAct,
    SourceDocument,
    Template,
    Wish,
)


class OutsideService:
    """For one person. Without an OA every list is empty, and nothing else is there.

    Its methods use short transactions of their own: a view that posts to it has the option `writes=False`.
    """

    def __init__(
        self,
        source: DocumentSource | None,
        transactions: Transactions,
        clock: Clock,
        zone: ZoneInfo,
        refresh_after: timedelta,
        person_id: int,
        hours: str = DocumentsSettings.working_hours,
    ) -> None:
        self._source = source
        self._transactions = transactions
        self._clock = clock
        self._zone = zone
        self._refresh_after = refresh_after
        self._person_id = person_id
        self._hours = hours

    @property
    def name(self) -> str:
        """`Item.source` of its documents; empty when there is no OA behind."""
        return self._source.name if self._source is not None else ""

    def state(self) -> SourceState:
        """How the OA is, for the page that says so."""
        return self._breaker().state() if self._source is not None else SourceState()

    def as_of(self, person_id: int | None = None) -> datetime | None:
        """When this person's lists were last read; None: never, or there is no OA."""
        if self._source is None:
            return None
        query = select(OutsideUser.known_at).where(
            OutsideUser.source == self.name, OutsideUser.person_id == (person_id or self._person_id)
        )
        with self._transactions.reading() as session:
            return session.scalar(query)

    def refresh(self, person_id: int | None = None) -> bool:
        """Read the lists anew when they are old and the OA answers. Whether they are fresh now; never raises for the OA."""
        person_id = person_id or self._person_id
        if self._source is None:
            return True
        known = self.as_of(person_id)
        if known is not None and self._clock.now() - known < self._refresh_after:
            return True
        if self._breaker().is_open():
            return False
        try:
            syncing = Syncing(self._source, self._transactions, self._clock, self._zone, self._hours)
            syncing.sync(person_id)
        except SourceDown:
            return False
        except NotKnownThere:
            return True
        return True

    def show(self, item: Item) -> SourceDocument:
        """The document as the OA shows it to this person now; what she was to read is read by that. Raises `SourceDown`."""
        source = self._of(item)
        entries = self._entries(item)
        shown = source.show(self._person_id, item)
        Acting(source, self._transactions, self._clock, self._zone).settle_all(
            self._person_id, item.external_id, shown
        )
        if any(entry.read_at is None and entry.state == EntryState.OPEN for entry in entries):
            self._mark_read(source, item)
        return shown

    def act(self, item: Item, wish: Wish) -> None:
        """Do it in the OA, once. Raises `AlreadyHandled`, `ActRefused`, `OutcomeUnknown`, `StillChecked`, `SourceDown`."""
        source = self._of(item)
        self._entries(item)
        if wish.act is SourceAct.MARK_READ:
            self._mark_read(source, item)
            return
        Acting(source, self._transactions, self._clock, self._zone).act(self._person_id, item, wish)

    @property
    def can_create(self) -> bool:
        """Whether documents can be started there from here."""
        return self._source is not None and Capability.CREATE in self._source.capabilities

    def templates(self) -> Sequence[Template]:
        """What this person may start in the OA."""
        if self._source is None or not self.can_create:
            return ()
        return self._source.templates(self._person_id)

    def new_form(self, template: str) -> SourceDocument:
        """The empty form. Raises `NotFound`, `SourceDown`."""
        return self._must(Capability.CREATE).new_form(self._person_id, template)

    def create(self, template: str, title: str, values: Mapping[str, str]) -> Item:
        """Start a document there, once."""
        source = self._must(Capability.CREATE)
        creating = Creating(source, self._transactions, self._clock, self._zone)
        return creating.create(self._person_id, template, title, values)

    def file(self, item: Item, external_id: str) -> StoredFile:
        """Our copy of one of its files, for `xinglin.api.files.file_path`."""
        source = self._of(item)
        self._entries(item)
        if Capability.FILES not in source.capabilities:
            raise NotFound("")
        return FetchedFiles(source, self._transactions, self._clock).fetch(self._person_id, item, external_id)

    def find(self, item_public_id: str) -> Item:
        """An item of the OA that is, or was, in a box of this person. Raises `NotFound`."""
        query = select(Item).where(Item.public_id == item_public_id, Item.source == self.name)
        with self._transactions.reading() as session:
            item = session.scalar(query)
        if item is None or not self.name:
            raise NotFound("")
        self._entries(item)
        return item

    def _of(self, item: Item) -> DocumentSource:
        if self._source is None or item.source != self._source.name:
            raise NotFound("")
        return self._source

    def _must(self, capability: Capability) -> DocumentSource:
        if self._source is None or capability not in self._source.capabilities:
            raise NotFound("")
        return self._source

    def _entries(self, item: Item) -> list[Entry]:
        query = select(Entry).where(Entry.item_id == item.id, Entry.person_id == self._person_id)
        with self._transactions.reading() as session:
            entries = list(session.scalars(query))
        if not entries:
            raise NotFound("")
        return entries

    def _mark_read(self, source: DocumentSource, item: Item) -> None:
        """Reading is noted here in any case; an OA that cannot note it now lists the document once more."""
        if Capability.READ_MARK in source.capabilities:
            wish = Wish(SourceAct.MARK_READ, "")
            try:
                source.act(self._person_id, item, wish)
            except DomainError:
                return
        now = self._clock.now()
        with self._transactions.writing() as writing:
            query = select(Entry).where(
                Entry.item_id == item.id, Entry.person_id == self._person_id, Entry.state == EntryState.OPEN
            )
            for entry in writing.session.scalars(query).all():
                entry.read_at = entry.read_at or now
                if entry.box == Box.TO_READ:
                    end(writing.session, entry, EntryState.DONE, now)
            writing.push.mark_opened(item.public_id, self._person_id)
            writing.audit.record("documents.oa_read", "document", item.public_id)

    def _breaker(self) -> Breaker:
        return Breaker(self.name, self._transactions, self._clock, self._zone)


def factory(context: object, request: Request) -> OutsideService:
    settings: DocumentsSettings = request.plugins.settings_of("documents")
    transactions = OfRequest(request)
    zone = request.settings.zone
    source = source_of(settings, transactions, request.clock, zone, password_of(settings, request.settings))
    person_id, hours = request.identity.id, settings.working_hours
    return OutsideService(source, transactions, request.clock, zone, settings.oa_refresh, person_id, hours)
