"""Every committed event reaches every plugin once; one that fails is told again, the others are not."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select
from tests.conftest import Vendor

from xinglin.bus import telling
from xinglin.bus.models import EventTold, OutboxEvent
from xinglin.bus.service import publish
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database
from xinglin.kernel.ini import IniFile
from xinglin.kernel.plugins import load
from xinglin.kernel.worker import WorkerContext
from xinglin.testing.clock import FrozenClock
from xinglin.types import Event

LISTENER = """
HEARD = []
FAILS = []

@hookimpl
def xinglin_on_event(event, session):
    HEARD.append(event)
    if FAILS:
        raise ValueError(FAILS[0])
"""
WRITER = """
from xinglin.api.bus import publish

@hookimpl
def xinglin_on_event(event, session):
    publish(session, Event("gamma.heard", "twice", event.at))
    session.flush()
    raise ValueError("after writing")
"""


@pytest.fixture
def context(vendor: Vendor, database: Database, clock: FrozenClock, keyring: Keyring) -> WorkerContext:
    """A worker with two plugins that listen."""
    for name in ("alpha", "beta"):
        vendor.install(name, LISTENER)
    return worker_context(database, clock, keyring, "alpha", "beta")


def worker_context(database: Database, clock: FrozenClock, keyring: Keyring, *names: str) -> WorkerContext:
    nothing = cast("Any", None)
    found = load(names, IniFile(Path("site.ini")), {})
    return WorkerContext(database, clock, keyring, nothing, found, nothing)


def heard(context: WorkerContext, name: str) -> list[str]:
    return [event.subject_id for event in context.plugins.plugins[name].module.HEARD]


def fail(context: WorkerContext, name: str, *reasons: str) -> None:
    context.plugins.plugins[name].module.FAILS[:] = reasons


def happen(context: WorkerContext, *subjects: str) -> None:
    with context.database.session() as session:
        for subject in subjects:
            publish(session, Event("core.person_left", subject, context.clock.now(), {"person_id": 7}))


def row_of(context: WorkerContext) -> OutboxEvent:
    with context.database.read_session() as session:
        return session.scalars(select(OutboxEvent)).one()


def test_an_event_is_told_once_to_each(context: WorkerContext, clock: FrozenClock) -> None:
    happen(context, "p-1", "p-2")
    assert telling.run_once(context) == 2
    clock.advance(days=1)
    assert telling.run_once(context) == 0
    assert heard(context, "alpha") == heard(context, "beta") == ["p-1", "p-2"]
    event = context.plugins.plugins["alpha"].module.HEARD[0]
    assert event == Event("core.person_left", "p-1", clock.now() - timedelta(days=1), {"person_id": 7})


def test_an_act_that_is_undone_is_not_told(context: WorkerContext) -> None:
    def act() -> None:
        with context.database.session() as session:
            publish(session, Event("core.person_left", "p-1", context.clock.now()))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert telling.run_once(context) == 0
    assert heard(context, "alpha") == []


def test_one_that_fails_is_told_again_without_telling_the_others(
    context: WorkerContext, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    happen(context, "p-1")
    fail(context, "alpha", "not today")
    telling.run_once(context)
    assert "plugin alpha failed on the event core.person_left" in caplog.text
    assert telling.run_once(context) == 0, "it is not tried again at once"
    fail(context, "alpha")
    clock.advance(seconds=3)
    assert telling.run_once(context) == 1
    assert heard(context, "alpha") == ["p-1", "p-1"]
    assert heard(context, "beta") == ["p-1"]
    assert row_of(context).told_at == clock.now()


def test_what_a_failing_one_wrote_is_undone(
    vendor: Vendor, database: Database, clock: FrozenClock, keyring: Keyring
) -> None:
    vendor.install("gamma", WRITER)
    context = worker_context(database, clock, keyring, "gamma")
    happen(context, "p-1")
    telling.run_once(context)
    assert row_of(context).subject_id == "p-1"
    with database.read_session() as session:
        assert list(session.scalars(select(EventTold.plugin))) == []


def test_after_ten_attempts_it_is_given_up_loudly(
    context: WorkerContext, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    happen(context, "p-1")
    fail(context, "beta", "never")
    for _attempt in range(12):
        telling.run_once(context)
        clock.advance(hours=1)
    assert len(heard(context, "beta")) == 10
    assert len(heard(context, "alpha")) == 1
    assert "event core.person_left" in caplog.text
    assert "was given up for beta" in caplog.text


def test_a_hook_may_take_only_the_event(
    vendor: Vendor, database: Database, clock: FrozenClock, keyring: Keyring
) -> None:
    vendor.install("gamma", "HEARD = []\n@hookimpl\ndef xinglin_on_event(event): HEARD.append(event)")
    context = worker_context(database, clock, keyring, "gamma")
    happen(context, "p-1")
    telling.run_once(context)
    assert heard(context, "gamma") == ["p-1"]


def test_two_workers_tell_it_once(context: WorkerContext) -> None:
    happen(context, *(f"p-{number}" for number in range(20)))
    together = threading.Barrier(2)

    def work() -> None:
        together.wait()
        while telling.run_once(context):
            pass

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(heard(context, "alpha")) == sorted(f"p-{number}" for number in range(20))
