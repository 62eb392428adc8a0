"""Page views: noted at once, written by a thread of their own, kept while the database is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, exc, select
from sqlalchemy.orm import Session

from xinglin.audit.batch import FLUSH_SECONDS, ViewRecorder
from xinglin.audit.models import AuditRecord
from xinglin.audit.service import Actor
from xinglin.audit.verify import BadRecord, verify
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database
from xinglin.testing.clock import FrozenClock

PATIENCE = 30.0
"""Seconds; waiting ends as soon as it is there."""
LI = Actor("person", "p-1", "李护士", session_id="s-1", ip="10.0.0.8")


@pytest.fixture
def recorder(database: Database, clock: FrozenClock, keyring: Keyring) -> Iterator[ViewRecorder]:
    made = ViewRecorder(database, clock, keyring)
    yield made
    made.stop()


def views(database: Database) -> list[AuditRecord]:
    with database.read_session() as session:
        rows = session.scalars(select(AuditRecord).order_by(AuditRecord.id)).all()
        session.expunge_all()
    return list(rows)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < deadline:
        if condition():
            return True
        pause.wait(0.02)
    return condition()


@contextmanager
def outage(database: Database) -> Iterator[None]:
    """Every commit fails as when the server is gone."""

    def refuse(*_arguments: object) -> None:
        raise exc.OperationalError("COMMIT", {}, ConnectionError("server closed the connection"))

    event.listen(Session, "before_commit", refuse)
    yield
    event.remove(Session, "before_commit", refuse)


def test_a_view_becomes_durable_by_itself(
    recorder: ViewRecorder, database: Database, keyring: Keyring
) -> None:
    assert FLUSH_SECONDS < 1
    recorder.note(LI, "notice", "n-1")
    assert wait_until(lambda: len(views(database)) == 1, PATIENCE)
    row = views(database)[0]
    assert (row.action, row.actor_name, row.ip, row.object_id) == ("page.view", "李护士", "10.0.0.8", "n-1")
    with database.read_session() as session:
        assert not [found for found in verify(session, keyring) if isinstance(found, BadRecord)]


def test_an_outage_loses_nothing_and_keeps_the_time_of_the_view(
    recorder: ViewRecorder, database: Database, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xinglin.audit.batch.RETRY_SECONDS", 0.01)
    seen_at = clock.now()
    with outage(database):
        for number in range(3):
            recorder.note(LI, "notice", str(number))
        assert recorder.flush() == 0
        clock.advance(minutes=20)
    assert wait_until(lambda: len(views(database)) == 3, PATIENCE)
    assert sorted(row.object_id for row in views(database)) == ["0", "1", "2"]
    assert {row.at for row in views(database)} == {seen_at}


def test_the_end_of_the_process_writes_all_that_is_left(
    recorder: ViewRecorder, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xinglin.audit.batch.BATCH", 10)
    monkeypatch.setattr("xinglin.audit.batch.FLUSH_SECONDS", 60)
    for number in range(35):
        recorder.note(LI, "notice", str(number))
    recorder.stop()
    assert len(views(database)) == 35


def test_the_end_of_the_process_does_not_wait_for_a_database_that_stays_away(
    recorder: ViewRecorder, database: Database
) -> None:
    recorder.note(LI, "notice", "n-1")
    with outage(database):
        recorder.stop()
    recorder.stop()
    assert len(views(database)) == 1


def test_views_of_many_threads_are_all_there(recorder: ViewRecorder, database: Database) -> None:
    def look(number: int) -> None:
        for page in range(20):
            recorder.note(LI, "notice", f"{number}-{page}")

    threads = [threading.Thread(target=look, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.stop()
    assert len({row.object_id for row in views(database)}) == 100
