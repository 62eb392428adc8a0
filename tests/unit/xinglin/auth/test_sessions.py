from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from xinglin.audit.models import AuditRecord
from xinglin.auth.models import LoginSession
from xinglin.auth.sessions import MOST_SESSIONS, Lifetimes, Origin

ORIGIN = Origin("10.0.0.7", "wxwork/4.1", "request-1")


def test_the_token_is_nowhere_stored(sessions, person, session):
    begun = sessions.begin_person(person, "wecom", ORIGIN)

    row = session.scalars(select(LoginSession)).one()
    assert len(begun.token) == 43
    assert begun.token not in {row.token_hash, row.public_id}
    assert (row.ip, row.user_agent, row.method) == ("10.0.0.7", "wxwork/4.1", "wecom")
    assert row.expires_at == begun.expires_at == row.created_at + timedelta(hours=12)


def test_a_login_is_audited_under_the_persons_name(sessions, person, session):
    begun = sessions.begin_person(person, "qr", ORIGIN)

    session.flush()
    row = session.scalars(select(AuditRecord)).one()
    assert (row.action, row.actor_kind, row.actor_id) == ("session.begin", "person", person.public_id)
    assert (row.session_id, row.ip, row.request_id) == (begun.session_id, "10.0.0.7", "request-1")


def test_own_sessions_are_listed_the_youngest_first(sessions, person, colleague, clock):
    old = sessions.begin_person(person, "wecom", ORIGIN)
    clock.advance(minutes=1)
    young = sessions.begin_person(person, "qr", ORIGIN)
    sessions.begin_person(colleague, "qr", ORIGIN)

    assert [row.public_id for row in sessions.list_of(person.id)] == [young.session_id, old.session_id]
    assert sessions.method_of(old.session_id) == "wecom"
    clock.advance(hours=12)
    assert sessions.list_of(person.id) == []


def test_one_session_is_ended_once_and_by_its_owner_only(sessions, person, colleague, recorded):
    begun = sessions.begin_person(person, "wecom", ORIGIN)

    assert not sessions.end(begun.session_id, "ended by owner", person_id=colleague.id)
    assert sessions.end(begun.session_id, "ended by owner", person_id=person.id)
    assert not sessions.end(begun.session_id, "ended by owner", person_id=person.id)
    assert recorded() == [("session.begin", "ok"), ("session.end", "ok")]


def test_all_sessions_of_a_person_end(sessions, person, colleague):
    kept = sessions.begin_person(person, "wecom", ORIGIN)
    sessions.begin_person(person, "qr", ORIGIN)
    other = sessions.begin_person(colleague, "qr", ORIGIN)

    assert sessions.end_all_of(person.id, "left", but_not=kept.session_id) == 1
    assert sessions.end_all_of(person.id, "left") == 1
    assert sessions.list_of(person.id) == []
    assert [row.public_id for row in sessions.list_of(colleague.id)] == [other.session_id]


def test_sessions_of_an_administrator_end(sessions, administrator):
    sessions.begin_administrator(administrator, "password", ORIGIN)

    assert len(sessions.list_of_administrator(administrator.id)) == 1
    assert sessions.end_all_of_administrator(administrator.id, "disabled") == 1
    assert sessions.list_of_administrator(administrator.id) == []


@pytest.mark.parametrize("owner", ["person", "administrator"])
def test_too_many_sessions_end_the_oldest(sessions, person, administrator, clock, owner):
    begin = sessions.begin_person if owner == "person" else sessions.begin_administrator
    begun = []
    for _count in range(MOST_SESSIONS + 1):
        clock.advance(seconds=1)
        begun.append(begin(person if owner == "person" else administrator, "qr", ORIGIN))

    alive = (
        sessions.list_of(person.id) if owner == "person" else sessions.list_of_administrator(administrator.id)
    )

    assert [row.public_id for row in alive] == [found.session_id for found in reversed(begun[1:])]


def test_long_user_agents_are_cut(sessions, person, session):
    sessions.begin_person(person, "qr", Origin("1" * 99, "x" * 999))

    row = session.scalars(select(LoginSession)).one()
    assert (len(row.ip), len(row.user_agent)) == (64, 255)


def test_lifetimes_come_from_the_settings():
    class Settings:
        session_phone = timedelta(hours=3)
        session_admin = timedelta(minutes=4)

    assert Lifetimes.of(Settings) == Lifetimes(timedelta(hours=3), timedelta(minutes=4))
