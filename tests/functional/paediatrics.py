"""A small hospital for whole journeys: paediatrics with two wards, and the pharmacy."""

from __future__ import annotations

from sqlalchemy.orm import Session

from xinglin.api.people import PeopleService
from xinglin.audit.service import AuditTrail
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.roles import ensure_standard
from xinglin.testing.clock import FrozenClock

HEAD, NURSE, OUTSIDER = "N10011", "N10021", "P10051"
TREE = (
    DepartmentRecord("H", "江北市妇女儿童医院"),
    DepartmentRecord("P", "儿科", "H"),
    DepartmentRecord("P1", "儿科一病区", "P"),
    DepartmentRecord("P2", "儿科二病区", "P"),
    DepartmentRecord("O", "药学部", "H"),
)
PEOPLE = ((HEAD, "单玉梅", "P"), (NURSE, "王丽", "P1"), (OUTSIDER, "朴恩雅", "O"))


def settle_in(session: Session, clock: FrozenClock, audit: AuditTrail) -> PeopleService:
    """Write the departments and three confirmed colleagues."""
    ensure_standard(session)
    people = PeopleService(session, clock, audit)
    for record in TREE:
        people.create_department(record)
    for userid, name, department in PEOPLE:
        record = PersonRecord(userid[1:], name, wecom_userid=userid, department=department)
        people.create(record).confirmed_at = clock.now()
    return people
