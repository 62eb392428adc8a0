"""Transactions on both databases: writers wait for each other, readers for nobody, and an error leaves nothing."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pyramid_retry import IRetryableError
from sqlalchemy import exc, func, select, text
from transaction import TransactionManager

from xinglin.kernel import db
from xinglin.kernel.db import Database
from xinglin.kernel.jobs_models import JobRun

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)


def add(database: Database, name: str) -> None:
    with database.session() as session:
        session.add(JobRun(name=name, due_at=NOW))


def count(database: Database) -> int:
    with database.read_session() as session:
        return session.scalar(select(func.count()).select_from(JobRun)) or 0


@pytest.fixture
def small(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The same database with short patience."""
    monkeypatch.setattr(db, "BUSY_MILLISECONDS", 50)
    monkeypatch.setattr(db, "WRITER_WAIT_SECONDS", 0.2)
    made = Database(database.url.render_as_string(hide_password=False), pool_size=2)
    yield made
    made.dispose()


@contextmanager
def locked_by_another_process(database: Database) -> Iterator[None]:
    connection = sqlite3.connect(str(database.url.database), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


def test_what_was_done_is_kept(database: Database) -> None:
    add(database, "a")
    assert count(database) == 1


def test_an_error_leaves_nothing(database: Database) -> None:
    def act() -> None:
        with database.session() as session:
            session.add(JobRun(name="a", due_at=NOW))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert count(database) == 0
    add(database, "b")
    assert count(database) == 1


def test_a_reading_session_keeps_nothing(database: Database) -> None:
    with database.read_session() as session:
        session.add(JobRun(name="a", due_at=NOW))
        session.flush()
    assert count(database) == 0


def test_many_threads_write_what_they_read(database: Database) -> None:
    """Each reads the number and writes the next: with a lock taken too late some would be refused or lost."""
    add(database, "0")
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _turn in range(10):
                with database.session() as session:
                    row = session.scalars(select(JobRun).with_for_update()).one()
                    row.last_error = f"{int(row.last_error or 0) + 1}"
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with database.read_session() as session:
        assert session.scalars(select(JobRun.last_error)).one() == "40"


def test_a_reader_does_not_wait_for_a_writer(small: Database) -> None:
    with small.session() as session:
        session.add(JobRun(name="a", due_at=NOW))
        session.flush()
        assert count(small) == 0


def test_a_writer_does_not_wait_for_a_reader(small: Database) -> None:
    with small.read_session() as session:
        assert session.scalar(select(func.count()).select_from(JobRun)) == 0
        add(small, "a")
        assert count(small) == 1


@pytest.mark.parametrize("backend", ["sqlite"])
class TestSQLite:
    def test_is_durable_and_checks_foreign_keys(self, database: Database) -> None:
        with database.read_session() as session:
            pragmas = [
                session.scalar(text(f"PRAGMA {name}"))
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
        assert pragmas == ["wal", 2, 1]

    def test_a_lock_of_another_process_is_worth_another_try(self, small: Database) -> None:
        with locked_by_another_process(small), pytest.raises(exc.OperationalError, match="locked") as caught:
            add(small, "a")
        assert IRetryableError.providedBy(caught.value)
        add(small, "b")
        assert count(small) == 1

    def test_a_writer_that_holds_on_too_long_is_a_timeout(self, small: Database) -> None:
        with small.session() as session:
            session.add(JobRun(name="a", due_at=NOW))
            session.flush()
            refused: list[BaseException] = []

            def second() -> None:
                try:
                    add(small, "b")
                except exc.TimeoutError as error:
                    refused.append(error)

            thread = threading.Thread(target=second)
            thread.start()
            thread.join()
        assert len(refused) == 1
        add(small, "c")
        assert count(small) == 2

    def test_a_failed_begin_gives_the_lock_back(self, small: Database) -> None:
        for _attempt in range(3):
            with locked_by_another_process(small), pytest.raises(exc.OperationalError):
                add(small, "a")
        add(small, "a")
        assert count(small) == 1


@pytest.mark.parametrize("backend", ["postgresql"])
class TestPostgreSQL:
    def test_a_killed_connection_is_worth_another_try_and_the_next_one_works(self, small: Database) -> None:
        def act() -> None:
            with small.session() as session:
                session.add(JobRun(name="a", due_at=NOW))
                session.flush()
                kill(small, session.scalar(text("SELECT pg_backend_pid()")))
                session.execute(select(JobRun))

        with pytest.raises(exc.OperationalError) as caught:
            act()
        assert IRetryableError.providedBy(caught.value)
        add(small, "b")
        assert count(small) == 1


def kill(database: Database, pid: int | None) -> None:
    with database.engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


class TestRequestSession:
    """The session of a request lives and dies with the request's transaction."""

    @pytest.fixture
    def manager(self) -> TransactionManager:
        return TransactionManager(explicit=True)

    def test_commits_with_it(self, database: Database, manager: TransactionManager) -> None:
        manager.begin()
        session = database.request_session(manager, writes=True)
        session.add(JobRun(name="a", due_at=NOW))
        manager.commit()
        session.close()
        assert count(database) == 1

    def test_core_statements_commit_too(self, database: Database, manager: TransactionManager) -> None:
        add(database, "a")
        manager.begin()
        session = database.request_session(manager, writes=True)
        session.execute(text("DELETE FROM core_job_run"))
        manager.commit()
        session.close()
        assert count(database) == 0

    def test_aborts_with_it(self, database: Database, manager: TransactionManager) -> None:
        manager.begin()
        session = database.request_session(manager, writes=True)
        session.add(JobRun(name="a", due_at=NOW))
        session.flush()
        manager.abort()
        session.close()
        assert count(database) == 0

    def test_a_reading_request_that_writes_is_told_so(
        self, database: Database, manager: TransactionManager
    ) -> None:
        manager.begin()
        session = database.request_session(manager, writes=False)
        session.add(JobRun(name="a", due_at=NOW))
        with pytest.raises(
            RuntimeError, match=r"a GET wrote JobRun\. Cure: give its view the option writes=True"
        ):
            session.flush()
        manager.abort()
        session.close()
        assert count(database) == 0


def test_a_moment_is_utc_whatever_zone_it_came_in(database: Database) -> None:
    shanghai = datetime(2026, 11, 23, 9, tzinfo=timezone(timedelta(hours=8)))
    with database.session() as session:
        session.add(JobRun(name="a", due_at=shanghai))
    with database.read_session() as session:
        due_at = session.scalars(select(JobRun.due_at).where(JobRun.due_at == shanghai)).one()
    assert (due_at, due_at.tzinfo) == (NOW, UTC)


def test_a_naive_moment_has_no_place_in_the_database(database: Database) -> None:
    with pytest.raises(exc.StatementError, match="a naive datetime"), database.session() as session:
        session.add(JobRun(name="a", due_at=datetime(2026, 11, 23, 9)))
