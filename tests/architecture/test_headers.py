"""Every answer of every route, whoever asks, carries the security headers; no page has a script of its own inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from webtest import TestApp, TestResponse

from tests.architecture.house import OURS
from tests.conftest import log_in
from xinglin.testing.clock import FrozenClock
from xinglin.testing.databases import SQLiteMaker
from xinglin.testing.portal import Portal

NONCE = re.compile(r"script-src 'self'(?: 'nonce-([\w-]+)')?;")
SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)
DIRECTIVES = ("object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors ")


def faults_of(answer: TestResponse) -> Iterator[str]:
    policy = answer.headers.get("Content-Security-Policy", "")
    yield from (f"no {directive}" for directive in DIRECTIVES if directive not in policy)
    found = NONCE.search(policy)
    if found is None:
        yield f"scripts: {policy}"
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        yield "no nosniff"
    if "Referrer-Policy" not in answer.headers or "Cache-Control" not in answer.headers:
        yield "no Referrer-Policy or Cache-Control"
    if answer.content_type == "text/html":
        for attributes, body in SCRIPT.findall(answer.text):
            if body.strip() or f'nonce="{found and found[1]}"' not in attributes:
                yield f"an inline script or a wrong nonce: {attributes}"
    yield from (cookie for cookie in answer.headers.getall("Set-Cookie") if not _is_good(cookie))


def _is_good(cookie: str) -> bool:
    return "HttpOnly" in cookie and "SameSite=Lax" in cookie


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, sqlite_maker: SQLiteMaker) -> Iterator[Portal]:
    folder: Path = tmp_path_factory.mktemp("headers")
    portal = Portal.create(folder, clock=FrozenClock(), database=sqlite_maker.fresh(), plugins=OURS)
    yield portal
    portal.close()


def addresses(portal: Portal) -> list[str]:
    routes = portal.wsgi.registry.introspector.get_category("routes") or ()
    patterns = {str(entry["introspectable"]["pattern"]) for entry in routes}
    made = {re.sub(r"\{\w+\}", "1", pattern) for pattern in patterns if "*" not in pattern}
    return sorted({f"/{address.lstrip('/')}" for address in made})


def answers(browser: TestApp, address: str) -> Iterator[TestResponse]:
    yield browser.get(address, expect_errors=True)
    yield browser.post(address, {"a": "b"}, expect_errors=True)


def test_every_answer_has_the_headers(whole: Portal) -> None:
    known = log_in(whole)
    found = addresses(whole)
    assert len(found) > 30
    for browser in (whole.browser(), known):
        for address in (*found, "/no/such/page", "/static/portal/none.css"):
            for answer in answers(browser, address):
                assert list(faults_of(answer)) == [], f"{answer.request.method} {address} {answer.status}"


def test_refusals_of_the_gate_have_them_too(whole: Portal) -> None:
    gate = whole.wsgi.registry.xinglin_gate
    gate.logins = type(gate.logins)(gate.logins._rate.__class__(1 / 60, 1))
    browser = whole.browser()
    statuses = set()
    for _number in range(3):
        answer = browser.post("/login/break-glass", {}, expect_errors=True)
        statuses.add(answer.status_int)
        assert list(faults_of(answer)) == []
    assert 429 in statuses


def test_what_is_missing_is_found() -> None:
    from pyramid.response import Response

    bare = TestApp(Response("<script>go()</script>", content_type="text/html")).get("/")
    faults = list(faults_of(bare))
    assert "no nosniff" in faults
    assert any(fault.startswith("an inline script") for fault in faults)
