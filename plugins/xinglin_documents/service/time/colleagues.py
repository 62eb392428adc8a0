"""Whom to offer as deputy: who was it before, then colleagues of the same department, leaders first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from xinglin.api.people import Department, Membership, Person, PersonState
from xinglin_documents.models import Deputy

OFFERED = 8


@dataclass(frozen=True)
class Colleague:
    """Somebody to choose; `department` is the main one."""

    public_id: str
    name: str
    department: str


def suggested(session: Session, person_id: int) -> list[Colleague]:
    """Eight at most, herself never."""
    before = select(Deputy.deputy_id).where(Deputy.principal_id == person_id)
    latest = before.group_by(Deputy.deputy_id).order_by(func.max(Deputy.starts_at).desc()).limit(OFFERED)
    known = list(session.scalars(latest))
    places = select(Membership.department_id).where(Membership.person_id == person_id)
    near = (
        select(Membership.person_id)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.department_id.in_(places),
            Membership.person_id != person_id,
            Person.state == PersonState.ACTIVE,
        )
        .group_by(Membership.person_id)
        .order_by(func.max(case((Membership.is_leader, 1), else_=0)).desc(), Membership.person_id)
        .limit(OFFERED)
    )
    return named(session, list(dict.fromkeys([*known, *session.scalars(near)]))[:OFFERED])


def named(session: Session, ids: Sequence[int]) -> list[Colleague]:
    """These active persons, in this order."""
    found = dict(_read(session, Person.id.in_(ids)))
    return [found[one] for one in ids if one in found]


def _read(session: Session, condition: ColumnElement[bool]) -> Iterable[tuple[int, Colleague]]:
    query = (
        select(Person.id, Person.public_id, Person.name, Department.name)
        .outerjoin(Membership, (Membership.person_id == Person.id) & Membership.is_primary)
        .outerjoin(Department, Department.id == Membership.department_id)
        .where(condition, Person.state == PersonState.ACTIVE)
    )
    for person_id, public_id, name, department in session.execute(query):
        yield person_id, Colleague(public_id, name, department or "")
