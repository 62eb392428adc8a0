"""Who manages processes: the holders of the permission, or else those who lead the hospital."""

from __future__ import annotations

from collections.abc import Container
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.people import Department, Membership, Person, PersonState
from xinglin.api.security import GrantFilter, GrantService, held_grants
from xinglin.types import Clock
from xinglin_documents.permissions import PERMISSIONS, DocumentsPermission

KNOWN = {one.name: one for one in PERMISSIONS}
MOST = 200


class GrantedManagers:
    """Reads the grants anew at each call; a grant that was changed in the database counts for nothing."""

    def __init__(self, session: Session, clock: Clock, audit: AuditTrail) -> None:
        self._session = session
        self._clock = clock
        self._grants = GrantService(session, clock, audit, KNOWN, ZoneInfo("UTC"))

    def __call__(self) -> tuple[int, ...]:
        wanted = GrantFilter(permission=DocumentsPermission.MANAGE, limit=MOST)
        granted = sorted({grant.person_id for grant in self._grants.list(wanted)})
        held = [person for person in granted if self._holds(person, KNOWN)]
        return self._active(held) or self._leaders()

    def _holds(self, person_id: int, known: Container[str]) -> bool:
        held = held_grants(self._session, person_id, self._clock.now(), known)
        return any(one.permission == DocumentsPermission.MANAGE for one in held)

    def _active(self, persons: list[int]) -> tuple[int, ...]:
        query = select(Person.id).where(Person.id.in_(persons), Person.state == PersonState.ACTIVE)
        return tuple(self._session.scalars(query.order_by(Person.id)))

    def _leaders(self) -> tuple[int, ...]:
        """Those who lead the department at the top."""
        query = (
            select(Person.id)
            .join(Membership, Membership.person_id == Person.id)
            .join(Department, Department.id == Membership.department_id)
            .where(Department.parent_id.is_(None), Department.is_active.is_(True))
            .where(Membership.is_leader.is_(True), Person.state == PersonState.ACTIVE)
            .order_by(Department.sort_order, Membership.sort_order, Person.id)
        )
        return tuple(dict.fromkeys(self._session.scalars(query)))
