from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.auth.errors import GrantRefused
from xinglin.auth.grants import GrantFilter
from xinglin.auth.identity import Identity, held_grants
from xinglin.people.models import PersonState


@pytest.fixture
def publish(grants, administrator, hospital):
    """Give `notes:publish` for the wall and everything below the clinic, unless told otherwise."""

    def give(person, by=administrator, object_key="wall", department="C", **more):
        departments = [hospital.departments[department].id] if department else []
        return grants.grant(by, person, "notes:publish", object_key, departments, **more)

    return give


def identity_of(person, kind="person"):
    return Identity(kind, person.id, person.public_id, person.name, "s", True, "zh_CN", False, "", ())


def refusal(call, *arguments, **options):
    with pytest.raises(GrantRefused) as caught:
        call(*arguments, **options)
    return str(caught.value.message.interpolate()), caught.value.status


def test_a_grant_reaches_the_departments_below(grants, publish, person, hospital, session, clock):
    publish(person)

    held = held_grants(session, person.id, clock.now(), {"notes:publish"})

    ids = {hospital.departments[code].id for code in ("C", "C1", "C2")}
    assert [(grant.object_key, grant.department_ids) for grant in held] == [("wall", ids)]
    assert held[0].department_paths == {hospital.departments["C"].path}


def test_a_grant_is_audited_with_its_scope(publish, person, session, hospital, keyring):
    publish(person, can_pass_on=True)

    session.flush()
    row = session.scalars(select(AuditRecord)).one()
    assert (row.action, row.object_kind, row.actor_kind) == ("grant.create", "grant", "system")
    after = json.loads(details_of(row, keyring))["after"]
    assert after["department_ids"] == [hospital.departments["C"].id]
    assert (after["permission"], after["object_key"], after["can_pass_on"]) == ("notes:publish", "wall", True)


def test_the_last_day_counts_as_a_whole_in_the_hospitals_time_zone(publish, person, grants, clock):
    grant = publish(person, expires_at=date(2026, 11, 23))

    assert grant.expires_at == datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    clock.advance(hours=14, minutes=59)
    assert grants.held_by(person.id) == [grant]
    clock.advance(minutes=1)
    assert grants.held_by(person.id) == []


def test_a_moment_is_taken_as_it_is(publish, person, clock):
    moment = clock.now() + timedelta(minutes=5)

    assert publish(person, expires_at=moment).expires_at == moment


@pytest.mark.parametrize(
    ("permission", "object_key", "departments", "sentence"),
    [
        ("notes:burn", None, [], "There is no permission “notes:burn”."),
        ("notes:read", None, [], "This permission belongs to every member of staff."),
        ("notes:publish", "moon", ["C"], "“moon” is not one of the objects of this permission."),
        ("notes:write", "wall", [], "“wall” is not one of the objects of this permission."),
        ("notes:publish", "wall", [], "This permission needs at least one department."),
        ("notes:write", None, ["C"], "This permission is not narrowed to departments."),
    ],
)
def test_what_does_not_exist_is_refused(
    grants, administrator, person, hospital, permission, object_key, departments, sentence
):
    ids = [hospital.departments[code].id for code in departments]

    assert refusal(grants.grant, administrator, person, permission, object_key, ids) == (sentence, 422)
    assert grants.held_by(person.id) == []


def test_an_unknown_or_closed_department_is_refused(grants, administrator, person, hospital):
    hospital.departments["C1"].is_active = False

    for department_id in (hospital.departments["C1"].id, 999_999):
        sentence, _status = refusal(
            grants.grant, administrator, person, "notes:publish", None, [department_id]
        )
        assert sentence == "A department is unknown or no longer in use."


def test_yesterday_as_last_day_is_refused(publish, person):
    assert "in the past" in refusal(publish, person, expires_at=date(2026, 11, 22))[0]


@pytest.mark.parametrize("state", [PersonState.DISABLED, PersonState.LEFT])
def test_who_is_not_active_gets_nothing(publish, person, session, state):
    person.state = state
    session.flush()

    assert refusal(publish, person)[0] == "王丽 does not work here any more."


def test_the_same_grant_twice_is_refused_another_scope_is_not(publish, person, grants):
    publish(person)

    assert refusal(publish, person)[0] == "王丽 already has this permission."
    publish(person, object_key="door")
    publish(person, department="A")
    assert len(grants.held_by(person.id)) == 3


def test_after_the_end_the_same_grant_may_be_given_again(publish, person, grants, clock):
    publish(person, expires_at=date(2026, 11, 23))
    clock.advance(days=1)

    again = publish(person)

    assert grants.held_by(person.id) == [again]


def test_a_person_passes_on_a_part_of_what_he_holds(publish, person, colleague, hospital):
    parent = publish(person, can_pass_on=True, expires_at=date(2026, 12, 31))

    child = publish(colleague, by=identity_of(person), department="C2", expires_at=date(2026, 12, 31))

    assert (child.parent_grant_id, child.granted_by_person_id) == (parent.id, person.id)
    assert child.granted_by_administrator_id is None


