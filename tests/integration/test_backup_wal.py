"""PostgreSQL back to a moment between two backups, and to the last one, by the WAL that was kept; server killed (-9)."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from tests.integration.backup_servers import TOOLS, USER, Server, free_port, server_folder

from xinglin.backup import wal
from xinglin.backup.errors import BackupRefused
from xinglin.backup.health import health
from xinglin.backup.restoring import Moment, Place, Restoring, suited
from xinglin.backup.service import Backups
from xinglin.backup.shelf import Shelf
from xinglin.backup.tools import Tools
from xinglin.backup.wal import WalKeeper
from xinglin.crypto.service import Keyring
from xinglin.files.storage import Storage
from xinglin.kernel import tables
from xinglin.kernel.clock import SystemClock
from xinglin.kernel.db import Database
from xinglin.kernel.settings import CoreSettings
from xinglin.people.models import Department
from xinglin.testing.clock import FrozenClock
from xinglin.types import HealthCheck

PATIENCE = 120
pytestmark = pytest.mark.usefixtures("postgresql_database")


@dataclass
class Site:
    """A site with a server of its own and the keeper of its WAL."""

    folder: Path
    server: Server
    backups: Backups
    stopped: threading.Event = field(default_factory=threading.Event)
    ended: list[str] = field(default_factory=list)

    @property
    def keeper(self) -> WalKeeper:
        tools = Tools.of(self.backups.settings)
        backups = self.backups
        return WalKeeper(
            backups.folder, backups.copies, backups.database, backups.keyring, backups.clock, tools
        )

    def keep(self) -> threading.Thread:
        def work() -> None:
            try:
                self.keeper.run(self.stopped)
            except BackupRefused as error:
                self.ended.append(str(error))

        thread = threading.Thread(target=work)
        thread.start()
        self.wait("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'xinglin_wal' AND active")
        return thread

    def wait(self, query: str) -> None:
        pause, until = threading.Event(), time.monotonic() + PATIENCE
        with self.backups.database.reader.connect() as connection:
            while not connection.execute(text(query)).scalar_one():
                assert time.monotonic() < until, query
                pause.wait(0.1)

    def add(self, code: str) -> datetime:
        """Add a department; a moment after it that the server agrees with."""
        with self.backups.database.session() as session:
            session.add(Department(code=code, name=code))
        with self.backups.database.reader.connect() as connection:
            moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)

    def received(self) -> None:
        """Until all that is on the server has been received."""
        self.wait(
            "SELECT count(*) FROM pg_stat_replication WHERE application_name = 'pg_receivewal' "
            "AND flush_lsn >= pg_current_wal_flush_lsn()"
        )

    def health(self, database: Database, at: datetime | None = None) -> HealthCheck:
        clock = FrozenClock(at or SystemClock().now())
        with database.read_session() as session:
            return next(line for line in health(session, clock, self.backups.settings) if line.name == "wal")

    def restore(self, where: str, until: Moment, shelf: Shelf | None = None) -> set[str]:
        codes: set[str] = set()

        def look(database: Database) -> None:
            with database.read_session() as session:
                codes.update(session.scalars(select(Department.code)))

        shelf = shelf or self.backups.shelf
        target = self.folder / where
        target.mkdir()
        target.chmod(0o711)
        place = Place(target / "data", Storage(str(target / "files")))
        Restoring(self.backups, shelf, look=look).restore(suited(self.backups, shelf, until), place, until)
        return codes


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with server_folder() as folder:
        server = Server(folder / "data", free_port())
        server.make()
        server.start()
        database = Database(server.url)
        keyring = Keyring.create(tmp_path / "secrets")
        database.use_keys(keyring)
        tables.import_all_models()
        tables.METADATA.create_all(database.engine)
        settings = CoreSettings(
            site_name="杏林",
            public_url="http://127.0.0.1:18080",
            database=server.url,
            files_folder=folder / "files",
            secrets_folder=keyring.folder,
            backup_folder=folder / "backups",
            backup_copy_url=str(folder / "away"),
            backup_wal=True,
            postgresql_tools=TOOLS,
            postgresql_user=USER,
        )
        made = Site(folder, server, Backups(settings, database, keyring, SystemClock()))
        made.backups.folder.mkdir(mode=0o711)
        yield made
        made.stopped.set()
        database.dispose()
        server.stop("immediate")


def test_to_a_moment_and_to_the_last(site: Site) -> None:
    thread = site.keep()
    site.add("before")
    site.backups.run()
    moment = site.add("good")
    site.add("the accident")
    with site.backups.database.engine.connect() as connection:
        connection.execute(text("SELECT pg_switch_wal()"))
    site.add("the last")
    site.received()
    os.kill(site.server.pid, signal.SIGKILL)
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert "pg_receivewal ended" in site.ended[0]
    assert site.restore("one", moment) == {"before", "good"}
    assert site.restore("two", "latest") == {"before", "good", "the accident", "the last"}
    assert site.restore("three", None) == {"before"}
    # The second place has whole segments alone.
    assert site.backups.copies is not None
    assert site.restore("four", moment, site.backups.copies) == {"before", "good"}


def test_what_is_kept_is_sealed_and_checked(site: Site) -> None:
    thread = site.keep()
    site.backups.run()
    moment = site.add("CANARY-9f31")
    with site.backups.database.engine.connect() as connection:
        connection.execute(text("SELECT pg_switch_wal()"))
    site.received()
    site.stopped.set()
    thread.join(PATIENCE)
    folder = site.backups.folder / wal.FOLDER
    sealed = sorted(folder.glob("*.sealed"))
    assert sealed
    assert all(b"CANARY-9f31" not in path.read_bytes() for path in sealed)
    path = sealed[-1]
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(Exception, match=path.name):
        site.restore("one", "latest")
    assert list((site.folder / "one").rglob("*")) == [] or not list((site.folder / "one" / "data").iterdir())
    path.write_bytes(content)
    with pytest.raises(BackupRefused, match="no backup is older"):
        suited(site.backups, site.backups.shelf, datetime(2020, 1, 1, tzinfo=UTC))
    far = moment.replace(year=moment.year + 1)
    with pytest.raises(BackupRefused, match="recovery ended before configured recovery target was reached"):
        site.restore("two", far)
    assert not list((site.folder / "two" / "data").iterdir())


def test_segments_go_with_the_backups_that_need_them(site: Site) -> None:
    thread = site.keep()
    site.add("one")
    site.received()
    site.stopped.set()
    thread.join(PATIENCE)
    with site.backups.database.engine.connect() as connection:
        connection.execute(text("SELECT pg_switch_wal()"))
    site.stopped.clear()
    thread = site.keep()
    site.received()
    site.stopped.set()
    thread.join(PATIENCE)
    folder = site.backups.folder / wal.FOLDER
    assert list(folder.glob("*.sealed"))
    site.backups = replace(site.backups, clock=Later())
    site.backups.run()
    assert list(folder.glob("*.sealed")) == []
    assert list((site.folder / "away" / wal.FOLDER).glob("*.sealed")) == []


def test_received_is_not_sealed(site: Site) -> None:
    """A keeper that may not end segments, or whose seals do not come about, is an alarm although it receives."""
    with site.backups.database.engine.begin() as connection:
        connection.execute(text("CREATE ROLE keeper LOGIN REPLICATION IN ROLE pg_monitor"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO keeper"))
    database = Database(site.server.url.replace("postgres@", "keeper@"))
    try:
        refused = site.health(database)
        assert not refused.is_well
        assert "may not do pg_switch_wal()" in refused.detail
        assert "\\c postgres" in refused.cure
        assert "TO keeper" in refused.cure
        stale = replace(site.keeper, database=database)
        with pytest.raises(BackupRefused, match=r"permission denied for function pg_switch_wal.*Cure: "):
            stale._switch("")
        with site.backups.database.engine.begin() as connection:
            connection.execute(text("GRANT EXECUTE ON FUNCTION pg_switch_wal() TO keeper"))
        assert "nobody receives it" in site.health(database).detail
        thread = site.keep()
        assert site.health(database).is_well
        late = site.health(database, SystemClock().now() + timedelta(minutes=6))
        assert not late.is_well
        assert "nothing was sealed since" in late.detail
        assert "backup_copy_url" in late.cure
        site.keeper._note_look()
        site.stopped.set()
        thread.join(PATIENCE)
    finally:
        database.dispose()


class Later:
    """A minute from now."""

    def now(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0, year=datetime.now(UTC).year + 1)
