"""Acts in the OA: written down before the call, called once, verified by reading when the answer is lost."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from xinglin.api.people import Person
from xinglin.api.services import Clock, DomainError
from xinglin_documents.models import Box, Entry, EntryState, Item, OutsideAct, OutsideOutcome
from xinglin_documents.service.connectors.errors import (
    AlreadyHandled,
    OutcomeUnknown,
    SourceDown,
    StillChecked,
)
from xinglin_documents.service.connectors.transactions import Transactions, Writing
from xinglin_documents.service.outside.mirror import end
from xinglin_documents.service.port import DocumentSource, SourceAct, SourceDocument, Wish

GRACE = timedelta(minutes=2)
"""How long a call whose answer was lost may still be at work in the OA."""
DECIDING = frozenset({SourceAct.APPROVE, SourceAct.RETURN})
NOT_DONE = "not carried out"
PENDING = (OutsideOutcome.CALLING, OutsideOutcome.UNKNOWN)


class Acting:
    """Acts of persons in one source."""

    def __init__(
        self, source: DocumentSource, transactions: Transactions, clock: Clock, zone: ZoneInfo
    ) -> None:
        self._source = source
        self._transactions = transactions
        self._clock = clock
        self._zone = zone

    def act(self, person_id: int, item: Item, wish: Wish) -> None:
        """Do it, once. Raises `AlreadyHandled`, `ActRefused`, `OutcomeUnknown`, `StillChecked`, `SourceDown`."""
        shown = self._source.show(person_id, item)
        self.settle_all(person_id, item.external_id, shown)
        visit = _visit(shown, wish)
        known = self._find(person_id, item.external_id, wish.node, visit)
        if known is not None and known.outcome in PENDING:
            raise StillChecked
        if (known is not None and known.outcome == OutsideOutcome.DONE) or not _is_offered(shown, wish):
            raise self._handled(shown)
        number = self._claim(person_id, item, wish, visit)
        try:
            self._source.act(person_id, item, wish)
        except OutcomeUnknown:
            self._lost(number, person_id, item)
        except DomainError as error:
            self._close(number, OutsideOutcome.REFUSED, type(error).__name__)
            raise self._handled(shown) if isinstance(error, AlreadyHandled) else error from None
        else:
            self._close(number, OutsideOutcome.DONE, "")

    def settle_all(self, person_id: int, external_id: str, shown: SourceDocument) -> None:
        """Look up what became of this person's pending acts on a document, by what the OA shows of it now."""
        query = select(OutsideAct).where(
            OutsideAct.source == self._source.name,
            OutsideAct.person_id == person_id,
            OutsideAct.external_id == external_id,
            OutsideAct.outcome.in_(PENDING),
        )
        with self._transactions.reading() as session:
            rows = list(session.scalars(query))
            name = session.scalar(select(Person.name).where(Person.id == person_id)) if rows else ""
            found = [(row.id, self._outcome(row, shown, name or "")) for row in rows]
        for number, outcome in found:
            if outcome is not None:
                self._close(number, outcome, NOT_DONE if outcome is OutsideOutcome.REFUSED else "")

    def verify(self, number: int) -> bool:
        """Look one pending act up in the OA; whether its outcome is known now. Raises `SourceDown`."""
        with self._transactions.reading() as session:
            row = session.get(OutsideAct, number)
            if row is None or row.outcome not in PENDING:
                return True
            query = select(Item).where(Item.source == row.source, Item.external_id == row.external_id)
            item, person_id = session.scalar(query), row.person_id
            if item is None:
                return False
            session.expunge(item)
        self.settle_all(person_id, item.external_id, self._source.show(person_id, item))
        with self._transactions.reading() as session:
            row = session.get(OutsideAct, number)
            return row is None or row.outcome not in PENDING

    def pending(self, most: int) -> list[int]:
        """Acts whose outcome is to be looked up, the oldest first."""
        query = (
            select(OutsideAct.id)
            .where(OutsideAct.source == self._source.name, OutsideAct.outcome.in_(PENDING))
            .order_by(OutsideAct.asked_at)
            .limit(most)
        )
        with self._transactions.reading() as session:
            return list(session.scalars(query))

    def _lost(self, number: int, person_id: int, item: Item) -> None:
        """The answer is lost: perhaps the OA shows already that it was done."""
        with self._transactions.writing() as writing:
            row = writing.session.get_one(OutsideAct, number)
            row.outcome = OutsideOutcome.UNKNOWN
            writing.audit.record(
                "documents.oa_act", "document", item.public_id, after={"act": row.act}, result="unknown"
            )
        try:
            shown = self._source.show(person_id, item)
        except SourceDown:
            raise OutcomeUnknown from None
        self.settle_all(person_id, item.external_id, shown)
        with self._transactions.reading() as session:
            if session.get_one(OutsideAct, number).outcome != OutsideOutcome.DONE:
                raise OutcomeUnknown

    def _outcome(self, row: OutsideAct, shown: SourceDocument, name: str) -> OutsideOutcome | None:
        """None while it cannot be known."""
        if row.act in {act.value for act in DECIDING}:
            lies_there = shown.node == row.node and shown.visit == row.visit
            is_done = not (lies_there and any(one.act.value == row.act for one in shown.actions))
        else:
            since = row.asked_at - timedelta(minutes=5)
            opinion = (row.remark or "").strip()
            lines = [line for line in shown.history if line.at >= since and line.person == name]
            is_done = any(line.opinion == opinion for line in lines)
        if is_done:
            return OutsideOutcome.DONE
        return OutsideOutcome.REFUSED if self._clock.now() - row.asked_at > GRACE else None

    def _find(self, person_id: int, external_id: str, node: str, visit: str) -> OutsideAct | None:
        query = select(OutsideAct).where(
            OutsideAct.source == self._source.name,
            OutsideAct.external_id == external_id,
            OutsideAct.person_id == person_id,
            OutsideAct.node == node,
            OutsideAct.visit == visit,
        )
        with self._transactions.reading() as session:
            return session.scalar(query)

    def _claim(self, person_id: int, item: Item, wish: Wish, visit: str) -> int:
        """The row of this act, committed: whoever comes second finds it."""
        now = self._clock.now()
        values: dict[str, object] = {
            "act": wish.act.value,
            "outcome": OutsideOutcome.CALLING,
            "asked_at": now,
            "answer": "",
        }
        known = self._find(person_id, item.external_id, wish.node, visit)
        try:
            with self._transactions.writing() as writing:
                if known is not None:
                    return self._claim_again(writing, known.id, values)
                row = OutsideAct(
                    source=self._source.name,
                    external_id=item.external_id,
                    person_id=person_id,
                    node=wish.node,
                    visit=visit,
                    **values,
                )
                row.remark = wish.opinion
                writing.session.add(row)
                writing.session.flush()
                return row.id
        except IntegrityError:
            raise StillChecked from None

    def _claim_again(self, writing: Writing, number: int, values: dict[str, object]) -> int:
        """What the OA refused may be asked again."""
        again = (
            update(OutsideAct)
            .where(OutsideAct.id == number, OutsideAct.outcome == OutsideOutcome.REFUSED)
            .values(**values, settled_at=None)
        )
        if not writing.session.connection().execute(again).rowcount:
            raise StillChecked
        return number

    def _close(self, number: int, outcome: OutsideOutcome, answer: str) -> None:
        with self._transactions.writing() as writing:
            row = writing.session.get_one(OutsideAct, number, with_for_update=True)
            if row.outcome not in PENDING:
                return
            now = self._clock.now()
            row.outcome, row.answer, row.settled_at = outcome, answer[:255], now
            item = writing.session.scalar(
                select(Item).where(Item.source == row.source, Item.external_id == row.external_id)
            )
            if item is None:
                return
            if outcome is OutsideOutcome.DONE:
                self._end_entry(writing, row, item, now)
            facts = {"act": row.act, "node": row.node, "source": row.source}
            writing.audit.record(
                "documents.oa_act",
                "document",
                item.public_id,
                after=facts,
                result="ok" if outcome is OutsideOutcome.DONE else "refused",
            )

    def _end_entry(self, writing: Writing, row: OutsideAct, item: Item, now: datetime) -> None:
        item.changed_at = now
        if row.act not in {act.value for act in DECIDING}:
            return
        query = select(Entry).where(
            Entry.item_id == item.id,
            Entry.person_id == row.person_id,
            Entry.box == Box.TO_DO,
            Entry.state == EntryState.OPEN,
        )
        for entry in writing.session.scalars(query).all():
            end(writing.session, entry, EntryState.DONE, now)
            entry.act, entry.acted_by_id = row.act, row.person_id

    def _handled(self, shown: SourceDocument) -> AlreadyHandled:
        last = shown.history[-1] if shown.history else None
        if last is None:
            return AlreadyHandled()
        return AlreadyHandled(last.person, last.at.astimezone(self._zone).strftime("%H:%M"))


def _is_offered(shown: SourceDocument, wish: Wish) -> bool:
    is_offered = any(action.act is wish.act for action in shown.actions)
    return is_offered and (wish.act not in DECIDING or shown.node == wish.node)


def _visit(shown: SourceDocument, wish: Wish) -> str:
    """A decision is made once a visit; a comment or a forward once with the same words to the same persons."""
    if wish.act in DECIDING:
        return shown.visit
    words = f"{wish.opinion}\0{sorted(wish.persons)}"
    return f"{wish.act}:{hashlib.sha256(words.encode()).hexdigest()[:40]}"
