"""SQLite: a copy by its online backup interface (https://www.sqlite.org/backup.html), while others read and write."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import sqlalchemy

from xinglin.backup import counting, parts
from xinglin.backup.errors import BackupDamaged, BackupRefused
from xinglin.backup.manifest import TableState
from xinglin.backup.parts import Sealing
from xinglin.kernel.db import Database

ENGINE = "sqlite"
PART = "database"
WAIT_SECONDS = 30.0


def pack(database: Database, sealing: Sealing, scratch: Path) -> dict[str, TableState]:
    """Write the part; what its tables hold. `scratch` holds the plain copy for a while."""
    copy = scratch / "copy.db"
    # All pages in one step: between steps any other writer would make the copy begin anew. In WAL mode a reader
    # stops nobody.
    with (
        closing(sqlite3.connect(str(database.url.database), timeout=WAIT_SECONDS)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target, pages=-1)
    with copy.open("rb") as plain, sealing.part(PART) as out:
        shutil.copyfileobj(plain, out, parts.PIECE)
    states = states_of(copy)
    copy.unlink()
    return states


def states_of(path: Path) -> dict[str, TableState]:
    """What the tables of this file hold. Raises `BackupDamaged` when SQLite finds it broken."""
    engine = sqlalchemy.create_engine(f"sqlite:///{path}", poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
        if found != "ok":
            raise BackupDamaged(f"{path.name}: SQLite says {found}. Cure: take an older backup")
        return counting.table_states(connection)


def refuse_unless_empty(path: Path) -> None:
    """Raise `BackupRefused` when there is a database already."""
    for found in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal")):
        if found.exists():
            raise BackupRefused(
                f"{found} exists already; a restore overwrites nothing. Cure: stop the portal and move it away, "
                "or let `database` name a new file"
            )


def compare(path: Path, expected: Mapping[str, TableState]) -> list[str]:
    """What differs between the restored file and the manifest."""
    return counting.differences(expected, states_of(path))
