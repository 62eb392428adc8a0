from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, update

from xinglin.auth import role_seal
from xinglin.auth.identity import ALL, HeldGrant, Identity, read_identity
from xinglin.auth.models import Administrator
from xinglin.auth.role_seal import RoleChanged
from xinglin.auth.sessions import Origin, hash_token
from xinglin.people.models import PersonState


@pytest.fixture
def look(session, clock, lifetimes, permissions, keyring):
    """Read the identity of a token now; None or the identity."""

    def read(begun, *, is_bearer=False):
        session.flush()
        found = read_identity(
            session,
            hash_token(begun.token),
            is_bearer=is_bearer,
            now=clock.now(),
            lifetimes=lifetimes,
            permissions=permissions,
            keyring=keyring,
            locale="en",
        )
        return found[0] if found else None

    return read


@pytest.fixture
def begun(sessions, person):
    return sessions.begin_person(person, "wecom", Origin("10.0.0.7", "wxwork", "r1"))


def test_a_person_is_known_with_departments_and_grants(look, begun, person, grants, administrator, hospital):
    grants.grant(administrator, person, "notes:publish", "wall", [hospital.departments["C"].id])

    identity = look(begun)

    assert (identity.kind, identity.id, identity.name) == ("person", person.id, "王丽")
    assert (identity.is_confirmed, identity.is_staff, identity.locale) == (True, True, "zh_CN")
    assert identity.departments_text == "科室C1、科室A"
    assert [grant.permission for grant in identity.grants] == ["notes:publish"]
    assert identity.session_id == begun.session_id


def test_an_english_reader_sees_english_departments(look, begun, person, hospital):
    person.locale = "en"
    hospital.departments["A"].name_en = ""

    assert look(begun).departments_text == "Unit C1, 科室A"


def test_a_person_without_department_has_no_text(look, sessions, hospital):
    assert look(sessions.begin_person(hospital.person("9"), "qr", Origin())).departments_text == ""


def test_an_identity_with_grants_costs_two_queries(
    look, begun, person, grants, administrator, hospital, session
):
    for key in ("wall", "door", None):
        grants.grant(administrator, person, "notes:publish", key, [hospital.departments["H"].id])
    session.flush()
    statements = []
    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", lambda *call: statements.append(call[2]))

    identity = look(begun)

    assert len(identity.grants) == 3
    assert len(statements) == 2


def test_an_administrator_is_known_without_rights_of_staff(look, sessions, administrator):
    identity = look(sessions.begin_administrator(administrator, "password", Origin()))

    assert (identity.kind, identity.name, identity.locale) == ("administrator", "周主任", "en")
    assert not identity.is_staff
    assert not identity.may("notes:read")
    assert identity.objects_of("notes:read") == []


def test_a_bearer_token_is_no_cookie_and_the_reverse(look, sessions, administrator, begun):
    bearer = sessions.begin_administrator(administrator, "api", Origin())

    assert look(bearer) is None
    assert look(bearer, is_bearer=True).kind == "administrator"
    assert look(begun, is_bearer=True) is None


@pytest.mark.parametrize("state", [PersonState.DISABLED, PersonState.LEFT])
def test_who_is_not_active_any_more_is_out_at_once(look, begun, person, state):
    person.state = state

    assert look(begun) is None


def test_a_disabled_administrator_is_out_at_once(look, sessions, administrator):
    begun = sessions.begin_administrator(administrator, "password", Origin())
    administrator.is_active = False

    assert look(begun) is None


def test_an_ended_session_is_out(look, begun, sessions):
    sessions.end(begun.session_id, "logout")

    assert look(begun) is None


def test_a_staff_session_ends_twelve_hours_after_login(look, begun, clock):
    clock.advance(hours=11, minutes=59)
    assert look(begun) is not None
    clock.advance(minutes=1)
    assert look(begun) is None


def test_an_administrator_is_out_after_half_an_hour_of_idleness(look, sessions, administrator, clock):
    begun = sessions.begin_administrator(administrator, "password", Origin())
    clock.advance(minutes=29)
    assert look(begun) is not None
    sessions.touch(begun.session_id)
    clock.advance(minutes=29)
    assert look(begun) is not None
    clock.advance(minutes=1)
    assert look(begun) is None


