"""The circuit of a source: after some failures in a row the OA is left alone for a while, by all processes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from xinglin.api.services import Clock
from xinglin_documents.models import OutsideSource
from xinglin_documents.service.connectors.errors import CallFailed, SourceDown, Trouble
from xinglin_documents.service.connectors.transactions import Transactions

MOST_FAILURES = 3
PAUSE = timedelta(seconds=30)
PROBE = timedelta(seconds=10)
FAILURES = "failures"


@dataclass(frozen=True)
class SourceState:
    """How a source is. `known_at`: when it last gave a list; `failure` is empty while it is well."""

    known_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str = ""
    open_until: datetime | None = None
    failures: int = 0


class Breaker:
    """Its state is the row of the source, so that each process and a restart know it."""

    def __init__(self, name: str, transactions: Transactions, clock: Clock, zone: ZoneInfo) -> None:
        self._name = name
        self._transactions = transactions
        self._clock = clock
        self._zone = zone

    def state(self) -> SourceState:
        query = select(OutsideSource).where(OutsideSource.name == self._name)
        with self._transactions.reading() as session:
            row = session.scalar(query)
            if row is None:
                return SourceState()
            failures = int(row.marks.get(FAILURES, 0))
            return SourceState(row.known_at, row.failed_at, row.failure, row.open_until, failures)

    def is_open(self) -> bool:
        """Whether the OA is left alone now."""
        until = self.state().open_until
        return until is not None and until > self._clock.now()

    def check(self) -> None:
        """Raise `SourceDown` while it is open. When its time is over, one caller at a time may try."""
        state, now = self.state(), self._clock.now()
        if state.open_until is None:
            return
        if state.open_until > now or not self._claim_probe(state.open_until, now):
            raise self.down(Trouble.DOWN)

    def well(self) -> None:
        """A call came through."""
        state = self.state()
        if not state.failures and not state.failure:
            return
        with self._transactions.writing() as writing:
            row = writing.session.get(OutsideSource, self._name)
            if row is not None:
                row.failure, row.open_until = "", None
                row.marks = {**row.marks, FAILURES: 0}
                writing.audit.record("documents.oa_well", "outside_source", self._name)

    def ill(self, error: CallFailed) -> SourceDown:
        """A call failed; the sentence for the person who waits."""
        now = self._clock.now()
        with self._transactions.writing() as writing:
            row = writing.session.get(OutsideSource, self._name, with_for_update=True)
            if row is None:
                row = OutsideSource(name=self._name, marks={})
                writing.session.add(row)
            failures = int(row.marks.get(FAILURES, 0)) + 1
            row.failed_at, row.failure = now, str(error)[:255]
            row.marks = {**row.marks, FAILURES: failures}
            if failures >= MOST_FAILURES:
                row.open_until = now + PAUSE
                if failures == MOST_FAILURES:
                    facts = {"failure": row.failure}
                    writing.audit.record(
                        "documents.oa_down", "outside_source", self._name, after=facts, result="error"
                    )
        return self.down(error.trouble)

    def down(self, trouble: Trouble) -> SourceDown:
        known = self.state().known_at
        return SourceDown(trouble, known.astimezone(self._zone).strftime("%H:%M") if known else "")

    def _claim_probe(self, seen: datetime, now: datetime) -> bool:
        claim = (
            update(OutsideSource)
            .where(OutsideSource.name == self._name, OutsideSource.open_until == seen)
            .values(open_until=now + PROBE)
        )
        with self._transactions.writing() as writing:
            return bool(writing.session.connection().execute(claim).rowcount)