def test_a_grant_without_limits_is_passed_on_in_any_way(grants, administrator, person, colleague):
    grants.grant(administrator, person, "notes:write", can_pass_on=True)

    child = grants.grant(person, colleague, "notes:write", expires_at=date(2027, 1, 1))

    assert [grant.id for grant in grants.held_by(colleague.id)] == [child.id]


@pytest.mark.parametrize(
    "wish",
    [
        {"department": "H", "expires_at": date(2026, 12, 1)},
        {"department": "A", "expires_at": date(2026, 12, 1)},
        {"object_key": "door", "expires_at": date(2026, 12, 1)},
        {"object_key": None, "expires_at": date(2026, 12, 1)},
        {"expires_at": date(2027, 1, 1)},
        {"expires_at": None},
    ],
    ids=["above", "beside", "other object", "all objects", "longer", "for ever"],
)
def test_nobody_passes_on_more_than_he_holds(publish, person, colleague, grants, wish):
    publish(person, can_pass_on=True, expires_at=date(2026, 12, 31))

    sentence, status = refusal(publish, colleague, by=person, **wish)

    assert (status, "only what you hold yourself" in sentence) == (403, True)
    assert grants.held_by(colleague.id) == []


def test_a_path_that_only_looks_alike_is_not_below(publish, person, colleague, hospital, session):
    publish(person, department="C1", can_pass_on=True)
    twin = hospital.departments["C2"]
    twin.path = hospital.departments["C1"].path.rstrip("/") + "5/"
    session.flush()

    assert refusal(publish, colleague, by=person, department="C2")[1] == 403


def test_without_the_right_to_pass_on_nothing_is_passed_on(publish, person, colleague):
    publish(person)

    assert refusal(publish, colleague, by=person)[1] == 403


def test_the_right_to_pass_on_comes_from_the_administrator_only(publish, person, colleague):
    publish(person, can_pass_on=True)

    sentence, status = refusal(publish, colleague, by=person, can_pass_on=True)

    assert (sentence, status) == ("Only the administrator gives the right to pass on.", 403)


def test_nobody_gives_to_himself(publish, person):
    publish(person, can_pass_on=True)

    assert refusal(publish, person, by=person, department="C1") == (
        "Nobody gives a permission to himself.",
        403,
    )


def test_an_ended_grant_passes_nothing_on(publish, person, colleague, grants, administrator, clock):
    publish(person, can_pass_on=True, expires_at=date(2026, 11, 23))
    clock.advance(days=1)

    assert grants.passable_by(person.id) == []
    assert refusal(publish, colleague, by=person, expires_at=date(2026, 11, 24))[1] == 403


def test_revoking_ends_what_was_passed_on(
    publish, person, colleague, grants, administrator, session, keyring
):
    parent = publish(person, can_pass_on=True)
    child = publish(colleague, by=person)

    ended = grants.revoke(identity_of(administrator, "administrator"), parent, "moved to another ward")

    assert ended == 2
    assert grants.held_by(person.id) == grants.held_by(colleague.id) == []
    assert child.revoked_by == f"administrator:{administrator.id}"
    rows = session.scalars(select(AuditRecord).where(AuditRecord.action == "grant.revoke")).all()
    details = [json.loads(details_of(row, keyring)) for row in rows]
    assert {row.object_id for row in rows} == {parent.public_id, child.public_id}
    assert all("revoked_at" not in found["before"] for found in details)
    assert [found["after"]["reason"] for found in details] == ["moved to another ward"] * 2


def test_revoking_twice_changes_nothing(publish, person, grants, administrator):
    grant = publish(person)
    grants.revoke(administrator, grant)
    first = grant.revoked_at

    assert grants.revoke(administrator, grant) == 0
    assert grant.revoked_at == first


def test_a_person_takes_back_only_what_he_passed_on(publish, person, colleague, grants):
    parent = publish(person, can_pass_on=True)
    child = publish(colleague, by=person)

    assert refusal(grants.revoke, colleague, child)[1] == 403
    assert refusal(grants.revoke, person, parent)[1] == 403
    assert grants.revoke(person, child) == 1
    assert grants.held_by(person.id) == [parent]


def test_lists_are_filtered_and_paged(publish, grants, administrator, person, colleague):
    first = publish(person)
    second = publish(colleague, object_key="door")
    third = grants.grant(administrator, colleague, "notes:write")
    grants.revoke(administrator, third)

    def ids(**wanted):
        return [grant.id for grant in grants.list(GrantFilter(**wanted))]

    assert ids() == [second.id, first.id]
    assert ids(limit=1, offset=1) == [first.id]
    assert ids(person_id=person.id) == [first.id]
    assert ids(permission="notes:write") == []
    assert ids(permission="notes:write", has_ended=True) == [third.id]
    assert ids(object_key="door") == [second.id]
    assert ids(has_ended=None) == [third.id, second.id, first.id]
    assert grants.find(first.public_id) is first
    assert grants.find("nothing") is None


def test_a_permission_that_nobody_declares_has_no_effect(publish, person, session, clock, caplog):
    publish(person)
    caplog.set_level("INFO", "xinglin.auth.identity")

    assert held_grants(session, person.id, clock.now(), {"other:thing"}) == ()
    assert "notes:publish has no effect" in caplog.text
