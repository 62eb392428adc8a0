"""One transaction a request, on both databases: kept or undone as a whole, done once, and honest about outages."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text
from tests.conftest import Vendor, log_in
from webtest import TestApp

from xinglin.audit.models import AuditRecord
from xinglin.kernel import db
from xinglin.kernel.db import Database
from xinglin.testing.portal import Portal

MakePortal = Callable[..., Portal]
HOOKS = """
import threading
from pyramid.csrf import get_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import text

TOGETHER = threading.Barrier(2)

def token(request):
    request.db.execute(text("SELECT 1"))
    return Response(get_csrf_token(request))

def write(request):
    request.audit.record("alpha.write", "thing", request.POST.get("thing", ""))
    if "fail" in request.POST:
        request.db.flush()
        raise ZeroDivisionError
    if "unavailable" in request.POST:
        request.db.flush()
        request.response.status = 503
    return HTTPSeeOther("/alpha/done/" + request.POST.get("thing", ""))

def slow(request):
    request.db.execute(text("SELECT count(*) FROM core_audit_record")).scalar()
    if request.db.get_bind().dialect.name == "postgresql":
        TOGETHER.wait(10)
    return write(request)

def dying(request):
    response = write(request)
    request.db.flush()
    if request.environ["retry.attempt"] == 0:
        pid = request.db.scalar(text("SELECT pg_backend_pid()"))
        with request.registry.xinglin_site.database.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    return response

def careless(request):
    request.audit.record("alpha.careless")
    return Response("written")

def asking(request):
    with request.writing():
        request.audit.record("alpha.asking", "thing", request.POST.get("number", ""))
    with request.registry.xinglin_site.database.session() as other:
        other.execute(text("SELECT 1"))  # it holds no lock that would keep another writer waiting
    if "fail" in request.POST:
        raise RuntimeError("the other system is away")
    return HTTPSeeOther("/alpha/free")

@hookimpl
def xinglin_configure(config):
    for name, view, options in (
        ("token", token, {}),
        ("free", lambda request: Response(get_csrf_token(request)), {}),
        ("write", write, {"request_method": "POST"}),
        ("slow", slow, {"request_method": "POST"}),
        ("dying", dying, {"request_method": "POST"}),
        ("asking", asking, {"request_method": "POST", "writes": False}),
        ("careless", careless, {}),
        ("careful", careless, {"writes": True}),
    ):
        config.add_route(f"alpha.{name}", f"/alpha/{name}")
        config.add_view(view, route_name=f"alpha.{name}", permission="core:public", **options)
"""


@pytest.fixture
def portal(vendor: Vendor, make_portal: MakePortal, database: Database) -> Portal:
    vendor.install("alpha", HOOKS)
    return make_portal(database=database, plugins=("portal", "alpha"))


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No patience with locks, and no pause between the attempts."""
    monkeypatch.setattr(db, "BUSY_MILLISECONDS", 20)
    monkeypatch.setattr("xinglin.kernel.transactions.PAUSES_SECONDS", (0.0,))


def written(portal: Portal) -> list[str]:
    with portal.site.database.read_session() as session:
        query = select(AuditRecord.object_id).where(AuditRecord.action.startswith("alpha."))
        return list(session.scalars(query.order_by(AuditRecord.id)))


def post(browser: TestApp, path: str = "/alpha/write", *, token: str = "", **fields: str) -> object:
    token = token or browser.get("/alpha/token").text
    return browser.post(path, {"csrf_token": token, **fields}, expect_errors=True)


def kill_connections(database: Database) -> None:
    """As when the server restarts: every connection that the portal holds is dead."""
    other = Database(database.url.render_as_string(hide_password=False))
    with other.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    other.dispose()
    database.dispose()


