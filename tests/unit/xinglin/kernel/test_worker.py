"""Jobs by the clock: each is run once whoever comes first, failed ones are noted, and a killed worker holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from pyramid_retry import mark_error_retryable
from sqlalchemy import exc, select, text

from xinglin.audit.models import AuditRecord
from xinglin.crypto.service import Keyring
from xinglin.kernel import worker
from xinglin.kernel.db import Database
from xinglin.kernel.ini import IniFile
from xinglin.kernel.jobs_models import JobRun
from xinglin.kernel.plugins import PluginSet, load
from xinglin.kernel.worker import WorkerContext, run_due_jobs
from xinglin.testing.clock import FrozenClock
from xinglin.types import Job, JobContext

EVERY = timedelta(hours=1)
NOTHING = cast("Any", None)
Run = Callable[[JobContext], None]


@pytest.fixture
def context(
    database: Database, clock: FrozenClock, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> WorkerContext:
    """A worker without the core's own jobs."""
    monkeypatch.setattr(worker, "CORE_JOBS", ())
    found = load((), IniFile(Path("site.ini")), {})
    return WorkerContext(database, clock, keyring, NOTHING, found, NOTHING)


def with_jobs(context: WorkerContext, **jobs: Run) -> WorkerContext:
    made = tuple(("alpha", Job(name, run, EVERY)) for name, run in jobs.items())
    found = PluginSet(context.plugins.manager, {}, jobs=made)
    return WorkerContext(context.database, context.clock, context.keyring, NOTHING, found, NOTHING)


def row(context: WorkerContext, name: str) -> JobRun:
    with context.database.read_session() as session:
        found = session.get_one(JobRun, name)
        session.expunge(found)
    return found


def test_a_job_runs_at_once_and_then_so_often(context: WorkerContext, clock: FrozenClock) -> None:
    runs = []
    context = with_jobs(context, clean=lambda job: runs.append(job.clock.now()))
    began = clock.now()
    for _quarter in range(9):
        run_due_jobs(context)
        clock.advance(minutes=15)
    assert runs == [began, began + EVERY, began + 2 * EVERY]
    assert row(context, "alpha.clean").last_finished_at == began + 2 * EVERY


def test_what_a_job_does_is_kept_with_its_audit(context: WorkerContext) -> None:
    context = with_jobs(context, clean=lambda job: job.audit.record("alpha.cleaned", after={"rows": 3}))
    assert run_due_jobs(context) == 1
    assert run_due_jobs(context) == 0
    with context.database.read_session() as session:
        record = session.scalars(select(AuditRecord)).one()
    assert (record.action, record.actor_kind, record.actor_name) == ("alpha.cleaned", "system", "alpha.clean")


class TestAJobThatFails:
    @staticmethod
    def fail(job: JobContext) -> None:
        job.audit.record("alpha.half_done")
        job.session.flush()
        raise ValueError("no luck")

    def test_is_noted_and_undone_and_the_others_run(
        self, context: WorkerContext, caplog: pytest.LogCaptureFixture
    ) -> None:
        runs: list[int] = []
        context = with_jobs(context, broken=self.fail, well=lambda _job: runs.append(1))
        assert run_due_jobs(context) == 2
        assert runs == [1]
        assert row(context, "alpha.broken").last_error == "ValueError: no luck"
        assert "job alpha.broken failed; it runs again at its next time" in caplog.text
        with context.database.read_session() as session:
            assert list(session.scalars(select(AuditRecord.action))) == ["job.failed"]

    def test_runs_again_at_its_next_time(self, context: WorkerContext, clock: FrozenClock) -> None:
        turns: list[int] = []

        def second_time_lucky(job: JobContext) -> None:
            turns.append(1)
            if len(turns) == 1:
                self.fail(job)

        context = with_jobs(context, broken=second_time_lucky)
        run_due_jobs(context)
        assert run_due_jobs(context) == 0, "not at once"
        clock.advance(hours=1)
        assert run_due_jobs(context) == 1
        assert (row(context, "alpha.broken").last_error, len(turns)) == ("", 2)

    def test_by_ending_the_program_ends_itself_only(self, context: WorkerContext) -> None:
        runs: list[int] = []
        context = with_jobs(context, broken=lambda _job: sys.exit(3), well=lambda _job: runs.append(1))
        assert run_due_jobs(context) == 2
        assert runs == [1]
        assert row(context, "alpha.broken").last_error == "SystemExit: 3"

    def test_with_a_wrong_statement_does_not_hold_up_the_others(self, context: WorkerContext) -> None:
        runs: list[int] = []
        context = with_jobs(
            context,
            broken=lambda job: job.session.execute(text("SELECT nothing FROM nowhere")),
            well=lambda _job: runs.append(1),
        )
        run_due_jobs(context)
        assert runs == [1]
        assert "nowhere" in row(context, "alpha.broken").last_error


def test_a_lost_database_is_not_the_job_s_fault(context: WorkerContext, clock: FrozenClock) -> None:
    runs: list[int] = []

    def lose_it(job: JobContext) -> None:
        runs.append(1)
        if len(runs) == 1:
            error = exc.OperationalError("SELECT", {}, ConnectionError("server closed the connection"))
            mark_error_retryable(error)
            raise error

    context = with_jobs(context, clean=lose_it)
    with pytest.raises(exc.OperationalError):
        run_due_jobs(context)
    assert run_due_jobs(context) == 1, "as soon as the database is back"
    assert row(context, "alpha.clean").last_error == ""


@pytest.mark.parametrize("is_first_time", [True, False])
def test_two_workers_run_it_once(context: WorkerContext, clock: FrozenClock, is_first_time: bool) -> None:
    runs: list[str] = []
    together = threading.Barrier(2, timeout=10)
    context = with_jobs(context, clean=lambda _job: runs.append(threading.current_thread().name))
    if not is_first_time:
        run_due_jobs(context)
        clock.advance(hours=2)
        runs.clear()

    def work() -> None:
        together.wait()
        run_due_jobs(context)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(runs) == 1
    assert row(context, "alpha.clean").last_error == ""
    with context.database.read_session() as session:
        assert list(session.scalars(select(AuditRecord.action))) == []


KILLED = """
import os, sys
from datetime import UTC, datetime, timedelta
from xinglin.kernel import tables
from xinglin.kernel.db import Database
from xinglin.kernel.worker import _claim
from xinglin.testing.clock import FrozenClock
from xinglin.types import Job

database = Database(sys.argv[1])
with database.session() as session:
    clock = FrozenClock(datetime.fromisoformat(sys.argv[2]))
    assert _claim(session, "alpha.clean", Job("clean", print, timedelta(hours=1)), clock)
    session.flush()
    print("claimed", flush=True)
    sys.stdin.read()
"""


def test_a_worker_that_is_killed_holds_nothing(context: WorkerContext, clock: FrozenClock) -> None:
    runs: list[int] = []
    context = with_jobs(context, clean=lambda _job: runs.append(1))
    url = context.database.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", KILLED, url, clock.now().isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "claimed\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    assert run_due_jobs(context) == 1
    assert runs == [1]
