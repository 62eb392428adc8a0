"""A login session is worth what the portal began: whatever SQL makes of it logs nobody in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from xinglin.auth.identity import read_identity
from xinglin.auth.models import LoginSession
from xinglin.auth.session_seal import SessionChanged
from xinglin.auth.sessions import Origin, hash_token
from xinglin.kernel.orm import new_public_id
from xinglin.people.models import Person

OWN_TOKEN = "a token that somebody made up himself"


@pytest.fixture
def look(session, clock, lifetimes, permissions, keyring):
    """The name of who is logged in by a token, None for nobody."""

    def read(token, *, is_bearer=False):
        session.flush()
        found = read_identity(
            session,
            hash_token(token),
            is_bearer=is_bearer,
            now=clock.now(),
            lifetimes=lifetimes,
            permissions=permissions,
            keyring=keyring,
        )
        return found[0].name if found else None

    return read


@pytest.fixture
def begun(sessions, person):
    return sessions.begin_person(person, "wecom", Origin("10.0.0.7", "wxwork", "r1"))


def test_a_session_that_nobody_touched_is_good_to_its_end(look, begun, sessions, clock, session):
    sessions.touch(begun.session_id)
    session.execute(update(LoginSession).values(ip="10.0.0.8", user_agent=""))
    assert look(begun.token) == "王丽"

    clock.advance(hours=12)

    assert look(begun.token) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda _row, _other: {"public_id": new_public_id()},
        lambda _row, _other: {"method": "qr"},
        lambda _row, other: {"person_id": other.id},
        lambda row, _other: {"created_at": row.created_at + timedelta(hours=1)},
        lambda row, _other: {"expires_at": row.expires_at + timedelta(microseconds=1)},
        lambda _row, _other: {"mac": ""},
    ],
    ids=["public id", "method", "owner", "beginning", "end", "no MAC"],
)
def test_a_session_changed_in_the_database_is_nobodys(look, begun, session, colleague, change):
    row = session.scalars(select(LoginSession)).one()
    session.execute(update(LoginSession).values(change(row, colleague)))

    with pytest.raises(SessionChanged) as raised:
        look(begun.token)

    assert raised.value.public_id == session.scalars(select(LoginSession.public_id)).one()


def test_ones_own_token_in_the_session_of_another_opens_nothing(look, begun, session):
    session.execute(update(LoginSession).values(token_hash=hash_token(OWN_TOKEN)))
    with pytest.raises(SessionChanged):
        look(OWN_TOKEN)


@pytest.mark.parametrize("method", ["password", "api"])
def test_a_persons_session_does_not_become_an_administrators(look, begun, session, administrator, method):
    session.execute(
        update(LoginSession).values(person_id=None, administrator_id=administrator.id, method=method)
    )
    with pytest.raises(SessionChanged):
        look(begun.token, is_bearer=method == "api")


def test_a_copied_session_under_another_token_opens_nothing(look, begun, session):
    names = [
        column.name
        for column in LoginSession.__table__.columns
        if column.name not in ("id", "public_id", "token_hash")
    ]
    row = session.execute(select(*(LoginSession.__table__.c[name] for name in names))).one()
    session.execute(
        insert(LoginSession).values(
            public_id=new_public_id(), token_hash=hash_token(OWN_TOKEN), **row._mapping
        )
    )
    with pytest.raises(SessionChanged):
        look(OWN_TOKEN)
    assert look(begun.token) == "王丽"


def test_persons_swapped_under_their_sessions_are_not_logged_in(look, begun, session, person, colleague):
    swap = ((person, "away"), (colleague, person.public_id), (person, colleague.public_id))
    for number, public_id in [(row.id, public_id) for row, public_id in swap]:
        session.execute(update(Person).where(Person.id == number).values(public_id=public_id))

    with pytest.raises(SessionChanged):
        look(begun.token)