class TestCommit:
    def test_what_a_view_only_added_is_kept(self, portal: Portal) -> None:
        answer = post(portal.browser(), thing="a")
        assert (answer.status_int, answer.location) == (303, "http://127.0.0.1:18080/alpha/done/a")
        assert written(portal) == ["a"]

    def test_an_error_undoes_all(self, portal: Portal) -> None:
        browser = portal.browser()
        assert post(browser, thing="a", fail="1").status_int == 500
        assert written(portal) == []
        post(browser, thing="b")
        assert written(portal) == ["b"]

    def test_a_get_that_writes_without_saying_so_fails_loudly(
        self, portal: Portal, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert portal.browser().get("/alpha/careless", expect_errors=True).status_int == 500
        assert written(portal) == []
        assert "a GET wrote AuditRecord. Cure: give its view the option writes=True" in caplog.text

    def test_a_get_that_says_so_may_write(self, portal: Portal) -> None:
        assert portal.browser().get("/alpha/careful").text == "written"
        assert len(written(portal)) == 1

    def test_a_get_does_not_wait_for_a_writer(self, portal: Portal, hasty: None) -> None:
        browser = log_in(portal)
        with portal.session() as (session, audit):
            audit.record("test.row")
            session.flush()
            assert browser.get("/alpha/token").status_int == 200


class TestOnce:
    """A form that arrives twice has one effect, and both times the reader is led to the same page."""

    def test_one_after_the_other(self, portal: Portal) -> None:
        browser = portal.browser()
        first, second = (post(browser, thing="a", request_key="key-1") for _ in range(2))
        assert first.status_int == second.status_int == 303
        assert first.location == second.location
        assert written(portal) == ["a"]

    def test_another_key_is_another_act(self, portal: Portal) -> None:
        browser = portal.browser()
        for number in range(2):
            post(browser, thing=str(number), request_key=f"key-{number}")
        assert written(portal) == ["0", "1"]

    def test_a_failed_act_can_be_sent_again(self, portal: Portal) -> None:
        browser = portal.browser()
        post(browser, thing="a", request_key="key-1", fail="1")
        assert post(browser, thing="a", request_key="key-1").status_int == 303
        assert written(portal) == ["a"]

    def test_a_key_belongs_to_one_login(self, portal: Portal) -> None:
        for staff_no in ("1001", "1002"):
            post(log_in(portal, staff_no), thing=staff_no, request_key="key-1")
        assert written(portal) == ["1001", "1002"]

    @pytest.mark.parametrize("key", ["", "x" * 65, "钥匙" * 10])
    def test_an_odd_key_does_no_harm(self, portal: Portal, key: str) -> None:
        assert post(portal.browser(), thing="a", request_key=key).status_int == 303
        assert written(portal) == ["a"]

    def test_both_at_the_same_time(self, portal: Portal) -> None:
        browser = log_in(portal)
        token = browser.get("/alpha/token").text
        answers = []

        def send() -> None:
            twin = portal.browser()
            twin.cookiejar = browser.cookiejar
            answers.append(post(twin, "/alpha/slow", token=token, thing="a", request_key="key-1"))

        threads = [threading.Thread(target=send) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert [answer.status_int for answer in answers] == [303, 303]
        assert {answer.location for answer in answers} == {"http://127.0.0.1:18080/alpha/done/a"}
        assert written(portal) == ["a"]


@pytest.mark.parametrize("backend", ["postgresql"])
class TestKilledConnections:
    """A restart of the database is hardly noticed."""

    @pytest.mark.usefixtures("hasty")
    def test_the_next_page_is_drawn(self, portal: Portal, database: Database) -> None:
        browser = log_in(portal)
        browser.get("/alpha/token")
        kill_connections(database)
        assert browser.get("/alpha/token").status_int == 200
        kill_connections(database)
        assert browser.get("/").status_int == 200

    @pytest.mark.usefixtures("hasty")
    def test_the_next_act_is_done_once(self, portal: Portal, database: Database) -> None:
        browser = log_in(portal)
        token = browser.get("/alpha/token").text
        kill_connections(database)
        assert post(browser, token=token, thing="a", request_key="key-1").status_int == 303
        assert written(portal) == ["a"]

    @pytest.mark.usefixtures("hasty")
    def test_even_between_the_last_statement_and_the_commit(self, portal: Portal) -> None:
        answer = post(log_in(portal), "/alpha/dying", thing="a", request_key="key-1")
        assert answer.status_int == 303
        assert written(portal) == ["a"]


@contextmanager
def held_by_another_process(portal: Portal) -> Iterator[None]:
    connection = sqlite3.connect(str(portal.site.database.url.database), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


@pytest.mark.parametrize("backend", ["sqlite"])
class TestLocked:
    @pytest.mark.usefixtures("hasty")
    def test_a_lock_that_stays_is_a_page_with_a_sentence(self, portal: Portal) -> None:
        browser = log_in(portal)
        token = browser.get("/alpha/token").text
        with held_by_another_process(portal):
            answer = post(browser, token=token, thing="a", request_key="key-1")
            assert browser.get("/alpha/token").status_int == 200, "who only reads is not held up"
        assert_unavailable(answer)
        assert written(portal) == []
        assert post(browser, token=token, thing="a", request_key="key-1").status_int == 303
        assert written(portal) == ["a"]

    def test_a_lock_that_goes_is_not_noticed(
        self, portal: Portal, hasty: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        browser = portal.browser()
        token = browser.get("/alpha/token").text
        holder = held_by_another_process(portal)
        holder.__enter__()
        attempts = []

        def pause(_seconds: float) -> None:
            attempts.append(1)
            if len(attempts) == 2:
                holder.__exit__(None, None, None)

        monkeypatch.setattr("xinglin.kernel.transactions.time.sleep", pause)
        assert post(browser, token=token, thing="a").status_int == 303
        assert (len(attempts), written(portal)) == (2, ["a"])


def assert_unavailable(answer: object) -> None:
    assert answer.status_int == 503
    assert answer.headers["Retry-After"] == "5"
    assert "暂时连不上数据库" in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.usefixtures("hasty")
class TestNoDatabase:
    """The portal starts without its database, says what is wrong, and serves again when it is there."""

    @pytest.fixture
    def portal(self, vendor: Vendor, make_portal: MakePortal, tmp_path: Path, backend: str) -> Portal:
        vendor.install("alpha", HOOKS)
        urls = {
            "sqlite": f"sqlite:///{tmp_path}/no/such/folder/x.db",
            "postgresql": "postgresql+psycopg://nobody@127.0.0.1:9/nothing",
        }
        gone = Database(urls[backend])
        return make_portal(database=gone, plugins=("portal", "alpha"))

    @pytest.mark.parametrize("cookie", ["", "a" * 43])
    def test_every_page_is_a_sentence(self, portal: Portal, cookie: str) -> None:
        browser = portal.browser()
        if cookie:
            browser.set_cookie("xinglin_session", cookie)
        assert_unavailable(browser.get("/alpha/token", expect_errors=True))

    def test_a_logged_in_person_sees_it_on_the_home_page_too(self, portal: Portal) -> None:
        browser = portal.browser()
        browser.set_cookie("xinglin_session", "a" * 43)
        assert_unavailable(browser.get("/", expect_errors=True))

    def test_a_form_is_answered_with_the_sentence(self, portal: Portal) -> None:
        browser = portal.browser()
        assert_unavailable(post(browser, token="0" * 64, thing="a", request_key="key-1"))

    def test_health_says_what_is_wrong(self, portal: Portal) -> None:
        answer = portal.browser().get("/health", status=503)
        assert answer.json["up"] is False
        assert {"name": "database", "well": False} in answer.json["checks"]

    def test_static_files_are_served_all_the_same(self, portal: Portal) -> None:
        style = portal.wsgi.registry.xinglin_assets.path("portal.css")
        assert portal.browser().get(style).status_int == 200


def test_a_post_that_asks_another_system_holds_no_lock_and_keeps_what_it_wrote(portal: Portal) -> None:
    browser = portal.browser()
    post(browser, "/alpha/asking", number="1", fail="yes")
    assert written(portal) == ["1"]
    for _ in range(2):
        assert post(browser, "/alpha/asking", number="2", request_key="k").status_int == 303
    assert written(portal) == ["1", "2"]