def test_an_unknown_token_is_nobody(look, begun):
    assert look(type(begun)("x" * 43, "", begun.expires_at)) is None


def identity_with(*grants, is_confirmed=True, shared=()):
    return Identity(
        "person",
        1,
        "p",
        "王丽",
        "s",
        is_confirmed,
        "zh_CN",
        False,
        "",
        grants,
        frozenset(shared),
    )


def held(object_key=None, departments=(), permission="notes:publish"):
    return HeldGrant(permission, object_key, frozenset(departments), frozenset(), None)


@pytest.mark.parametrize(
    ("grant", "asked", "is_allowed"),
    [
        (held(), {}, True),
        (held(), {"object_key": "wall", "department_id": 7}, True),
        (held("wall"), {"object_key": "wall"}, True),
        (held("wall"), {"object_key": "door"}, False),
        (held("wall"), {}, True),
        (held(departments={7}), {"department_id": 7}, True),
        (held(departments={7}), {"department_id": 8}, False),
        (held("wall", {7}), {"object_key": "wall", "department_id": 8}, False),
        (held(permission="notes:write"), {}, False),
    ],
)
def test_may_looks_at_object_and_department(grant, asked, is_allowed):
    assert identity_with(grant).may("notes:publish", **asked) is is_allowed


def test_object_and_department_must_be_of_one_grant():
    identity = identity_with(held("wall", {7}), held("door", {8}))

    assert not identity.may("notes:publish", object_key="wall", department_id=8)


def test_what_belongs_to_all_staff_needs_a_confirmed_person():
    assert identity_with(shared={"notes:read"}).may("notes:read", object_key="wall")
    assert not identity_with(is_confirmed=False, shared={"notes:read"}).may("notes:read")
    assert not identity_with(held(), is_confirmed=False).may("notes:publish")


def test_objects_are_listed_or_all():
    assert identity_with(held("wall"), held("door"), held("wall")).objects_of("notes:publish") == [
        "door",
        "wall",
    ]
    everything = identity_with(held("wall"), held(None)).objects_of("notes:publish")
    assert everything is ALL
    assert "anything" in everything
    assert repr(everything) == "ALL"
    assert identity_with(shared={"notes:read"}).objects_of("notes:read") is ALL
    assert identity_with(is_confirmed=False).objects_of("notes:read") == []


def test_the_time_since_the_last_request_is_told(session, clock, lifetimes, begun, keyring):
    clock.advance(minutes=7)

    _identity, idle = read_identity(
        session,
        hash_token(begun.token),
        is_bearer=False,
        now=clock.now(),
        lifetimes=lifetimes,
        permissions={},
        keyring=keyring,
    )

    assert idle == timedelta(minutes=7)


def test_an_administrator_has_the_role_of_the_account(look, sessions, administrator, keyring):
    administrator.role = "audit"
    role_seal.bind(administrator, keyring)

    assert look(sessions.begin_administrator(administrator, "password", Origin())).role == "audit"


@pytest.mark.parametrize("change", [{"role": "audit"}, {"person_id": 1}, {"login": "root"}, {"role_mac": ""}])
def test_an_account_changed_in_the_database_opens_nothing(
    look, sessions, session, administrator, person, change
):
    begun = sessions.begin_administrator(administrator, "password", Origin())
    change = {"person_id": person.id} if "person_id" in change else change
    session.execute(update(Administrator).values(**change))

    with pytest.raises(RoleChanged) as raised:
        look(begun)

    assert raised.value.public_id == administrator.public_id


def test_an_administrator_who_left_the_hospital_is_out_at_once(
    look, sessions, administrator, person, keyring
):
    administrator.person_id = person.id
    role_seal.bind(administrator, keyring)
    begun = sessions.begin_administrator(administrator, "password", Origin())
    assert look(begun) is not None

    person.state = PersonState.LEFT

    assert look(begun) is None
