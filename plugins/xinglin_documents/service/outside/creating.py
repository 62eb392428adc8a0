"""Starting a document in the OA: written down before the call, looked for among one's own when the answer is lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from xinglin.api.people import Person
from xinglin.api.services import Clock, DomainError, NotFound
from xinglin_documents.models import Item, OutsideAct, OutsideOutcome
from xinglin_documents.service.connectors.errors import AlreadyHandled, OutcomeUnknown, StillChecked
from xinglin_documents.service.connectors.transactions import Transactions
from xinglin_documents.service.outside.mirror import Looked, Mirror
from xinglin_documents.service.port import DocumentSource, ListedItem, SourceBox

CREATE = "create"
CLOCKS_DIFFER = timedelta(minutes=2)


class Creating:
    """The same form with the same words is sent once an hour by one person: a lost answer makes no second document."""

    def __init__(
        self, source: DocumentSource, transactions: Transactions, clock: Clock, zone: ZoneInfo
    ) -> None:
        self._source = source
        self._transactions = transactions
        self._clock = clock
        self._zone = zone

    def create(self, person_id: int, template: str, title: str, values: Mapping[str, str]) -> Item:
        """The item of the new document. Raises `ActRefused`, `OutcomeUnknown`, `StillChecked`, `SourceDown`."""
        asked_at = self._clock.now()
        number = self._claim(person_id, template, title, values, asked_at)
        try:
            external_id = self._source.create(person_id, template, title, values)
        except OutcomeUnknown:
            self._settle(number, OutsideOutcome.UNKNOWN, "")
            external_id = self._look(person_id, title, asked_at)
            if not external_id:
                raise
        except DomainError as error:
            self._settle(number, OutsideOutcome.REFUSED, type(error).__name__)
            raise
        self._settle(number, OutsideOutcome.DONE, external_id)
        return self._keep(person_id, external_id, title)

    def _look(self, person_id: int, title: str, asked_at: datetime) -> str:
        """The id of a document of that title that this person started just now, or empty."""
        for line in self._source.list(person_id, SourceBox.STARTED, page=1):
            if line.title == title and line.started_at >= asked_at - CLOCKS_DIFFER:
                return line.external_id
        return ""

    def _claim(
        self, person_id: int, template: str, title: str, values: Mapping[str, str], now: datetime
    ) -> int:
        words = json.dumps([title, sorted(values.items()), f"{now:%Y-%m-%dT%H}"], ensure_ascii=False)
        visit = hashlib.sha256(words.encode()).hexdigest()
        try:
            with self._transactions.writing() as writing:
                query = select(OutsideAct).where(
                    OutsideAct.source == self._source.name,
                    OutsideAct.external_id == f"new:{template}"[:64],
                    OutsideAct.person_id == person_id,
                    OutsideAct.node == CREATE,
                    OutsideAct.visit == visit,
                )
                known = writing.session.scalar(query.with_for_update())
                if known is not None and known.outcome == OutsideOutcome.DONE:
                    raise AlreadyHandled
                if known is not None and known.outcome != OutsideOutcome.REFUSED:
                    raise StillChecked
                row = known or OutsideAct(
                    source=self._source.name,
                    external_id=f"new:{template}"[:64],
                    person_id=person_id,
                    node=CREATE,
                    visit=visit,
                    act=CREATE,
                )
                row.outcome, row.asked_at = OutsideOutcome.CALLING, now
                row.remark = title
                writing.session.add(row)
                writing.session.flush()
                return row.id
        except IntegrityError:
            raise StillChecked from None

    def _settle(self, number: int, outcome: OutsideOutcome, answer: str) -> None:
        with self._transactions.writing() as writing:
            row = writing.session.get_one(OutsideAct, number, with_for_update=True)
            row.outcome, row.answer = outcome, answer[:255]
            row.settled_at = self._clock.now() if outcome is not OutsideOutcome.UNKNOWN else None
            facts = {"template": row.external_id, "made": answer}
            writing.audit.record(
                "documents.oa_create", "outside_act", number, after=facts, result=outcome.value
            )

    def _keep(self, person_id: int, external_id: str, title: str) -> Item:
        """It stands under 我发起 at once; the next reading of the lists adds what the OA says of it."""
        now, name = self._clock.now(), self._source.name
        with self._transactions.writing() as writing:
            person = writing.session.get(Person, person_id)
            if person is None:
                raise NotFound("")
            line = ListedItem(external_id, title, "", "", person.name, now, now)
            mirror = Mirror(writing.session, name, person_id, now)
            mirror.take({SourceBox.STARTED: Looked([line], is_whole=False)})
            query = select(Item).where(Item.source == name, Item.external_id == external_id)
            return writing.session.scalars(query).one()

    def verify(self, number: int) -> bool:
        """Look a pending start up; whether its outcome is known now."""
        with self._transactions.reading() as session:
            row = session.get_one(OutsideAct, number)
            person_id, title, asked_at = row.person_id, row.remark or "", row.asked_at
        external_id = self._look(person_id, title, asked_at)
        if external_id:
            self._settle(number, OutsideOutcome.DONE, external_id)
            self._keep(person_id, external_id, title)
        elif self._clock.now() - asked_at > CLOCKS_DIFFER:
            self._settle(number, OutsideOutcome.REFUSED, "not carried out")
        else:
            return False
        return True
