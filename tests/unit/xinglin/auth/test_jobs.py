from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from xinglin.auth import role_seal
from xinglin.auth.jobs import JOBS
from xinglin.auth.models import ConfirmationCode, Grant, LoginFailure, LoginSession, OAuthState
from xinglin.auth.oauth import OAuthService
from xinglin.auth.sessions import Origin
from xinglin.people.models import PersonState, Unreachable
from xinglin.types import JobContext

SETTINGS = SimpleNamespace(
    zone=ZoneInfo("Asia/Shanghai"),
    site_name="测试医院",
    session_phone=timedelta(hours=12),
    session_admin=timedelta(minutes=30),
)


@pytest.fixture
def run(session, clock, audit, keyring):
    def call(name):
        job = next(job for job in JOBS if job.name == name)
        job.run(JobContext(session, clock, audit, SimpleNamespace(keyring=keyring, settings=SETTINGS)))
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


def test_an_account_that_nobody_used_for_ninety_days_is_switched_off(
    run, session, administrator, sessions, clock, recorded, keyring
):
    run("core.disable_idle_administrators")
    clock.advance(days=90)
    run("core.disable_idle_administrators")
    assert administrator.is_active
    clock.advance(seconds=1)

    run("core.disable_idle_administrators")
    run("core.disable_idle_administrators")

    assert not administrator.is_active
    assert role_seal.is_genuine(administrator, keyring)
    assert recorded() == [("administrator.disable", "ok")]


def test_a_login_keeps_an_account(run, administrator, clock):
    clock.advance(days=60)
    administrator.last_used_at = clock.now()
    clock.advance(days=60)

    run("core.disable_idle_administrators")

    assert administrator.is_active


def test_the_account_of_a_person_who_left_is_switched_off(
    run, administrator, person, sessions, clock, keyring, recorded
):
    administrator.person_id = person.id
    role_seal.bind(administrator, keyring)
    sessions.begin_administrator(administrator, "password", Origin())
    person.state = PersonState.LEFT

    run("core.disable_idle_administrators")

    assert not administrator.is_active
    assert sessions.list_of_administrator(administrator.id) == []
    assert recorded()[-1] == ("administrator.disable", "ok")


def test_a_grant_changed_in_the_database_ends_and_is_an_alarm(
    run, session, grants, administrator, person, colleague, recorded
):
    honest = grants.grant(administrator, colleague, "notes:write")
    widened = grants.grant(administrator, person, "notes:write")
    session.execute(update(Grant).where(Grant.id == widened.id).values(can_pass_on=True))
    session.expire_all()

    run("core.end_changed_grants")
    run("core.end_changed_grants")

    assert honest.revoked_at is None
    assert (widened.revoked_at is None, widened.revoked_by) == (False, "system")
    assert recorded().count(("grant.changed", "error")) == 1
