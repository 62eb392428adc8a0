"""PostgreSQL: a base backup and the WAL behind it, by the server's own programs.

https://www.postgresql.org/docs/18/continuous-archiving.html. A slot keeps the WAL from before the base backup on. After
it, all tables are locked against writing for a moment: the snapshot that is counted and the WAL position to which a
restore goes on are then the same state.
"""

from __future__ import annotations

import secrets
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import sqlalchemy
from psycopg import sql
from sqlalchemy import Connection, exc, inspect, text

from xinglin.backup import counting, parts
from xinglin.backup.errors import BackupBusy, BackupDamaged, BackupRefused
from xinglin.backup.manifest import TableState
from xinglin.backup.parts import Sealing
from xinglin.backup.scratch_server import running
from xinglin.backup.tools import Tools, conninfo
from xinglin.kernel.db import Database

BASE, WAL = "base", "wal"
LOCK_SECONDS = 5
LOCK_TRIES = 6
PARTIAL = ".partial"
SLOT = "xinglin_backup_"
LOCK_KEY = 0x78696E676C696E
"""Of the advisory lock that one backup of a server holds: "xinglin" in ASCII."""
DROP_SLOTS = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE :like AND NOT active"


def pack(
    database: Database, tools: Tools, sealing: Sealing, scratch: Path
) -> tuple[dict[str, TableState], str]:
    """Write both parts; what the tables hold, and the WAL position of that state."""
    with _slot(database) as slot:
        arguments = ("--pgdata=-", "--format=tar", "--wal-method=none", "--checkpoint=fast", "--no-password")
        address = f"--dbname={conninfo(database.url)}"
        with (
            tools.output("pg_basebackup", *arguments, address, url=database.url) as plain,
            sealing.part(BASE) as out,
        ):
            shutil.copyfileobj(plain, out, parts.PIECE)
        with _quiet_moment(database) as (snapshot, recover_to, end):
            wal = scratch / WAL
            wal.mkdir()
            arguments = (
                f"--directory={wal}",
                f"--slot={slot}",
                f"--endpos={end}",
                "--no-loop",
                "--no-password",
            )
            tools.run("pg_receivewal", *arguments, address, url=database.url)
            tables = counting.table_states(snapshot)
    with sealing.part(WAL) as out, tarfile.open(fileobj=out, mode="w|") as tar:
        for path in sorted(wal.iterdir()):
            tar.add(path, path.name.removesuffix(PARTIAL))
    return tables, recover_to


@contextmanager
def _slot(database: Database) -> Iterator[str]:
    """A replication slot: the server removes no WAL that we still need. One backup of a server at a time."""
    name = f"{SLOT}{secrets.token_hex(4)}"
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY}).scalar_one():
            raise BackupBusy("another host takes a backup of this server. Cure: wait for its end")
        try:
            # Left by a backup that was killed: the server would keep its WAL until the disk is full.
            connection.execute(text(DROP_SLOTS), {"like": f"{SLOT}%"})
            connection.execute(
                text("SELECT pg_create_physical_replication_slot(:name, true)"), {"name": name}
            )
            yield name
        except exc.ProgrammingError as error:
            reason = " ".join(str(error.orig).split())
            raise BackupRefused(
                f"the database allows no backup: {reason}. Cure: ALTER ROLE … REPLICATION, see docs/backup.md"
            ) from error
        finally:
            connection.execute(text(DROP_SLOTS), {"like": name})
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})


@contextmanager
def _quiet_moment(database: Database) -> Iterator[tuple[Connection, str, str]]:
    """A snapshot, its WAL position, and a position after it, up to which the WAL is on the server's disk."""
    with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as snapshot:
        with database.engine.connect() as writers:
            _lock(writers)
            snapshot.execute(text("SELECT 1"))
            recover_to = _position(writers)
            _mark(writers)
            end = _position(writers)
            _mark(writers)
        yield snapshot, recover_to, end


def _lock(connection: Connection) -> None:
    names = sql.SQL(", ").join(sql.Identifier(name) for name in sorted(inspect(connection).get_table_names()))
    statement = sql.SQL("LOCK TABLE {} IN SHARE MODE").format(names).as_string()
    connection.rollback()
    for tried in range(1, LOCK_TRIES + 1):
        try:
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
            connection.exec_driver_sql(statement)
        except exc.OperationalError as error:
            connection.rollback()
            if tried == LOCK_TRIES:
                raise BackupRefused(
                    "a transaction writes for too long, there is no quiet moment. Cure: look for it in pg_stat_activity"
                ) from error
        else:
            return


def _mark(connection: Connection) -> None:
    """A record in the WAL, on the disk at the end: recovery stops before it, `pg_receivewal` after it."""
    connection.execute(text("SELECT pg_logical_emit_message(true, 'xinglin', 'backup')"))
    connection.commit()


def _position(connection: Connection) -> str:
    return str(connection.execute(text("SELECT pg_current_wal_insert_lsn()::text")).scalar_one())


def refuse_unless_empty(folder: Path) -> None:
    """Raise `BackupRefused` when the data folder has content."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupRefused(
            f"{folder} is not empty; a restore overwrites nothing. Cure: stop PostgreSQL and move the folder's content away"
        )


def compare(database: Database, expected: Mapping[str, TableState]) -> list[str]:
    """What differs between the restored server and the manifest."""
    with database.engine.connect() as connection:
        return counting.differences(expected, counting.table_states(connection))


@dataclass(frozen=True)
class Unpacked:
    """A data folder that becomes a server again; the WAL that it needs lies beside it for a while."""

    data: Path
    tools: Tools

    @property
    def wal(self) -> Path:
        return self.data.with_name(f"{self.data.name}-wal")

    def take(self, part: str, plain: BinaryIO) -> None:
        """Unpack one part into its folder."""
        folder = self.data if part == BASE else self.wal
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        with tarfile.open(fileobj=plain, mode="r|", bufsize=parts.PIECE) as tar:
            # Python 3.11 has filters from 3.11.4 on; before it the archive, whose MAC was checked, is taken as it is
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            tar.extractall(folder)  # noqa: S202 - filtered above  # nosec B202

    def verify(self) -> None:
        """Every file of the base backup against the server's own manifest. Raises `BackupDamaged`."""
        try:
            self.tools.run("pg_verifybackup", "--quiet", f"--wal-directory={self.wal}", str(self.data))
        except BackupRefused as error:
            raise BackupDamaged(str(error)) from error

    @contextmanager
    def recovered(self, url: sqlalchemy.URL, target: Mapping[str, str]) -> Iterator[Database]:
        """The server brought to the target, on a socket of its own; it is stopped, and out of recovery, at the end."""
        (self.data / "recovery.signal").touch()
        options = {
            "restore_command": f'cp "{self.wal}/%f" "%p"',
            "recovery_target_action": "promote",
            **target,
        }
        with running(self.data, self.tools, options, url, self.wal) as database:
            yield database
        shutil.rmtree(self.wal)

    def clear(self) -> None:
        """Leave the place empty, as it was."""
        shutil.rmtree(self.wal, ignore_errors=True)
        for path in self.data.iterdir() if self.data.is_dir() else ():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
