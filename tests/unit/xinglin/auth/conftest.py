"""A small tree of departments, three persons, an administrator, and the permissions of an invented module."""

from __future__ import annotations

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.auth import role_seal
from xinglin.auth.administrators import AdministratorService
from xinglin.auth.grants import GrantService
from xinglin.auth.models import Administrator
from xinglin.auth.sessions import Lifetimes, SessionService
from xinglin.people.models import Department, Membership, Person, PersonFacet, PersonState
from xinglin.types import Permission, ScopeObject

PASSWORD = "correct horse battery"
PERMISSIONS = {
    permission.name: permission
    for permission in (
        Permission("notes:read", "Read notes", "Read."),
        Permission("notes:write", "Write notes", "Write.", is_delegable=True),
        Permission(
            "notes:publish",
            "Publish notes",
            "Publish.",
            is_delegable=True,
            has_departments=True,
            objects=lambda _session: [ScopeObject("wall", "Wall"), ScopeObject("door", "Door")],
        ),
    )
}


class Hospital:
    """Rows made by hand: this area needs the tables only."""

    def __init__(self, session, clock):
        self.session = session
        self.clock = clock
        self.departments = {}

    def department(self, code, parent=None):
        row = Department(
            code=code, name=f"科室{code}", name_en=f"Unit {code}", parent_id=parent and parent.id
        )
        self.session.add(row)
        self.session.flush()
        row.path = f"{parent.path if parent else '/'}{row.id}/"
        self.session.flush()
        self.departments[code] = row
        return row

    def person(self, staff_no, name="张三", *departments, **fields):
        now = self.clock.now()
        given = {
            "confirmed_at": now,
            "wecom_userid": f"U{staff_no}",
            "wecom_userid_key": f"u{staff_no}".lower(),
        }
        row = Person(
            staff_no=staff_no,
            name=name,
            state=PersonState.ACTIVE,
            locale="zh_CN",
            created_at=now,
            updated_at=now,
            **{**given, **fields},
        )
        row.memberships = [
            Membership(department_id=department.id, is_primary=order == 0, sort_order=order)
            for order, department in enumerate(departments)
        ]
        self.session.add(row)
        self.session.flush()
        self.session.add_all([PersonFacet(person_id=row.id, facet=facet) for facet in ("*", f"p:{row.id}")])
        self.session.flush()
        return row


@pytest.fixture
def hospital(session, clock):
    found = Hospital(session, clock)
    root = found.department("H")
    clinic = found.department("C", root)
    found.department("C1", clinic)
    found.department("C2", clinic)
    found.department("A", root)
    return found


@pytest.fixture
def person(hospital):
    return hospital.person("1001", "王丽", hospital.departments["C1"], hospital.departments["A"])


@pytest.fixture
def colleague(hospital):
    return hospital.person("1002", "李强", hospital.departments["C2"])


@pytest.fixture
def lifetimes():
    return Lifetimes(person=timedelta(hours=12), administrator_idle=timedelta(minutes=30))


@pytest.fixture
def sessions(session, clock, audit, lifetimes):
    return SessionService(session, clock, audit, lifetimes)


@pytest.fixture
def administrators(session, clock, audit, keyring, lifetimes):
    return AdministratorService(session, clock, audit, keyring, site_name="测试医院", lifetimes=lifetimes)


@pytest.fixture
def administrator(session, clock, keyring) -> Administrator:
    """Without a password that opens anything: hashing costs time."""
    row = Administrator(
        login="boss", name="周主任", password_hash="none", totp_sealed=b"", created_at=clock.now()
    )
    session.add(row)
    session.flush()
    role_seal.bind(row, keyring)
    session.flush()
    return row


@pytest.fixture
def permissions():
    return PERMISSIONS


@pytest.fixture
def grants(session, clock, audit):
    return GrantService(session, clock, audit, PERMISSIONS, ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def typed(session, keyring):
    """The audited accounts of failed and refused logins, as they were typed, oldest first."""

    def read():
        session.flush()
        rows = session.query(AuditRecord).filter(AuditRecord.action.in_(["login.fail", "login.refuse"]))
        return [
            json.loads(details_of(row, keyring))["after"]["login"] for row in rows.order_by(AuditRecord.id)
        ]

    return read


@pytest.fixture
def recorded(session):
    """The audited actions so far, oldest first, as (action, result)."""

    def read():
        session.flush()
        return [(row.action, row.result) for row in session.query(AuditRecord).order_by(AuditRecord.id)]

    return read
