"""Who is looking: read from the database at every request, so that a change of rights works at once."""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row
from sqlalchemy.orm import Session

from xinglin.auth import grant_seal, queries, role_seal, session_seal
from xinglin.auth.role_seal import RoleChanged
from xinglin.auth.session_seal import SessionChanged
from xinglin.auth.sessions import Lifetimes, is_alive
from xinglin.crypto.service import Keyring
from xinglin.people.models import PersonState
from xinglin.types import Permission

logger = logging.getLogger(__name__)


class AllObjects:
    """The scope "every object", whatever its key."""

    def __contains__(self, key: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "ALL"


ALL: Final = AllObjects()


@dataclass(frozen=True)
class HeldGrant:
    """One grant in force. `department_ids` has the children too; empty = not narrowed to departments."""

    permission: str
    object_key: str | None
    department_ids: frozenset[int]
    department_paths: frozenset[str]
    expires_at: datetime | None
    can_pass_on: bool = False

    def covers(self, *, object_key: str | None, department_id: int | None) -> bool:
        """Whether this object and department lie inside; None asks for none in particular."""
        is_object_inside = object_key is None or self.object_key in (None, object_key)
        is_department_inside = (
            department_id is None or not self.department_ids or department_id in self.department_ids
        )
        return is_object_inside and is_department_inside


@dataclass(frozen=True)
class Identity:
    """The one behind a session. `shared_permissions` are those of every confirmed member of staff.

    `role` is that of an administrator (`AdministratorRole`), empty for a person.
    """

    kind: Literal["person", "administrator"]
    id: int
    public_id: str
    name: str
    session_id: str
    is_confirmed: bool
    locale: str
    has_large_text: bool
    departments_text: str
    grants: tuple[HeldGrant, ...]
    shared_permissions: frozenset[str] = frozenset()
    role: str = ""

    @property
    def is_staff(self) -> bool:
        """An active person whose first use was confirmed."""
        return self.kind == "person" and self.is_confirmed

    def may(
        self, permission: str, *, object_key: str | None = None, department_id: int | None = None
    ) -> bool:
        """Whether a permission of a plugin is held; without object and department: held for anything at all."""
        if not self.is_staff:
            return False
        return permission in self.shared_permissions or any(
            grant.covers(object_key=object_key, department_id=department_id)
            for grant in self._held(permission)
        )

    def objects_of(self, permission: str) -> Sequence[str] | AllObjects:
        """Keys of the objects for which `permission` is held, or `ALL`; both answer `key in …`."""
        if not self.is_staff:
            return []
        held = self._held(permission)
        if permission in self.shared_permissions or any(grant.object_key is None for grant in held):
            return ALL
        return sorted({grant.object_key for grant in held if grant.object_key is not None})

    def _held(self, permission: str) -> list[HeldGrant]:
        return [grant for grant in self.grants if grant.permission == permission]


def read_identity(
    reader: Session | Connection,
    token_hash: str,
    *,
    is_bearer: bool,
    now: datetime,
    lifetimes: Lifetimes,
    permissions: Mapping[str, Permission],
    keyring: Keyring,
    locale: str = "zh_CN",
) -> tuple[Identity, timedelta] | None:
    """The identity behind a session token and how long it was idle; None when it is not good (any more).

    One query, and a second one for persons who hold grants. A bearer token is no cookie and a cookie is no
    bearer token. `locale` is the language of administrators, who have none of their own.
    Raises `SessionChanged` and, for the account of an administrator, `RoleChanged`.
    """
    rows = reader.execute(queries.OWNER, {"token_hash": token_hash, "now": now}).all()
    if not rows or not _is_good(rows[0], is_bearer=is_bearer, now=now, lifetimes=lifetimes):
        return None
    _check_session(rows[0], token_hash, keyring)
    idle = now - rows[0].last_seen_at
    if rows[0].administrator_id is not None:
        _check_role(rows[0], keyring)
        return _administrator(rows[0], locale), idle
    return _person(reader, rows, now, permissions), idle


def _is_good(row: Row[Any], *, is_bearer: bool, now: datetime, lifetimes: Lifetimes) -> bool:
    if (row.method == "api") != is_bearer:
        return False
    is_administrator = row.administrator_id is not None
    is_owner_welcome = _is_in_office(row) if is_administrator else row.state == PersonState.ACTIVE
    return is_owner_welcome and is_alive(row, now, lifetimes)


def _is_in_office(row: Row[Any]) -> bool:
    return bool(row.is_active) and (row.holder_id is None or row.holder_state == PersonState.ACTIVE)


def _check_session(row: Row[Any], token_hash: str, keyring: Keyring) -> None:
    is_person = row.administrator_id is None
    expected = session_seal.mac_of(
        keyring,
        token_hash=token_hash,
        public_id=row.session_id,
        method=row.method,
        person_id=row.person_id,
        administrator_id=row.administrator_id,
        owner_public_id=row.person_public_id if is_person else row.administrator_public_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
    if row.mac != expected:
        raise SessionChanged(row.session_id)


def _check_role(row: Row[Any], keyring: Keyring) -> None:
    expected = role_seal.mac_of(
        keyring,
        public_id=row.administrator_public_id,
        login=row.login,
        role=row.role,
        person_id=row.holder_id,
        is_active=row.is_active,
    )
    if row.role_mac != expected:
        raise RoleChanged(row.administrator_id, row.administrator_public_id)


def _administrator(row: Row[Any], locale: str) -> Identity:
    return Identity(
        kind="administrator",
        id=row.administrator_id,
        public_id=row.administrator_public_id,
        name=row.administrator_name,
        session_id=row.session_id,
        is_confirmed=True,
        locale=locale,
        has_large_text=False,
        departments_text="",
        grants=(),
        role=row.role,
    )


def _person(
    reader: Session | Connection,
    rows: Sequence[Row[Any]],
    now: datetime,
    permissions: Mapping[str, Permission],
) -> Identity:
    row = rows[0]
    return Identity(
        kind="person",
        id=row.person_id,
        public_id=row.person_public_id,
        name=row.person_name,
        session_id=row.session_id,
        is_confirmed=row.confirmed_at is not None,
        locale=row.locale,
        has_large_text=row.has_large_text,
        departments_text=_departments_text(rows),
        grants=held_grants(reader, row.person_id, now, permissions) if row.has_grants else (),
        shared_permissions=frozenset(name for name, found in permissions.items() if not found.is_delegable),
    )


def _departments_text(rows: Sequence[Row[Any]]) -> str:
    if rows[0].locale == "en":
        return ", ".join(row.department_name_en or row.department_name for row in rows if row.department_name)
    return "、".join(row.department_name for row in rows if row.department_name)


def held_grants(
    reader: Session | Connection, person_id: int, now: datetime, declared: Container[str]
) -> tuple[HeldGrant, ...]:
    """The grants in force at `now`, in one query; those of a permission that nobody declares are left out.

    A grant that was changed in the database gives nothing. Raises `KeyMissing`.
    """
    rows_of: dict[int, list[Any]] = {}
    for row in reader.execute(queries.GRANTS, {"person_id": person_id, "now": now}):
        rows_of.setdefault(row.id, []).append(row)
    if not rows_of:
        return ()
    keyring = grant_seal.keyring_of(reader)
    return tuple(
        _held(rows)
        for rows in rows_of.values()
        if _is_declared(rows[0].permission, declared) and _is_as_written(rows, keyring)
    )


def _is_declared(permission: str, declared: Container[str]) -> bool:
    if permission not in declared:
        logger.info("a grant of %s has no effect: no plugin in use declares this permission", permission)
        return False
    return True


def _is_as_written(rows: Sequence[Any], keyring: Keyring) -> bool:
    row = rows[0]
    expected = grant_seal.mac_of(
        keyring,
        public_id=row.public_id,
        person_id=row.person_id,
        permission=row.permission,
        object_key=row.object_key,
        can_pass_on=row.can_pass_on,
        expires_at=row.expires_at,
        department_ids={row.scope_id for row in rows if row.scope_id is not None},
        is_revoked=False,
    )
    if row.mac != expected:
        logger.error("grant %s was changed in the database and has no effect", row.public_id)
        return False
    return True


def _held(rows: Sequence[Any]) -> HeldGrant:
    return HeldGrant(
        permission=rows[0].permission,
        object_key=rows[0].object_key,
        department_ids=frozenset(row.department_id for row in rows if row.department_id is not None),
        department_paths=frozenset(row.path for row in rows if row.path is not None),
        expires_at=rows[0].expires_at,
        can_pass_on=rows[0].can_pass_on,
    )
