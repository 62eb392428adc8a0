"""Errors of the system are records: one a minute of each kind, with a count, whenever the database lets us."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import event, exc, select
from sqlalchemy.orm import Session

from xinglin.audit.faults import RECORDED, Fault, FaultRecorder
from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database
from xinglin.testing.clock import FrozenClock

PATIENCE = 30.0
JOB = Fault("news.remind", "job.failed", "job", "news.remind", "ValueError")


@pytest.fixture
def recorder(database: Database, clock: FrozenClock, keyring: Keyring) -> FaultRecorder:
    return FaultRecorder(database, clock, keyring)


def records(database: Database, keyring: Keyring) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    with database.read_session() as session:
        for row in session.scalars(select(AuditRecord).order_by(AuditRecord.id)):
            yield row.action, row.object_id, row.result, json.loads(details_of(row, keyring))["after"]


def test_an_error_each_second_for_an_hour_is_one_record_a_minute(
    recorder: FaultRecorder, database: Database, clock: FrozenClock, keyring: Keyring
) -> None:
    for _ in range(3600):
        recorder.note(JOB, "the mail server is away")
        recorder.flush()
        clock.advance(seconds=1)
    recorder.flush(at_once=True)
    found = list(records(database, keyring))
    assert len(found) <= 61
    assert sum(int(after["count"]) for *_rest, after in found) == 3600
    assert found[0][:3] == ("job.failed", "news.remind", "error")
    assert found[0][3]["message"] == "the mail server is away"


def test_the_first_of_each_kind_is_written_at_once_and_the_rest_after_a_minute(
    recorder: FaultRecorder, database: Database, clock: FrozenClock, keyring: Keyring
) -> None:
    began: datetime = clock.now()
    recorder.note(JOB)
    assert recorder.flush() == 1
    recorder.note(JOB)
    recorder.note(Fault("news.remind", "job.failed", "job", "news.remind", "KeyError"))
    assert recorder.flush() == 1
    clock.advance(seconds=61)
    assert recorder.flush() == 1
    assert [after["error"] for *_rest, after in records(database, keyring)] == [
        "ValueError",
        "KeyError",
        "ValueError",
    ]
    with database.read_session() as session:
        assert {row.at for row in session.scalars(select(AuditRecord))} == {began}


def test_errors_while_the_database_is_away_are_written_when_it_is_back(
    recorder: FaultRecorder, database: Database, keyring: Keyring
) -> None:
    def refuse(*_arguments: object) -> None:
        raise exc.OperationalError("COMMIT", {}, ConnectionError("server closed the connection"))

    recorder.note(JOB)
    event.listen(Session, "before_commit", refuse)
    try:
        assert recorder.flush() == 0
    finally:
        event.remove(Session, "before_commit", refuse)
    recorder.note(JOB)
    assert recorder.flush() == 1
    assert [after["count"] for *_rest, after in records(database, keyring)] == [2]


def test_what_a_process_logs_as_an_error_becomes_a_record(
    recorder: FaultRecorder, database: Database, keyring: Keyring
) -> None:
    logger, pause = logging.getLogger("xinglin.kernel.somewhere"), threading.Event()
    with recorder.listening("worker"):
        for number in range(3):
            logger.error("request %s cannot reach the database", number)
        logger.error("recorded elsewhere", extra=RECORDED)
        logger.warning("no error")
        until = time.monotonic() + PATIENCE
        while not list(records(database, keyring)) and time.monotonic() < until:
            pause.wait(0.05)
        seen = list(records(database, keyring))
        assert seen, "the thread wrote nothing"
    found = list(records(database, keyring))
    assert {(action, object_id) for action, object_id, *_rest in found} == {
        ("system.error", "xinglin.kernel.somewhere")
    }
    assert sum(int(after["count"]) for *_rest, after in found) == 3
    assert found[0][3]["message"] == "request 0 cannot reach the database"
    logger.error("nobody listens any more")
    recorder.flush(at_once=True)
    assert len(list(records(database, keyring))) == len(found)
