"""Who is who in the OA: found by staff number, kept, and never taken from a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from xinglin.api.people import Person, PersonState
from xinglin.api.services import Clock
from xinglin_documents.models import Entry, EntryState, Item, OutsideUser
from xinglin_documents.service.connectors.errors import NotKnownThere
from xinglin_documents.service.connectors.transactions import Transactions

AGAIN = timedelta(days=1)
"""How long it is believed whom the OA knows, and by which id."""


class UserBook:
    """`find(staff_no)` asks the OA: its id for that person, or None."""

    def __init__(
        self, source: str, transactions: Transactions, clock: Clock, find: Callable[[str], str | None]
    ) -> None:
        self._source = source
        self._transactions = transactions
        self._clock = clock
        self._find = find

    def id_of(self, person_id: int) -> str:
        """Her id there. It is asked for again each day, and at once when her staff number is another one.

        Raises `NotKnownThere`, `SourceDown`.
        """
        now = self._clock.now()
        with self._transactions.reading() as session:
            known = session.get(OutsideUser, (self._source, person_id))
            staff_no = _staff_no(session, person_id)
            if known is not None and known.staff_no == staff_no and now - known.found_at < AGAIN:
                if known.oa_user_id is None:
                    raise NotKnownThere
                return known.oa_user_id
        found = self._find(staff_no) if staff_no else None
        if found is not None:
            self._free(found, person_id)
        # Another person may be bound to it, or another request of hers keep the same, at this moment.
        with suppress(IntegrityError):
            self._keep(person_id, staff_no, found)
        if found is None:
            raise NotKnownThere
        with self._transactions.reading() as session:
            if session.scalar(self._holder(found)) != person_id:
                raise NotKnownThere(is_taken=True)
        return found

    def ids_of(self, person_ids: Iterable[int]) -> list[str]:
        return [self.id_of(person_id) for person_id in person_ids]

    def persons_of(self, staff_numbers: Iterable[str]) -> Mapping[str, int]:
        """Active persons by their staff numbers."""
        query = select(Person.staff_no, Person.id).where(
            Person.staff_no.in_(list(staff_numbers)), Person.state == PersonState.ACTIVE
        )
        with self._transactions.reading() as session:
            return dict(session.execute(query).all())

    def _holder(self, oa_user_id: str) -> Select[int]:
        return select(OutsideUser.person_id).where(
            OutsideUser.source == self._source, OutsideUser.oa_user_id == oa_user_id
        )

    def _free(self, found: str, person_id: int) -> None:
        """When another person holds this user: ask for her anew, and let it go if it is hers no more.

        Raises `NotKnownThere` when it is still hers, `SourceDown`.
        """
        with self._transactions.reading() as session:
            other = session.scalar(self._holder(found))
            staff_no = _staff_no(session, other) if other not in (None, person_id) else ""
        if other is None or other == person_id:
            return
        if staff_no and self._find(staff_no) == found:
            raise NotKnownThere(is_taken=True)
        self._keep(other, "", None)  # without a staff number it is looked up at its next use

    def _keep(self, person_id: int, staff_no: str, found: str | None) -> None:
        now = self._clock.now()
        with self._transactions.writing() as writing:
            row = writing.session.get(OutsideUser, (self._source, person_id), with_for_update=True)
            if row is None:
                row = OutsideUser(source=self._source, person_id=person_id, counts={})
                writing.session.add(row)
            if row.oa_user_id != found or row.found_at is None:
                facts = {"found": found is not None}
                writing.audit.record("documents.oa_find", "outside_user", person_id, after=facts)
            if row.oa_user_id not in (None, found):
                _forget(writing.session, row)
            row.oa_user_id, row.staff_no, row.found_at = found, staff_no, now


def _staff_no(session: Session, person_id: int) -> str:
    """Empty for who does not work here any more."""
    query = select(Person.staff_no).where(Person.id == person_id, Person.state == PersonState.ACTIVE)
    return session.scalar(query) or ""


def _forget(session: Session, row: OutsideUser) -> None:
    """The lists of another user of the OA are not hers: what is hers comes with the next reading."""
    row.known_at = row.looked_at = row.asked_at = None
    row.counts = {}
    of_source = select(Item.id).where(Item.source == row.source)
    session.execute(
        update(Entry)
        .where(Entry.person_id == row.person_id, Entry.item_id.in_(of_source))
        .values(state=EntryState.GONE)
    )
    session.execute(
        update(Item)
        .where(Item.source == row.source, Item.starter_id == row.person_id)
        .values(starter_id=None, department_id=None)
    )
