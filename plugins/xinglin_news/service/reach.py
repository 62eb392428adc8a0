"""Whom a notice may address is decided by the reach of its column (ADR 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.people import Department, Membership, Person, Role, Tag, Term
from xinglin_news.models import Column, Reach
from xinglin_news.service.authority import Authority
from xinglin_news.service.errors import OutsideReach

WHOLE_HOSPITAL = "全院"
NAMED: dict[str, Any] = {
    "department": Department,
    "department_tree": Department,
    "role": Role,
    "tag": Tag,
    "person": Person,
}


def check_reach(session: Session, authority: Authority, column: Column, includes: Sequence[Term]) -> None:
    """Raise `OutsideReach` when a term may reach someone beyond the departments of the grant.

    Roles and tags run through the whole hospital, so a column for own departments takes departments and persons.
    """
    if column.reach == Reach.HOSPITAL:
        return
    outside = [term for term in includes if not _is_inside(session, authority, column, term)]
    if outside:
        raise OutsideReach(column.title, "、".join(name_of(session, term) for term in outside))


def name_of(session: Session, term: Term) -> str:
    """What people call the thing that a term names."""
    if term.kind == "all":
        return WHOLE_HOSPITAL
    found = session.get(NAMED[term.kind], term.id)
    return found.name if found else str(term.id)


def _is_inside(session: Session, authority: Authority, column: Column, term: Term) -> bool:
    if term.kind in ("department", "department_tree") and isinstance(term.id, int):
        return authority.covers(column.key, term.id)
    if term.kind == "person":
        departments = session.scalars(select(Membership.department_id).where(Membership.person_id == term.id))
        return any(authority.covers(column.key, department_id) for department_id in departments)
    return False
