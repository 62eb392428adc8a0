"""Engines and sessions: honest SQLite (WAL, BEGIN IMMEDIATE), PostgreSQL by psycopg.

A request that writes has one transaction, to its end. A request that only reads has none: each statement stands
alone on a connection that cannot write, which saves PostgreSQL two round trips a request and SQLite a lock.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from pyramid_retry import mark_error_retryable
from sqlalchemy import Connection, CursorResult, Engine, Executable, event, exc, orm
from transaction import TransactionManager
from zope.sqlalchemy.datamanager import STATUS_ACTIVE, STATUS_CHANGED, join_transaction

WRITER_WAIT_SECONDS = 10.0
READER_MARKS = ("read-only transaction", "readonly database")
BUSY_MILLISECONDS = 1250
BEGIN = {"DEFERRED": "BEGIN DEFERRED", "IMMEDIATE": "BEGIN IMMEDIATE"}
POSTGRESQL_CONNECT_SECONDS = 3
AUTOCOMMIT: dict[str, Any] = {
    "isolation_level": "AUTOCOMMIT",
    "pool_reset_on_return": None,
    "skip_autocommit_rollback": True,
}
"""There is nothing to roll back after a statement that stood alone."""
KEYRING_OPTION = "xinglin_keyring"
"""The execution option by which encrypted columns find the keys of the database they are in."""


class Session(orm.Session):
    """A session; with `info["tm"]` it joins that transaction manager as soon as it begins."""


@event.listens_for(Session, "after_transaction_create")
def _join(session: orm.Session, transaction: orm.SessionTransaction) -> None:
    # Not "after_begin": that waits for the first statement, and what was only added would be lost at the commit.
    manager = session.info.get("tm")
    if manager is not None and transaction.parent is None:
        status = STATUS_CHANGED if session.info["writes"] else STATUS_ACTIVE
        join_transaction(session, status, manager)


@event.listens_for(Session, "before_flush")
def _refuse_lost_writes(session: orm.Session, context: Any, instances: Any) -> None:
    """What a reading request writes would be rolled back in silence: say so instead."""
    if session.new or session.deleted or _changed(session):
        refuse_on_reader(
            session, *(type(row).__name__ for row in (*session.new, *session.deleted, *session.dirty))
        )


def refuse_on_reader(session: orm.Session, *names: str) -> None:
    """Raise when the session belongs to a request that only reads; `names` is what it would have written."""
    if session.info.get("writes") is False:
        raise _lost_write(", ".join(sorted(set(names))))


def _lost_write(names: str) -> RuntimeError:
    return RuntimeError(f"a GET wrote {names}. Cure: give its view the option writes=True")


def ask(session: orm.Session, query: Executable, **parameters: Any) -> CursorResult[Any]:
    """Rows of a statement that was built once, with `bindparam`s. It runs below the ORM, which would cost as much again."""
    session.flush()
    return session.connection().execute(query, parameters)


def _changed(session: orm.Session) -> bool:
    return any(session.is_modified(row) for row in session.dirty)


class Database:
    """The one database of a site, for any number of threads. `url` is an SQLAlchemy URL.

    `reader` has connections of its own, in autocommit and unable to write; `writer` is `engine`, and takes the
    writer's lock of SQLite as soon as it begins.
    """

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.url = sqlalchemy.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        make = _sqlite_engine if self.is_sqlite else _postgresql_engine
        self.engine = make(self.url, pool_size)
        self.writer = self.engine.execution_options(sqlite_begin="IMMEDIATE")
        self.reader = make(self.url, pool_size, reads_only=True)
        for engine in (self.engine, self.reader):
            event.listen(engine, "handle_error", _mark_retryable)

    def use_keys(self, keyring: Any) -> None:
        """Give encrypted columns their `Keyring`; without one they can be neither read nor written."""
        for engine in (self.engine, self.writer, self.reader):
            engine.update_execution_options(**{KEYRING_OPTION: keyring})

    @property
    def keyring(self) -> Any:
        """The `Keyring` in use, or None."""
        return self.engine.get_execution_options().get(KEYRING_OPTION)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A write session that commits at the end and rolls back on an error."""
        with Session(self.writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read_session(self) -> Iterator[Session]:
        """A session that only reads; on SQLite it does not wait for writers."""
        with Session(self.engine) as session:
            yield session

    def request_session(self, manager: TransactionManager, *, writes: bool) -> Session:
        """A session that lives and dies with the request's transaction, or one that only reads and has none."""
        if not writes:
            return Session(self.reader, info={"writes": False})
        return Session(self.writer, info={"tm": manager, "writes": True})

    def dispose(self) -> None:
        self.engine.dispose()
        self.reader.dispose()


def _postgresql_engine(url: sqlalchemy.URL, pool_size: int, *, reads_only: bool = False) -> Engine:
    from xinglin.kernel.postgresql import Cursor  # the driver is an extra: SQLite does without it

    engine = sqlalchemy.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=2,
        pool_timeout=5,
        pool_use_lifo=True,  # few connections with warm caches serve a quiet hour
        connect_args={
            "connect_timeout": POSTGRESQL_CONNECT_SECONDS,
            "options": "-c timezone=UTC",
            "cursor_factory": Cursor,
        },
        **(AUTOCOMMIT if reads_only else {}),
    )
    if reads_only:

        @event.listens_for(engine, "connect")
        def _read_only(connection: Any, record: Any) -> None:
            connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")

    return engine


def _sqlite_engine(url: sqlalchemy.URL, pool_size: int, *, reads_only: bool = False) -> Engine:
    engine = sqlalchemy.create_engine(
        url,
        poolclass=sqlalchemy.QueuePool,
        pool_size=pool_size,
        max_overflow=2,
        pool_timeout=5,
        pool_use_lifo=True,
        connect_args={"check_same_thread": False},
    )
    writer = threading.Lock()

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"query_only={reads_only:d}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    if reads_only:
        return engine

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        if mode == "IMMEDIATE":
            _take(writer, connection)
        try:
            connection.exec_driver_sql(BEGIN[mode])
        except BaseException:
            _release(writer, connection)
            raise

    @event.listens_for(engine, "checkin")
    def _checkin(dbapi_connection: Any, record: Any) -> None:
        if record is not None and record.info.pop("writer", False):
            writer.release()

    return engine


def _take(writer: threading.Lock, connection: Connection) -> None:
    if connection.info.get("writer"):
        return
    if not writer.acquire(timeout=WRITER_WAIT_SECONDS):
        raise exc.TimeoutError("another writer of this process held the SQLite database too long")
    connection.info["writer"] = True


def _release(writer: threading.Lock, connection: Connection) -> None:
    if connection.info.pop("writer", False):
        writer.release()


def _mark_retryable(context: Any) -> None:
    """A lost connection or a busy SQLite is worth another try of the whole request; a lost write is a defect."""
    text = str(context.original_exception)
    is_busy = "database is locked" in text
    if any(mark in text for mark in READER_MARKS):
        raise _lost_write(f"by {' '.join(context.statement.split()[:3])}") from context.original_exception
    if (context.is_disconnect or is_busy) and context.sqlalchemy_exception is not None:
        mark_error_retryable(context.sqlalchemy_exception)
