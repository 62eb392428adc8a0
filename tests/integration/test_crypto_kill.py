"""Re-keying is killed (-9) in the middle five times; every row is readable at all times and the next run goes on."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from xinglin.crypto.inventory import rows_by_version, sealed_columns
from xinglin.crypto.rekey import Rekeying
from xinglin.crypto.service import Keyring, version_of
from xinglin.kernel import tables
from xinglin.kernel.clock import SystemClock
from xinglin.people.models import Person

KILLS = 5
PERSONS = 900
SLACK = PERSONS // (KILLS + 1) // 2

# Imports once and forks a fresh process for each line, so that a kill costs no second of imports. Having done as many
# rows as the line says it waits for its end: a killer on a busy machine must not come when all is done.
NURSERY = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from xinglin.crypto.inventory import sealed_columns
    from xinglin.crypto.rekey import Rekeying
    from xinglin.crypto.service import Keyring
    from xinglin.kernel import tables
    from xinglin.kernel.db import Database

    url, folder = sys.argv[1:]

    def work(most):
        done = 0

        def count(rows):
            nonlocal done
            done += rows
            if done >= most:
                signal.pause()

        database, keyring = Database(url), Keyring(Path(folder))
        with database.read_session() as session:
            columns = sealed_columns(tables.METADATA, session)
        Rekeying(database, keyring, columns, batch=2).run(count)

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                work(int(line))
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(1)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    """
)


@pytest.fixture
def ring(database, keyring, tmp_path):
    made = Keyring.create(tmp_path / "secrets")
    database.use_keys(made)
    yield made
    database.use_keys(keyring)


@pytest.fixture
def nursery(database, ring):
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-W", "ignore", "-c", NURSERY, url, str(ring.folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process
    process.stdin.close()
    process.wait(timeout=10)
    process.stdout.close()


@pytest.mark.parametrize("suite", ["aes", "sm"])
def test_every_row_is_readable_at_all_times(database, ring, nursery, suite):
    now = SystemClock().now()
    with database.session() as session:
        session.add_all(
            Person(
                staff_no=f"{n}", name="x", mobile=f"138{n:08}", email=f"{n}@x", created_at=now, updated_at=now
            )
            for n in range(PERSONS)
        )
    Keyring(ring.folder, suite=suite).rotate(now)
    with database.read_session() as session:
        columns = sealed_columns(tables.METADATA, session)
    with readers(database) as reading:
        for kill in range(1, KILLS + 1):
            left = PERSONS * (KILLS + 1 - kill) // (KILLS + 1)
            kill_when(nursery, database, columns, left=left)
            assert old_rows(database) > 0, f"kill {kill} came too late to prove anything"
    assert reading.result() > 0
    last = Rekeying(database, ring, columns)
    seen = []
    last.run(seen.append)
    assert 0 < sum(seen) < PERSONS
    assert last.remaining() == 0
    assert old_rows(database) == 0
    with database.read_session() as session:
        counts = {column.name: rows_by_version(session, column) for column in columns}
    assert counts["core_person.mobile"] == counts["core_person.email"] == {2: PERSONS}


def kill_when(nursery, database, columns, *, left: int) -> None:
    """Let a worker start, and kill it as soon as no more than `left` rows wait; fail when it ends by itself."""
    most = waiting(database, columns) - left + SLACK
    nursery.stdin.write(f"{most}\n")
    nursery.stdin.flush()
    worker = int(nursery.stdout.readline())
    with ThreadPoolExecutor(1) as listener:
        end = listener.submit(nursery.stdout.readline)
        try:
            while waiting(database, columns) > left:
                assert not end.done(), f"the worker ended by itself: {end.result()}"
        finally:
            if not end.done():
                os.kill(worker, signal.SIGKILL)
        assert int(end.result()) == -signal.SIGKILL


@contextmanager
def readers(database):
    """Somebody who reads every row again and again, as pages do; the result is how often. Ends whatever happens."""
    stopped = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(read_on, database, stopped)
        finally:
            stopped.set()


def read_on(database, stopped: threading.Event) -> int:
    times = 0
    while not stopped.is_set():
        old_rows(database)
        times += 1
    return times


def waiting(database, columns) -> int:
    """How many mobile numbers still lie under the first key, without opening any."""
    mobile = next(column for column in columns if column.name == "core_person.mobile")
    with database.read_session() as session:
        return rows_by_version(session, mobile).get(1, 0)


def old_rows(database) -> int:
    """How many rows still lie under the first key. Reads every row, as a page would, and looks at every value."""
    with database.read_session() as session:
        persons = session.scalars(select(Person)).all()
        assert len(persons) == PERSONS
        for person in persons:
            assert person.mobile == f"138{int(person.staff_no):08}"
            assert person.email == f"{person.staff_no}@x"
        return sum(version_of(person.mobile_sealed) == 1 for person in persons)
