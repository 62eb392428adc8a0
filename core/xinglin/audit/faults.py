"""Errors of the system as records: each kind of error at most once a minute, with a count; kept while the database is away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from xinglin.audit.service import Act, Actor, row_of, write
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database
from xinglin.types import Clock

EVERY = timedelta(minutes=1)
FLUSH_SECONDS = 1.0
MESSAGE_LENGTH = 500
RECORDED = {"is_recorded": True}
"""`extra` of a line in the log whose error has a record of its own."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fault:
    """A kind of error: those that are equal are counted together. `source` names the process or job."""

    source: str
    action: str
    object_kind: str
    object_id: str
    error: str


@dataclass
class _Counted:
    """What came since the last record of a kind; `message` is that of the first."""

    message: str
    first_at: datetime
    last_at: datetime
    count: int = 0
    written_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        return self.count > 0 and (self.written_at is None or now - self.written_at >= EVERY)

    def is_over(self, now: datetime) -> bool:
        return self.count == 0 and self.written_at is not None and now - self.written_at >= EVERY


class FaultRecorder:
    """Counts errors, from any thread, and writes what is due when `flush` is called."""

    def __init__(self, database: Database, clock: Clock, keyring: Keyring) -> None:
        self._database = database
        self._clock = clock
        self._keyring = keyring
        self._counted: dict[Fault, _Counted] = {}
        self._lock, self._flushing = threading.Lock(), threading.Lock()

    def note(self, fault: Fault, message: str = "") -> None:
        """Count it. Neither waits nor fails."""
        now = self._clock.now()
        with self._lock:
            counted = self._counted.setdefault(fault, _Counted(message[:MESSAGE_LENGTH], now, now))
            if counted.count == 0:
                counted.message, counted.first_at = message[:MESSAGE_LENGTH], now
            counted.count, counted.last_at = counted.count + 1, now

    def flush(self, *, at_once: bool = False) -> int:
        """Write a record of each kind that is due, or of all; how many. 0 while the database is away: nothing is lost."""
        with self._flushing:
            return self._flush(at_once=at_once)

    def _flush(self, *, at_once: bool) -> int:
        now = self._clock.now()
        with self._lock:
            self._counted = {fault: one for fault, one in self._counted.items() if not one.is_over(now)}
            chosen = [
                (fault, one, one.count)
                for fault, one in self._counted.items()
                if one.is_due(now) or (at_once and one.count)
            ]
            rows = [self._row(fault, one) for fault, one, _count in chosen]
        if not rows:
            return 0
        try:
            with self._database.session() as session:
                write(session, rows)
        except SQLAlchemyError as error:
            logger.warning("%d records of errors wait for the database: %s", len(rows), type(error).__name__)
            return 0
        with self._lock:
            for _fault, one, count in chosen:
                one.count, one.written_at = one.count - count, now
        return len(rows)

    @contextmanager
    def listening(self, source: str) -> Iterator[None]:
        """While it lasts, every error that the portal logs is noted, and a thread writes what is due."""
        handler, stopped = LoggedErrors(self, source), threading.Event()
        thread = threading.Thread(target=self._run, args=(stopped,), name="audit-faults", daemon=True)
        logging.getLogger().addHandler(handler)
        thread.start()
        try:
            yield
        finally:
            logging.getLogger().removeHandler(handler)
            stopped.set()
            thread.join()
            self.flush(at_once=True)

    def _run(self, stopped: threading.Event) -> None:
        while not stopped.wait(FLUSH_SECONDS):
            self.flush()

    def _row(self, fault: Fault, one: _Counted) -> dict[str, object]:
        after = {"error": fault.error, "count": one.count, "last": one.last_at.isoformat()}
        after |= {"message": one.message} if one.message else {}
        act = Act(fault.action, fault.object_kind, fault.object_id, "error", {"after": after})
        return row_of(Actor.system(fault.source), act, one.first_at, self._keyring)


class LoggedErrors(logging.Handler):
    """Hands each logged error to a recorder; lines that differ only in their values are one kind."""

    def __init__(self, recorder: FaultRecorder, source: str) -> None:
        super().__init__(logging.ERROR)
        self._recorder = recorder
        self._source = source

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "is_recorded", False):
            return
        kind = record.exc_info[0] if record.exc_info else None
        error = f"{kind.__name__}: {record.msg}" if kind else str(record.msg)
        fault = Fault(self._source, "system.error", "log", record.name[-64:], error)
        self._recorder.note(fault, record.getMessage())
