"""What is not a person with a browser: bearer tokens, module APIs, requests under way."""

from __future__ import annotations

import pytest
from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid.scripting import prepare
from sqlalchemy import select, text

from xinglin.auth.afterwards import write_afterwards
from xinglin.auth.csrf import CsrfPolicy
from xinglin.auth.models import Administrator
from xinglin.auth.sessions import Lifetimes, Origin, SessionService
from xinglin.auth.views.refusals import forbidden

from .journeys import (
    break_glass,
)

pytestmark = pytest.mark.plugins("portal")


def test_a_program_has_a_bearer_token_and_nothing_else(hospital, known, pc, secret, clock):
    break_glass(pc, secret, clock)
    cookie = f"xinglin_session={pc.cookies['xinglin_session']}"
    with hospital.session() as (session, audit):
        boss = session.scalars(select(Administrator)).one()
        service = SessionService(session, clock, audit, Lifetimes.of(hospital.site.settings))
        token = service.begin_administrator(boss, "api", Origin()).token

    assert known("/api/admin/v1/people", Authorization=f"Bearer {token}").kind == "administrator"
    assert known("/", Cookie=cookie).kind == "administrator"
    assert known("/api/admin/v1/people", Cookie=cookie) is None
    assert known("/", Authorization=f"Bearer {token}") is None
    for wrong in ("", "Bearer", f"Basic {token}", "Bearer a b", f"Bearer {token}x"):
        assert known("/api/admin/v1/people", Authorization=wrong) is None


def test_a_token_of_csrf_is_made_anew_on_request(hospital):
    request = Request.blank("/login")
    with prepare(registry=hospital.wsgi.registry, request=request) as environment:
        policy = CsrfPolicy()
        first = policy.new_csrf_token(environment["request"])
        assert policy.get_csrf_token(environment["request"]) == first
        assert policy.check_csrf_token(environment["request"], first)
        assert policy.new_csrf_token(environment["request"]) != first
        assert not policy.check_csrf_token(environment["request"], first)
        assert not policy.check_csrf_token(environment["request"], b"")


def test_the_api_of_a_module_answers_strangers_in_json(request_of):
    answer = forbidden(HTTPForbidden(), request_of("/api/notes/v1/list"))

    assert (answer.status_int, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_request_that_already_writes_begins_the_login_in_the_next_one(request_of):
    request = request_of("/me", **{"User-Agent": "wxwork"})
    assert request.db is not None

    assert forbidden(HTTPForbidden(), request).location == "/login/wecom?next=%2Fme"


def test_a_write_that_fails_afterwards_is_logged_and_the_answer_stands(request_of, caplog):
    request = request_of("/me")
    write_afterwards(request, lambda session, _audit: session.execute(text("nonsense")))

    request._process_finished_callbacks()

    assert f"a write after request {request.request_id} failed" in caplog.text
