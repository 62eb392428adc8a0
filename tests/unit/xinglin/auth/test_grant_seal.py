"""A grant is worth what the portal wrote: whatever SQL makes of it gives nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from xinglin.auth.errors import GrantRefused
from xinglin.auth.identity import held_grants
from xinglin.auth.models import Grant, GrantDepartment
from xinglin.kernel.orm import new_public_id


@pytest.fixture
def held(session, person, clock, permissions):
    """What the person holds now."""

    def read(who=person):
        session.flush()
        return [grant.permission for grant in held_grants(session, who.id, clock.now(), permissions)]

    return read


@pytest.fixture
def grant(grants, administrator, person, hospital, clock):
    departments = [hospital.departments[code].id for code in ("C1", "A")]
    day = (clock.now() + timedelta(days=30)).date()
    return grants.grant(administrator, person, "notes:publish", "wall", departments, expires_at=day)


def test_a_grant_that_nobody_touched_holds(held, grant, session):
    session.flush()
    session.expire_all()
    assert held() == ["notes:publish"]


@pytest.mark.parametrize(
    "change",
    [
        {"object_key": None},
        {"object_key": "door"},
        {"can_pass_on": True},
        {"expires_at": None},
        {"permission": "notes:write"},
        {"mac": ""},
    ],
)
def test_a_widened_grant_gives_nothing(held, grant, session, change, caplog):
    session.execute(update(Grant).values(**change))
    assert held() == []
    assert f"grant {grant.public_id} was changed in the database" in caplog.text


def test_a_grant_with_more_or_fewer_departments_gives_nothing(held, grant, session, hospital):
    session.execute(
        insert(GrantDepartment).values(grant_id=grant.id, department_id=hospital.departments["H"].id)
    )
    assert held() == []
    session.execute(delete(GrantDepartment).where(GrantDepartment.grant_id == grant.id))
    assert held() == []


def test_a_grant_moved_to_somebody_else_gives_nothing(held, grant, session, colleague):
    session.execute(update(Grant).values(person_id=colleague.id))
    assert held(colleague) == []


def test_a_copied_grant_gives_nothing(held, grants, administrator, colleague, person, session):
    honest = grants.grant(administrator, colleague, "notes:write")
    names = [
        column.name
        for column in Grant.__table__.columns
        if column.name not in ("id", "public_id", "person_id")
    ]
    row = session.execute(select(*(Grant.__table__.c[name] for name in names))).one()
    session.execute(insert(Grant).values(public_id=new_public_id(), person_id=person.id, **row._mapping))
    assert held() == []
    assert held(colleague) == [honest.permission]


def test_a_revoked_grant_is_not_revived(held, grant, grants, administrator, session):
    grants.revoke(administrator, grant)
    assert held() == []
    session.execute(update(Grant).values(revoked_at=None))
    assert held() == []


def test_the_right_to_pass_on_cannot_be_taken(grants, administrator, person, colleague, session):
    grants.grant(administrator, person, "notes:write")
    session.execute(update(Grant).values(can_pass_on=True))
    session.expire_all()
    assert grants.passable_by(person.id) == []
    with pytest.raises(GrantRefused, match="pass on only what you hold"):
        grants.grant(person, colleague, "notes:write")
