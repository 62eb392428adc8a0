"""A small hospital: a tree of six departments, persons on demand, both services."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from xinglin.audit.service import AuditTrail
from xinglin.kernel.db import Session
from xinglin.people import roster
from xinglin.people.audience import AudienceService
from xinglin.people.models import Department, Person
from xinglin.people.records import DepartmentRecord, PersonRecord, difference
from xinglin.people.roles import ensure_standard
from xinglin.people.service import PeopleService
from xinglin.testing.clock import FrozenClock

TREE = (
    DepartmentRecord("H", "杏林医院"),
    DepartmentRecord("C", "临床", "H", sort_order=1),
    DepartmentRecord("C1", "儿科", "C", sort_order=2),
    DepartmentRecord("C2", "产科", "C", sort_order=1),
    DepartmentRecord("A", "行政", "H", sort_order=2),
    DepartmentRecord("A1", "人事科", "A"),
)


@dataclass
class Hospital:
    """What a test asks the hospital to do."""

    session: Session
    people: PeopleService
    audiences: AudienceService
    departments: dict[str, Department]

    def person(self, staff_no: str, name: str = "张三", department: str = "C1", **fields: object) -> Person:
        """A person; with a WeCom account unless told otherwise."""
        given = {"wecom_userid": f"U{staff_no}", **fields}
        return self.people.create(PersonRecord(staff_no, name, department=department, **given))  # type: ignore[arg-type]


@pytest.fixture
def people(session: Session, clock: FrozenClock, audit: AuditTrail) -> PeopleService:
    return PeopleService(session, clock, audit)


@pytest.fixture
def audiences(session: Session, clock: FrozenClock) -> AudienceService:
    return AudienceService(session, clock)


@pytest.fixture
def hospital(
    session: Session, clock: FrozenClock, audit: AuditTrail, people: PeopleService, audiences: AudienceService
) -> Hospital:
    ensure_standard(session)
    changes = [change for record in TREE if (change := difference(None, record))]
    roster.Writer(session, clock, audit).apply(changes)
    departments = {row.code: row for row in session.scalars(select(Department))}
    return Hospital(session, people, audiences, departments)
