"""Giving, listing and taking back permissions as an administrator, in the terms of the admin API."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from xinglin.admin.directory import DirectoryService
from xinglin.admin.errors import Conflict, FieldProblem, FieldsRefused
from xinglin.admin.values import (
    ActorName,
    DepartmentName,
    GrantEntry,
    GrantPage,
    GrantPerson,
    NewGrant,
    PermissionName,
)
from xinglin.api.i18n import translator
from xinglin.api.services import NotFound
from xinglin.auth import scopes
from xinglin.auth.errors import GrantRefused
from xinglin.auth.grants import GrantService
from xinglin.auth.identity import Identity
from xinglin.auth.models import Administrator, Grant
from xinglin.kernel.transactions import RequestKey
from xinglin.people.models import Department, Membership, Person, PersonState
from xinglin.people.pinyin import query_key
from xinglin.people.service import matches
from xinglin.types import Clock, Permission, ScopeObject

_ = translator("core")
ACTIVE, EXPIRED, REVOKED = "active", "expired", "revoked"


class GrantDesk:
    """The rules are `GrantService`'s; here they get the names of request fields, ids become public, and repeats are known."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        grants: GrantService,
        directory: DirectoryService,
        permissions: Mapping[str, Permission],
        zone: ZoneInfo,
    ) -> None:
        self._session = session
        self._clock = clock
        self._grants = grants
        self._directory = directory
        self._permissions = permissions
        self._zone = zone

    def page(self, state: str, text: str, limit: int, offset: int) -> GrantPage:
        """One page, the youngest first; `state` is active, expired, revoked or all, `text` finds the person."""
        conditions = self._in_state(state)
        if key := query_key(text):
            conditions.append(matches(key))
        query = select(Grant).join(Grant.person).where(*conditions)
        total = self._session.scalar(query.with_only_columns(func.count(Grant.id))) or 0
        places = (
            contains_eager(Grant.person).selectinload(Person.memberships).joinedload(Membership.department)
        )
        full = query.options(places, selectinload(Grant.departments)).order_by(Grant.id.desc())
        rows = self._session.scalars(full.limit(limit).offset(offset)).all()
        return GrantPage(self._entries(rows), total)

    def create(self, by: Identity, key: str, wanted: NewGrant) -> GrantEntry:
        """Give what is wanted; the same `key` again gives back the first grant. Raises `FieldsRefused`, `Conflict`."""
        # One at a time for each administrator: the second of two equal requests must find the key of the first.
        self._session.execute(select(Administrator.id).where(Administrator.id == by.id).with_for_update())
        row_key, digest = f"admin:{by.public_id}:{key}", _digest(wanted)
        made = self._made_before(row_key, digest)
        if made is None:
            made = self._make(by, wanted)
            location = f"{made.public_id}#{digest}"
            self._session.add(RequestKey(key=row_key, done_at=self._clock.now(), location=location))
            self._session.flush()
        return self._entries([made])[0]

    def revoke(self, by: Identity, public_id: str) -> None:
        """End a grant, and those passed on from it, at once. Raises `NotFound`, `Conflict` when it is over already."""
        grant = self._session.scalar(select(Grant).where(Grant.public_id == public_id).with_for_update())
        if grant is None:
            raise NotFound(_("There is no such grant."), _("Load the list anew."))
        if self._state_of(grant) != ACTIVE:
            raise Conflict(_("This grant has already ended."), _("Load the list anew."))
        self._grants.revoke(by, grant, "taken back by an administrator")

    def _made_before(self, row_key: str, digest: str) -> Grant | None:
        known = self._session.scalar(select(RequestKey.location).where(RequestKey.key == row_key))
        if known is None:
            return None
        public_id, _mark, known_digest = known.partition("#")
        if known_digest != digest:
            raise Conflict(
                _("This Idempotency-Key was used for another grant."), _("Use a new key for each grant.")
            )
        return self._grants.find(public_id)

    def _make(self, by: Identity, wanted: NewGrant) -> Grant:
        person, department_ids = self._checked(wanted)
        try:
            return self._grants.grant(
                by,
                person,
                wanted.permission,
                wanted.object,
                department_ids,
                expires_at=wanted.expires_on,
                can_pass_on=wanted.can_pass_on,
            )
        except GrantRefused as error:
            # Every field alone was right: what is left is that the grant exists, or the person has just left.
            raise Conflict(error.message, error.cure) from error

    def _checked(self, wanted: NewGrant) -> tuple[Person, Collection[int]]:
        """Person and departments, each field checked, so that all problems are told at once."""
        problems: list[FieldProblem] = []
        person = self._session.scalar(select(Person).where(Person.public_id == wanted.person_id))
        ids = self._department_ids(wanted.department_ids)
        with _field("person_id", problems):
            _check_person(person)
        with _field("permission", problems):
            scopes.check_permission(self._permissions, wanted.permission)
        if permission := self._delegable(wanted.permission):
            with _field("object", problems):
                _check_object(self._session, permission, wanted.object)
            with _field("department_ids", problems):
                scopes.check_departments(self._session, permission, ids)
        with _field("expires_on", problems):
            self._check_end(wanted)
        if problems or person is None:
            raise FieldsRefused(problems)
        return person, ids

    def _delegable(self, name: str) -> Permission | None:
        permission = self._permissions.get(name)
        return permission if permission and permission.is_delegable else None

    def _department_ids(self, public_ids: Collection[str]) -> Collection[int]:
        """Zero, which nobody has, for those that are unknown."""
        query = select(Department.public_id, Department.id).where(Department.public_id.in_(public_ids))
        known = {row.public_id: row.id for row in self._session.execute(query)}
        return {known.get(public_id, 0) for public_id in public_ids}

    def _check_end(self, wanted: NewGrant) -> None:
        try:
            end = scopes.end_of(wanted.expires_on, self._zone)
        except OverflowError as error:
            raise GrantRefused(
                _("This day is too far away."), _("Choose an earlier day, or no end.")
            ) from error
        if end is not None and end <= self._clock.now():
            raise GrantRefused(
                _("The last day of the permission is in the past."), _("Choose today or later.")
            )

    def _in_state(self, state: str) -> list[ColumnElement[bool]]:
        now = self._clock.now()
        conditions: dict[str, list[ColumnElement[bool]]] = {
            ACTIVE: [Grant.revoked_at.is_(None), or_(Grant.expires_at.is_(None), Grant.expires_at > now)],
            EXPIRED: [Grant.revoked_at.is_(None), Grant.expires_at <= now],
            REVOKED: [Grant.revoked_at.is_not(None)],
        }
        return list(conditions.get(state, []))

    def _state_of(self, grant: Grant) -> str:
        if grant.revoked_at is not None:
            return REVOKED
        is_over = grant.expires_at is not None and grant.expires_at <= self._clock.now()
        return EXPIRED if is_over else ACTIVE

    def _entries(self, grants: Sequence[Grant]) -> tuple[GrantEntry, ...]:
        names = Names(self._session, grants)
        objects = {
            name: self._directory.objects_of(self._permissions[name])
            for name in {grant.permission for grant in grants} & self._permissions.keys()
        }
        return tuple(self._entry(grant, names, objects.get(grant.permission, ())) for grant in grants)

    def _entry(self, grant: Grant, names: Names, objects: Iterable[ScopeObject]) -> GrantEntry:
        declared = self._permissions.get(grant.permission)
        return GrantEntry(
            id=grant.public_id,
            person=_grant_person(grant.person),
            permission=PermissionName(grant.permission, declared.title if declared else grant.permission),
            object=_object_of(grant.object_key, objects),
            departments=tuple(DepartmentName(row.public_id, row.name) for row in grant.departments),
            expires_on=_last_day(grant.expires_at, self._zone),
            can_pass_on=grant.can_pass_on,
            granted_by=names.of(_giver(grant)),
            granted_at=grant.granted_at,
            state=self._state_of(grant),
            revoked_at=grant.revoked_at,
            revoked_by=names.of(grant.revoked_by) if grant.revoked_at else None,
        )


