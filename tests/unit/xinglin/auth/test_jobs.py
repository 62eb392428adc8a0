from __future__ import annotations

import pytest
from sqlalchemy import func, select

from xinglin.auth.jobs import JOBS
from xinglin.auth.models import ConfirmationCode, LoginFailure, LoginSession, OAuthState
from xinglin.auth.oauth import OAuthService
from xinglin.auth.sessions import Origin
from xinglin.people.models import PersonState, Unreachable
from xinglin.types import JobContext


@pytest.fixture
def run(session, clock, audit):
    def call(name):
        job = next(job for job in JOBS if job.name == name)
        job.run(JobContext(session, clock, audit, None))
        session.flush()

    return call


def test_what_no_rule_looks_at_is_forgotten(run, session, clock, audit, person, sessions):
    def make():
        OAuthService(session, clock, audit).start("browser", "/")
        now = clock.now()
        session.add(LoginFailure(login="boss", ip="", at=now))
        session.add(
            ConfirmationCode(person_id=person.id, channel="sms", code_hash="x", sent_at=now, expires_at=now)
        )
        sessions.begin_person(person, "wecom", Origin())

    make()
    clock.advance(days=31)
    make()

    run("core.forget_old_logins")

    tables = (OAuthState, LoginFailure, ConfirmationCode, LoginSession)
    assert [session.scalar(select(func.count()).select_from(table)) for table in tables] == [1, 1, 1, 1]


def test_sessions_of_who_left_are_ended_and_audited(run, session, person, colleague, sessions, recorded):
    gone = sessions.begin_person(person, "wecom", Origin())
    stays = sessions.begin_person(colleague, "wecom", Origin())
    person.state = PersonState.LEFT

    run("core.end_sessions_of_gone")
    run("core.end_sessions_of_gone")

    ended = dict(session.execute(select(LoginSession.public_id, LoginSession.end_reason)).all())
    assert ended == {gone.session_id: "not active", stays.session_id: ""}
    assert recorded().count(("session.end", "ok")) == 1


def test_who_was_shut_out_of_wecom_is_out_here_too(run, session, person, colleague, sessions, recorded):
    gone = sessions.begin_person(person, "wecom", Origin())
    by_code = sessions.begin_person(colleague, "code", Origin())
    person.unreachable_reason = colleague.unreachable_reason = Unreachable.DISABLED_IN_WECOM

    run("core.end_sessions_of_gone")

    ended = dict(session.execute(select(LoginSession.public_id, LoginSession.end_reason)).all())
    assert ended == {gone.session_id: "not in WeCom", by_code.session_id: ""}
    assert recorded().count(("session.end", "ok")) == 1
