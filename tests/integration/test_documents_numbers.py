"""Two hundred issuers at once, in eight processes, some of whom give up: no gap, nothing twice, on both databases."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pyramid_retry import IRetryableError
from sqlalchemy import exc, select

from xinglin.audit.service import Actor, AuditTrail
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database
from xinglin.kernel.tables import import_all_models
from xinglin.testing.clock import FrozenClock
from xinglin_documents.models import DocumentNumber, Item, Series

PROCESSES, THREADS = 8, 25
GIVE_UP_EVERY = 5
MOST_TRIES = 200
NEW_YEAR = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
LAST_SECOND = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)


class GaveUp(Exception):
    """The issuer's request failed after the number was taken."""


def issue_many(url: str, keys: str, first: int) -> list[str]:
    """One process: each thread issues for its own document; every fifth fails after that, and does it again."""
    import_all_models()
    database = Database(url, pool_size=8)
    database.use_keys(Keyring(Path(keys)))
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(lambda number: _insist(database, number), range(first, first + THREADS)))
    finally:
        database.dispose()


def _insist(database: Database, number: int) -> str:
    gives_up = number % GIVE_UP_EVERY == 0
    for _try in range(MOST_TRIES):
        try:
            return _issue(database, number, gives_up=gives_up)
        except GaveUp:
            gives_up = False
        except (
            exc.OperationalError,
            exc.TimeoutError,
        ) as error:  # as a request does: a busy database is asked again
            if not (isinstance(error, exc.TimeoutError) or IRetryableError.providedBy(error)):
                raise
    raise AssertionError("the database was busy for ever")


def _issue(database: Database, number: int, *, gives_up: bool) -> str:
    from xinglin_documents.service.official.numbers import NumberService
    from xinglin_documents.service.official.reach import Reach

    clock = FrozenClock()
    with database.session() as session:
        audit = AuditTrail(session, Actor.system("test"), clock, database.keyring)
        service = NumberService(
            session, clock, audit, ZoneInfo("Asia/Shanghai"), 1, Reach(is_granted=True, departments=None)
        )
        item = session.scalars(select(Item).where(Item.external_id == f"x{number}")).one()
        issued = service.issue("yuanfa", item, NEW_YEAR if number % 2 else LAST_SECOND)
        if gives_up:
            raise GaveUp
        return issued.text


@pytest.fixture
def office(database, keyring, clock):
    from xinglin.people.models import Person

    with database.session() as session:
        now = clock.now()
        session.add(Person(id=1, staff_no="1", name="单玉梅", created_at=now, updated_at=now))
        session.add(Series(key="yuanfa", title="院发", pattern="院发〔{year}〕{number}号"))
        session.add_all(
            Item(external_id=f"x{number}", title="文件", started_at=now, changed_at=now)
            for number in range(PROCESSES * THREADS)
        )
    return database.url.render_as_string(hide_password=False), str(keyring.folder)


def test_two_hundred_issuers_leave_no_gap_and_take_nothing_twice(database, office):
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        answers = [pool.apply_async(issue_many, (*office, THREADS * one)) for one in range(PROCESSES)]
        given = [text for answer in answers for text in answer.get(timeout=240)]
    expected = {f"院发〔{year}〕{number}号" for year in (2026, 2027) for number in range(1, 101)}
    assert len(given) == 200
    assert set(given) == expected
    with database.read_session() as session:
        rows = session.scalars(select(DocumentNumber).order_by(DocumentNumber.id)).all()
        items = session.scalars(select(Item.number)).all()
    assert sorted(items) == sorted(expected)
    for year in (2026, 2027):  # in the order in which they came into force
        assert [row.number for row in rows if row.year == year] == list(range(1, 101))