class Names:
    """Who gave and who took back these grants, read in one query for administrators and one for people."""

    def __init__(self, session: Session, grants: Iterable[Grant]) -> None:
        wanted = {reference for grant in grants for reference in (_giver(grant), grant.revoked_by)}
        self._names = {
            f"{kind}:{row_id}": ActorName(name, kind)
            for kind, model in (("administrator", Administrator), ("person", Person))
            for row_id, name in self._rows(session, model, kind, wanted)
        }

    def of(self, reference: str) -> ActorName:
        """The actor `administrator:<id>` or `person:<id>`; anything else is the portal itself."""
        return self._names.get(reference) or ActorName(_("The portal"), "system")

    @staticmethod
    def _rows(session: Session, model: Any, kind: str, wanted: set[str]) -> Sequence[tuple[int, str]]:
        ids = [int(reference.partition(":")[2]) for reference in wanted if reference.startswith(f"{kind}:")]
        if not ids:
            return ()
        query = select(model.id, model.name).where(model.id.in_(ids))
        return [(row_id, name) for row_id, name in session.execute(query)]


@contextmanager
def _field(name: str, problems: list[FieldProblem]) -> Iterator[None]:
    """What is refused inside the block is a problem of the field `name`."""
    try:
        yield
    except GrantRefused as error:
        problems.append(FieldProblem(name, error.message))


def _check_person(person: Person | None) -> None:
    if person is None:
        raise GrantRefused(_("There is no such person."))
    if person.state != PersonState.ACTIVE:
        raise GrantRefused(_("${name} does not work here any more.", mapping={"name": person.name}))


def _check_object(session: Session, permission: Permission, key: str | None) -> None:
    if permission.objects is not None and key is None:
        raise GrantRefused(_("This permission needs an object."))
    scopes.check_object(session, permission, key)


def _digest(wanted: NewGrant) -> str:
    """Equal for requests that ask for the same; the order of departments says nothing."""
    values = {**dataclasses.asdict(wanted), "department_ids": sorted(wanted.department_ids)}
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def _grant_person(person: Person) -> GrantPerson:
    main = next((place.department.name for place in person.memberships if place.is_primary), None)
    return GrantPerson(person.public_id, person.name, person.staff_no, main)


def _object_of(key: str | None, objects: Iterable[ScopeObject]) -> ScopeObject | None:
    """The object with its title; its key alone when the module no longer knows it."""
    if key is None:
        return None
    return next((found for found in objects if found.key == key), ScopeObject(key, key))


def _last_day(end: datetime | None, zone: ZoneInfo) -> date | None:
    return (end - timedelta(microseconds=1)).astimezone(zone).date() if end else None


def _giver(grant: Grant) -> str:
    if grant.granted_by_administrator_id is not None:
        return f"administrator:{grant.granted_by_administrator_id}"
    return f"person:{grant.granted_by_person_id}" if grant.granted_by_person_id is not None else ""


def factory(context: Any, request: Any) -> GrantDesk:
    return GrantDesk(
        request.db,
        request.clock,
        request.service(GrantService),
        request.service(DirectoryService),
        request.plugins.permissions,
        request.settings.zone,
    )
