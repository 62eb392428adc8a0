"""A primary with a synchronous standby: the primary is killed (-9) under load and nothing acknowledged is lost."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from sqlalchemy import exc, select, text
from tests.integration.backup_servers import TOOLS, USER, Server, free_port, server_folder

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import Actor, AuditTrail
from xinglin.backup.health import health
from xinglin.backup.service import Backups
from xinglin.crypto.service import Keyring
from xinglin.kernel import tables
from xinglin.kernel.clock import SystemClock
from xinglin.kernel.db import Database
from xinglin.kernel.settings import CoreSettings, check_core_settings
from xinglin.people.models import Department

PATIENCE = 120
WRITERS = 4
STANDBY = "xinglin_standby"


@dataclass
class Pair:
    """Both servers, and the site's one address for them."""

    primary: Server
    standby: Server
    database: Database
    keyring: Keyring
    settings: CoreSettings

    def add(self, code: str) -> None:
        """One acknowledged act: a row and its audit record."""
        with self.database.session() as session:
            session.add(Department(code=code, name=code))
            trail = AuditTrail(session, Actor.system("test"), SystemClock(), self.keyring)
            trail.record("test.department", "department", code)

    def standby_line(self) -> tuple[bool, str]:
        with self.database.read_session() as session:
            (line,) = [
                line for line in health(session, SystemClock(), self.settings) if line.name == "standby"
            ]
        return line.is_well, line.cure


@dataclass
class Load:
    """Writers that go on through anything; what was acknowledged, with the moment (of the monotonic clock)."""

    pair: Pair
    stopped: threading.Event = field(default_factory=threading.Event)
    acknowledged: list[tuple[float, str]] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self.threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def _write(self, number: int) -> None:
        count, pause = 0, threading.Event()
        while not self.stopped.is_set():
            count += 1
            code = f"w{number}-{count}"
            try:
                self.pair.add(code)
            except (exc.DBAPIError, exc.TimeoutError):
                pause.wait(0.05)
            else:
                self.acknowledged.append((time.monotonic(), code))

    def after(self, moment: float) -> list[float]:
        return [at for at, _code in list(self.acknowledged) if at > moment]

    def stop(self) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join(PATIENCE)


def await_outcome(check: Callable[[], object]) -> None:
    pause, until = threading.Event(), time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < until
        pause.wait(0.05)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with server_folder() as folder:
        primary, standby = Server(folder / "one", free_port()), Server(folder / "two", free_port())
        primary.make()
        primary.start()
        standby.copy_of(primary, STANDBY)
        standby.start()
        url = (
            f"postgresql+psycopg://postgres@/postgres?host=127.0.0.1:{primary.port}&host=127.0.0.1:{standby.port}"
            "&target_session_attrs=read-write&connect_timeout=2"
        )
        database = Database(url)
        keyring = Keyring.create(tmp_path / "secrets")
        database.use_keys(keyring)
        tables.import_all_models()
        tables.METADATA.create_all(database.engine)
        configure(primary, STANDBY)
        settings = CoreSettings(
            site_name="杏林",
            public_url="http://127.0.0.1:18080",
            database=url,
            files_folder=folder / "files",
            secrets_folder=keyring.folder,
            backup_folder=folder / "backups",
            postgresql_tools=TOOLS,
            postgresql_user=USER,
        )
        yield Pair(primary, standby, database, keyring, settings)
        database.dispose()
        for server in (primary, standby):
            server.stop("immediate")


def configure(server: Server, names: str) -> None:
    engine = Database(server.url).engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


def kill(server: Server) -> None:
    """As if its power was cut: every process of it."""
    found = psutil.Process(server.pid)
    for process in [found, *found.children()]:
        try:
            os.kill(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def is_fenced(server: Server) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) != 0


def test_nothing_acknowledged_is_lost(pair: Pair, record_property: Callable[[str, object], None]) -> None:
    assert list(check_core_settings(pair.settings)) == []
    await_outcome(lambda: pair.standby_line()[0])
    load = Load(pair)
    load.start()
    try:
        await_outcome(lambda: len(load.acknowledged) > 100)
        killed_at = time.monotonic()
        kill(pair.primary)
        await_outcome(lambda: is_fenced(pair.primary))
        (pair.primary.data / "postmaster.pid").unlink()
        fenced_at = time.monotonic()
        pair.standby.promote()
        await_outcome(lambda: len(load.after(fenced_at)) > 50)
    finally:
        load.stop()
    back_after = min(load.after(fenced_at)) - killed_at
    record_property("seconds_without_writes", round(back_after, 2))
    print(f"\nwrites were back {back_after:.2f} s after the kill, {len(load.acknowledged)} acknowledged")  # noqa: T201
    with pair.database.read_session() as session:
        codes = set(session.scalars(select(Department.code)))
        recorded = set(session.scalars(select(AuditRecord.object_id)))
    acknowledged = {code for _at, code in load.acknowledged}
    assert acknowledged <= codes
    assert codes == recorded
    # The pair's address works for a backup too, whichever server leads.
    backups = Backups(pair.settings, pair.database, pair.keyring, SystemClock())
    assert backups.run().tables["core_department"].rows == len(codes)


def test_a_dead_standby_is_told(pair: Pair) -> None:
    await_outcome(lambda: pair.standby_line()[0])
    pair.standby.stop("immediate")
    await_outcome(lambda: not pair.standby_line()[0])
    assert "docs/backup.md" in pair.standby_line()[1]
    waiting = threading.Thread(target=pair.add, args=("waits",))
    waiting.start()
    query = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")

    def waits() -> bool:
        with pair.database.reader.connect() as connection:
            return bool(connection.execute(query).scalar_one())

    await_outcome(waits)
    assert waiting.is_alive(), "a write was acknowledged that only one server has"
    configure(pair.primary, "")
    waiting.join(PATIENCE)
    assert not waiting.is_alive()
    with pair.database.read_session() as session:
        assert session.scalars(select(Department.code)).all() == ["waits"]
