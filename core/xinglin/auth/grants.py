"""Grants: giving a permission to a person, passing it on, and taking it back (分级授权)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, selectinload

from xinglin.api.i18n import translator
from xinglin.audit.service import AuditTrail
from xinglin.auth import grant_seal, scopes
from xinglin.auth.errors import GrantRefused
from xinglin.auth.identity import Identity
from xinglin.auth.models import Administrator, Grant
from xinglin.auth.scopes import Scope
from xinglin.people.models import Person, PersonState
from xinglin.types import Clock, Permission

_ = translator("core")
LONGEST_PAGE = 200


@dataclass(frozen=True)
class GrantFilter:
    """Which grants to list; None = any. `limit` is cut to 200."""

    person_id: int | None = None
    permission: str | None = None
    object_key: str | None = None
    has_ended: bool | None = False
    offset: int = 0
    limit: int = 50


class GrantService:
    """Every act is checked, audited, and works at the person's next request."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        permissions: Mapping[str, Permission],
        zone: ZoneInfo,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._permissions = permissions
        self._zone = zone

    def grant(
        self,
        by: Administrator | Person | Identity,
        person: Person,
        permission: str,
        object_key: str | None = None,
        department_ids: Iterable[int] = (),
        *,
        expires_at: date | datetime | None = None,
        can_pass_on: bool = False,
    ) -> Grant:
        """Give `permission` to `person`; a plain date as end means the whole of that day. Raises `GrantRefused`.

        An administrator gives anything delegable. A person gives only what lies within a grant that he
        holds with the right to pass on, and not that right itself.
        """
        declared = scopes.check_permission(self._permissions, permission)
        scopes.check_object(self._session, declared, object_key)
        departments = scopes.check_departments(self._session, declared, department_ids)
        end = scopes.end_of(expires_at, self._zone)
        self._check_end(end)
        self._check_receiver(person)
        scope = Scope(permission, object_key, departments, end)
        parent = (
            None if _is_administrator(by) else self._parent(by.id, person, scope, can_pass_on=can_pass_on)
        )
        self._check_new(person, scope)
        return self._write(by, person, scope, parent, can_pass_on=can_pass_on)

    def revoke(self, by: Administrator | Person | Identity, grant: Grant, reason: str = "") -> int:
        """End a grant and all that was passed on from it; returns how many ended. Raises `GrantRefused`.

        A person may take back only what he himself passed on.
        """
        if not _is_administrator(by) and grant.granted_by_person_id != by.id:
            raise GrantRefused(
                _("Only who gave a permission may take it back."), _("Ask the administrator."), status=403
            )
        ended = 0
        waiting = [grant]
        while waiting:
            current = waiting.pop()
            waiting.extend(self._session.scalars(select(Grant).where(Grant.parent_grant_id == current.id)))
            ended += self._end(by, current, reason)
        self._session.flush()
        return ended

    def find(self, public_id: str) -> Grant | None:
        """The grant with this public id."""
        return self._session.scalar(select(Grant).where(Grant.public_id == public_id))

    def held_by(self, person_id: int) -> Sequence[Grant]:
        """The grants that a person holds now."""
        return self._select(Grant.person_id == person_id, self._is_in_force())

    def passable_by(self, person_id: int) -> Sequence[Grant]:
        """The grants of which a person may give parts to others now."""
        found = self._select(Grant.person_id == person_id, Grant.can_pass_on.is_(True), self._is_in_force())
        keyring = grant_seal.keyring_of(self._session)
        return [grant for grant in found if grant_seal.is_genuine(grant, keyring)]

    def passed_on_by(self, person_id: int) -> Sequence[Grant]:
        """The grants in force that a person gave to others."""
        return self._select(Grant.granted_by_person_id == person_id, self._is_in_force())

    def list(self, wanted: GrantFilter) -> Sequence[Grant]:
        """One page of grants, the youngest first."""
        conditions: list[ColumnElement[bool]] = []
        if wanted.person_id is not None:
            conditions.append(Grant.person_id == wanted.person_id)
        if wanted.permission is not None:
            conditions.append(Grant.permission == wanted.permission)
        if wanted.object_key is not None:
            conditions.append(Grant.object_key == wanted.object_key)
        if wanted.has_ended is not None:
            conditions.append(~self._is_in_force() if wanted.has_ended else self._is_in_force())
        return self._select(*conditions, offset=wanted.offset, limit=min(wanted.limit, LONGEST_PAGE))

    def end_changed(self) -> int:
        """End the grants in force that are not as the portal wrote them; each is an alarm in the trail."""
        keyring = grant_seal.keyring_of(self._session)
        found = [
            grant for grant in self._select(self._is_in_force()) if not grant_seal.is_genuine(grant, keyring)
        ]
        for grant in found:
            self._audit.record(
                "grant.changed", "grant", grant.public_id, before=_words(grant), result="error"
            )
            grant.revoked_at, grant.revoked_by = self._clock.now(), "system"
        self._session.flush()
        return len(found)

    def _select(
        self, *conditions: ColumnElement[bool], offset: int = 0, limit: int | None = None
    ) -> Sequence[Grant]:
        query = (
            select(Grant)
            .where(*conditions)
            .options(selectinload(Grant.departments), selectinload(Grant.person))
            .order_by(Grant.id.desc())
            .offset(offset)
            .limit(limit)
        )
        return self._session.scalars(query).all()

    def _is_in_force(self) -> ColumnElement[bool]:
        is_running = or_(Grant.expires_at.is_(None), Grant.expires_at > self._clock.now())
        return Grant.revoked_at.is_(None) & is_running

    def _check_end(self, end: datetime | None) -> None:
        if end is not None and end <= self._clock.now():
            raise GrantRefused(
                _("The last day of the permission is in the past."), _("Choose today or later.")
            )

    def _check_receiver(self, person: Person) -> None:
        # The lock makes two grants to one person wait for each other, so that the check for doubles holds.
        state = self._session.scalar(select(Person.state).where(Person.id == person.id).with_for_update())
        if state != PersonState.ACTIVE:
            raise GrantRefused(_("${name} does not work here any more.", mapping={"name": person.name}))

    def _parent(self, holder_id: int, person: Person, scope: Scope, *, can_pass_on: bool) -> Grant:
        if person.id == holder_id:
            raise GrantRefused(
                _("Nobody gives a permission to himself."), _("Ask the administrator."), status=403
            )
        if can_pass_on:
            raise GrantRefused(
                _("Only the administrator gives the right to pass on."),
                _("Give the permission without it."),
                status=403,
            )
        for held in self.passable_by(holder_id):
            if scopes.is_inside(scope, held):
                return held
        raise GrantRefused(
            _("You may pass on only what you hold yourself, and not for longer."),
            _("Choose a smaller scope or an earlier day, or ask the administrator."),
            status=403,
        )

    def _check_new(self, person: Person, scope: Scope) -> None:
        for held in self.held_by(person.id):
            is_same = (held.permission, held.object_key) == (scope.permission, scope.object_key)
            if is_same and {department.id for department in held.departments} == scope.department_ids:
                raise GrantRefused(
                    _("${name} already has this permission.", mapping={"name": person.name}),
                    _("Take the present one back first if you want to change it."),
                )

    def _write(
        self,
        by: Administrator | Person | Identity,
        person: Person,
        scope: Scope,
        parent: Grant | None,
        *,
        can_pass_on: bool,
    ) -> Grant:
        grant = Grant(
            person_id=person.id,
            permission=scope.permission,
            object_key=scope.object_key,
            can_pass_on=can_pass_on,
            expires_at=scope.expires_at,
            granted_at=self._clock.now(),
            granted_by_administrator_id=by.id if parent is None else None,
            granted_by_person_id=by.id if parent is not None else None,
            parent_grant_id=parent.id if parent is not None else None,
            departments=list(scope.departments),
        )
        self._session.add(grant)
        self._session.flush()
        grant_seal.bind(grant, grant_seal.keyring_of(self._session))
        self._audit.record("grant.create", "grant", grant.public_id, after=_words(grant))
        return grant

    def _end(self, by: Administrator | Person | Identity, grant: Grant, reason: str) -> int:
        if grant.revoked_at is not None:
            return 0
        before = _words(grant)
        keyring = grant_seal.keyring_of(self._session)
        was_genuine = grant_seal.is_genuine(grant, keyring)
        grant.revoked_at = self._clock.now()
        if was_genuine:  # a new MAC would make a row honest that somebody changed
            grant_seal.bind(grant, keyring)
        grant.revoked_by = f"{'administrator' if _is_administrator(by) else 'person'}:{by.id}"
        after = {**before, "revoked_at": grant.revoked_at.isoformat(), "reason": reason}
        self._audit.record("grant.revoke", "grant", grant.public_id, before=before, after=after)
        return 1


def _is_administrator(by: Administrator | Person | Identity) -> bool:
    return isinstance(by, Administrator) or (isinstance(by, Identity) and by.kind == "administrator")


def _words(grant: Grant) -> dict[str, Any]:
    return {
        "person_id": grant.person_id,
        "permission": grant.permission,
        "object_key": grant.object_key,
        "department_ids": sorted(department.id for department in grant.departments),
        "expires_at": grant.expires_at.isoformat() if grant.expires_at else None,
        "can_pass_on": grant.can_pass_on,
        "parent_grant_id": grant.parent_grant_id,
    }


def factory(context: Any, request: Any) -> GrantService:
    return GrantService(
        request.db, request.clock, request.audit, request.plugins.permissions, request.settings.zone
    )
