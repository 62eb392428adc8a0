"""Whatever goes wrong, people get a sentence and a cure, programs a problem document, and the IT a record."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from tests.conftest import Vendor, log_in

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.testing.databases import SQLiteMaker
from xinglin.testing.portal import Portal

HOOKS = """
from pyramid.csrf import get_csrf_token
from xinglin.api.services import DomainError, NotFound

def view(request):
    fault = request.matchdict["fault"]
    request.audit.record("alpha.done") if request.method == "POST" else None
    if fault == "domain":
        raise DomainError("The notice is too long.", "Make it brief for alpha.")
    if fault == "conflict":
        raise DomainError("Somebody was faster.", status=409)
    if fault == "gone":
        raise NotFound("There is no such notice.")
    if fault == "exit":
        raise SystemExit(3)
    if fault == "bug":
        raise ZeroDivisionError("details that nobody should see")
    return Response(get_csrf_token(request))

@hookimpl
def xinglin_permissions():
    return [Permission("alpha:read", "Read", "Read it.", is_delegable=True)]

@hookimpl
def xinglin_configure(config):
    config.add_route("alpha.page", "/alpha/{fault}")
    config.add_view(view, route_name="alpha.page", permission="core:public")
    config.add_route("alpha.guarded", "/alpha/guarded/page")
    config.add_view(view, route_name="alpha.guarded", permission="alpha:read")
"""
API = """
@hookimpl
def xinglin_configure(config):
    config.add_route("api.page", "/api/{fault}")
    config.add_view(view, route_name="api.page", permission="core:public")
"""
HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cache-Control")


@pytest.fixture
def portal(vendor: Vendor, make_portal: Callable[..., Portal], sqlite_maker: SQLiteMaker) -> Portal:
    vendor.install("alpha", HOOKS)
    vendor.install("api", HOOKS[: HOOKS.index("@hookimpl")] + API)
    return make_portal(database=sqlite_maker.fresh(), plugins=("portal", "alpha", "api"))


def actions(portal: Portal) -> list[str]:
    with portal.site.database.read_session() as session:
        return list(session.scalars(select(AuditRecord.action).order_by(AuditRecord.id)))


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/nothing/here", 404, "没有这个页面"),
        ("/alpha/domain", 422, "The notice is too long."),
        ("/alpha/conflict", 409, "Somebody was faster."),
        ("/alpha/gone", 404, "There is no such notice."),
        ("/alpha/bug", 500, "出错"),
        ("/%ff%fe", 400, "无法读取"),
    ],
)
def test_people_get_a_page_with_a_sentence(portal: Portal, path: str, status: int, sentence: str) -> None:
    answer = portal.browser().get(path, status=status)
    assert answer.content_type == "text/html"
    assert sentence in answer.text
    assert "details that nobody should see" not in answer.text
    assert "Traceback" not in answer.text
    for name in HEADERS:
        assert name in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "status", "title", "detail"),
    [
        ("/api/domain", 422, "The notice is too long.", "Make it brief for alpha."),
        ("/api/conflict", 409, "Somebody was faster.", ""),
        ("/api/bug", 500, "出错", ""),
        ("/api/nothing/here", 404, "没有这个页面", ""),
    ],
)
def test_programs_get_a_problem_document(
    portal: Portal, path: str, status: int, title: str, detail: str
) -> None:
    answer = portal.browser().get(path, status=status)
    assert answer.content_type == "application/problem+json"
    body = answer.json
    assert (body["status"], body["type"], body["errors"]) == (status, "about:blank", [])
    assert title in body["title"]
    assert body["detail"] == detail or not detail
    for name in HEADERS:
        assert name in answer.headers


def test_who_has_no_permission_is_told_and_it_is_recorded(portal: Portal) -> None:
    answer = log_in(portal).get("/alpha/guarded/page", status=403)
    assert "没有" in answer.text
    assert "permission.refuse" in actions(portal)


def test_a_stranger_is_led_to_the_login(portal: Portal) -> None:
    answer = portal.browser().get("/alpha/guarded/page", status=302)
    assert answer.location.endswith("/login?next=%2Falpha%2Fguarded%2Fpage")
    assert "Content-Security-Policy" in answer.headers


def test_an_unforeseen_error_is_recorded_under_the_number_that_the_page_shows(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    page = log_in(portal).get("/alpha/bug", status=500)
    with portal.site.database.read_session() as session:
        row = session.scalars(select(AuditRecord).where(AuditRecord.action == "system.error")).one()
        number, details, result = row.object_id, details_of(row, portal.site.keyring), row.result
    assert number in page.text
    assert (result, details) == ("error", '{"after": {"error": "ZeroDivisionError", "path": "/alpha/bug"}}')
    assert f"request {number} failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_view_that_ends_the_program_ends_its_request_only(portal: Portal) -> None:
    browser = log_in(portal)
    assert browser.get("/alpha/exit", status=500).content_type == "text/html"
    assert browser.get("/").status_int == 200


def test_an_error_page_speaks_the_language_of_the_reader(portal: Portal) -> None:
    assert "This page does not exist" in log_in(portal, locale="en").get("/nothing", status=404).text
    stranger = portal.browser()
    stranger.set_cookie("xinglin_locale", "en")
    assert "This page does not exist" in stranger.get("/nothing", status=404).text


@pytest.mark.parametrize("fault", ["domain", "bug"])
def test_what_an_error_interrupts_leaves_nothing(portal: Portal, fault: str) -> None:
    browser = portal.browser()
    token = browser.get("/alpha/fine").text
    browser.post(f"/alpha/{fault}", {"csrf_token": token, "request_key": "k1"}, expect_errors=True)
    assert "alpha.done" not in actions(portal)
    browser.post("/alpha/fine", {"csrf_token": token, "request_key": "k2"})
    assert actions(portal).count("alpha.done") == 1


def test_a_form_of_another_login_is_refused(portal: Portal) -> None:
    browser = portal.browser()
    foreign = portal.browser().get("/alpha/fine").text
    browser.get("/alpha/fine")
    answer = browser.post("/alpha/fine", {"csrf_token": foreign}, status=400)
    assert "这个页面打开太久" in answer.text
    assert "alpha.done" not in actions(portal)


def test_a_nonce_is_of_one_answer_only(portal: Portal) -> None:
    def nonce() -> str:
        policy = portal.browser().get("/login").headers["Content-Security-Policy"]
        return str(policy).partition("'nonce-")[2].partition("'")[0]

    first, second = nonce(), nonce()
    assert len(first) > 15
    assert first != second


def test_an_https_site_says_so(
    vendor: Vendor, make_portal: Callable[..., Portal], sqlite_maker: SQLiteMaker
) -> None:
    portal = make_portal(database=sqlite_maker.fresh(), plugins=(), public_url="https://oa.hospital.example")
    assert portal.browser().get("/login").headers["Strict-Transport-Security"].startswith("max-age=")
