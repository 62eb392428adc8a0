"""Receipts of a distributed document (签收): opened, signed for, and chasing those who have not opened it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pyramid.request import Request
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.i18n import translator
from xinglin.api.people import Department, Person, PersonState
from xinglin.api.push import PushService
from xinglin.api.security import current
from xinglin.types import Clock
from xinglin_documents.models import Box, Distribution, Entry, EntryState, Item, OfficialDocument, Receipt
from xinglin_documents.service.official.distributing import TASK
from xinglin_documents.service.official.errors import OfficialRefused
from xinglin_documents.service.official.telling import tell

_ = translator("documents")
SIGNED = "sign_for"


@dataclass(frozen=True)
class Reader:
    """One person of one distribution."""

    name: str
    opened_at: datetime | None
    signed_at: datetime | None


@dataclass(frozen=True)
class Line:
    """One distribution with its people; `name` of a department or, empty, of the one person."""

    name: str
    is_heads: bool
    sent_at: datetime
    received_at: datetime | None
    readers: list[Reader] = field(default_factory=list)

    @property
    def opened(self) -> int:
        return sum(one.opened_at is not None for one in self.readers)

    @property
    def signed(self) -> int:
        return sum(one.signed_at is not None for one in self.readers)


class ReceiptService:
    """Receipts as the person who looks gives them, and as the office reads them; whether she may is asked before."""

    def __init__(
        self, session: Session, clock: Clock, audit: AuditTrail, push: PushService, person_id: int
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._push = push
        self._person_id = person_id

    def opened(self, item_id: int) -> bool:
        """The person has opened the document; true when that is new."""
        query = (
            update(Receipt)
            .where(
                Receipt.person_id == self._person_id,
                Receipt.opened_at.is_(None),
                Receipt.distribution_id.in_(select(Distribution.id).where(Distribution.item_id == item_id)),
            )
            .values(opened_at=self._clock.now())
            .execution_options(synchronize_session=False)
        )
        return bool(self._session.scalars(query.returning(Receipt.person_id)).all())

    def has_unopened(self, item_id: int) -> bool:
        """Whether `opened` would write something."""
        mine = self._mine(item_id).where(Receipt.opened_at.is_(None))
        return self._session.scalars(mine).first() is not None

    def awaits_signature(self, item_id: int) -> bool:
        """Whether the person got it and has not signed for it."""
        mine = self._mine(item_id).where(Receipt.signed_at.is_(None))
        return self._session.scalars(mine).first() is not None

    def sign(self, item: Item) -> None:
        """Sign for it (签收); again changes nothing. Raises `OfficialRefused` for who did not get it."""
        receipts = self._session.scalars(self._mine(item.id).with_for_update()).all()
        if not receipts:
            raise OfficialRefused(_("This document was not distributed to you."), status=404)
        now, open_ones = self._clock.now(), [one for one in receipts if one.signed_at is None]
        if not open_ones:
            return
        for receipt in open_ones:
            receipt.opened_at, receipt.signed_at = receipt.opened_at or now, now
            self._receive(receipt.distribution_id, now)
        self._close_entry(item, now)
        self._session.flush()
        self._audit.record("documents.sign_for", "document", item.public_id)

    def lines(self, item: Item) -> Sequence[Line]:
        """Who got it, with what became of it; in the order in which it was sent."""
        query = (
            select(Distribution, Department.name)
            .outerjoin(Department, Department.id == Distribution.department_id)
            .where(Distribution.item_id == item.id)
            .order_by(Distribution.id)
        )
        lines = {
            row.id: Line(name or "", row.is_heads, row.sent_at, row.received_at)
            for row, name in self._session.execute(query)
        }
        people = (
            select(Receipt.distribution_id, Person.name, Receipt.opened_at, Receipt.signed_at)
            .join(Person, Person.id == Receipt.person_id)
            .where(Receipt.distribution_id.in_(lines))
            .order_by(Person.pinyin, Person.id)
        )
        for distribution_id, name, opened_at, signed_at in self._session.execute(people):
            lines[distribution_id].readers.append(Reader(name, opened_at, signed_at))
        return list(lines.values())

    def chase(self, item: Item, day: str) -> int:
        """Remind those who have not opened it, at most once on the local day `day`; how many. Raises `OfficialRefused`."""
        document = self._session.get_one(OfficialDocument, item.id, with_for_update=True)
        unread = self._session.scalars(
            select(Receipt.person_id)
            .join(Distribution, Distribution.id == Receipt.distribution_id)
            .join(Person, Person.id == Receipt.person_id)
            .where(
                Distribution.item_id == item.id,
                Receipt.opened_at.is_(None),
                Person.state == PersonState.ACTIVE,
            )
            .distinct()
        ).all()
        if not unread:
            raise OfficialRefused(_("Everybody has opened it already."))
        key = f"documents.chase:{item.id}:{day}"
        if document.chased_on == day:
            raise OfficialRefused(
                _("The unread were reminded today already."), _("They can be reminded again tomorrow.")
            )
        document.chased_on = day
        tell(self._push, item, unread, key)
        self._audit.record("documents.chase", "document", item.public_id, after={"persons": len(unread)})
        return len(unread)

    def _close_entry(self, item: Item, now: datetime) -> None:
        entry = self._session.scalar(
            select(Entry).where(
                Entry.item_id == item.id,
                Entry.person_id == self._person_id,
                Entry.box == Box.TO_READ,
                Entry.task == TASK,
                Entry.state == EntryState.OPEN,
            )
        )
        if entry is None:
            return
        self._session.execute(
            update(Entry)
            .where(
                Entry.item_id == item.id,
                Entry.person_id == self._person_id,
                Entry.box == Box.TO_READ,
                Entry.state == EntryState.DONE,
            )
            .values(is_latest=False)
        )
        entry.state, entry.done_at, entry.act = EntryState.DONE, now, SIGNED
        entry.read_at, entry.is_latest = entry.read_at or now, True

    def _receive(self, distribution_id: int, now: datetime) -> None:
        distribution = self._session.get_one(Distribution, distribution_id)
        if distribution.received_at is None:
            distribution.received_at, distribution.received_by_id = now, self._person_id

    def _mine(self, item_id: int) -> Select[Receipt]:
        return (
            select(Receipt)
            .join(Distribution, Distribution.id == Receipt.distribution_id)
            .where(Distribution.item_id == item_id, Receipt.person_id == self._person_id)
        )


def factory(context: object, request: Request) -> ReceiptService:
    return ReceiptService(
        request.db, request.clock, request.audit, request.service(PushService), current(request).id
    )
