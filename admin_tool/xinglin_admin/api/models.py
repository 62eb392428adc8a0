"""The values of the contract. `read` functions take bodies that ``validation.py`` has already checked."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]


class ModuleState(enum.StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"
    QUARANTINED = "quarantined"


class GrantState(enum.StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class PersonState(enum.StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"
    LEFT = "left"


class Role(enum.StrEnum):
    """Three powers that nobody holds together."""

    SYSTEM = "system"
    SECURITY = "security"
    AUDIT = "audit"


@dataclass(frozen=True)
class Administrator:
    login: str
    name: str
    role: Role


@dataclass(frozen=True)
class Session:
    """Who is signed in and until when (UTC). The token stays inside the client."""

    administrator: Administrator
    expires_at: dt.datetime


@dataclass(frozen=True)
class Module:
    name: str
    title: str
    version: str
    summary: str
    state: ModuleState
    is_required: bool
    error: str | None
    cure: str | None


@dataclass(frozen=True)
class ScopeObject:
    key: str
    title: str


@dataclass(frozen=True)
class Permission:
    name: str
    title: str
    summary: str
    module: str
    has_object: bool
    has_departments: bool
    objects: tuple[ScopeObject, ...]


@dataclass(frozen=True)
class Department:
    """``people_count`` includes the departments below."""

    id: str
    parent_id: str | None
    name: str
    campus: str | None
    people_count: int


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    staff_no: str | None
    title: str | None
    position: str | None
    departments: tuple[str, ...]
    state: PersonState


@dataclass(frozen=True)
class People:
    people: tuple[Person, ...]
    total: int


@dataclass(frozen=True)
class Grant:
    """``expires_on`` is the last valid day in the hospital's time zone, None for no end; times are UTC."""

    id: str
    person_name: str
    person_staff_no: str | None
    person_department: str | None
    permission_title: str
    object_title: str | None
    departments: tuple[str, ...]
    expires_on: dt.date | None
    can_pass_on: bool
    granted_by: str
    granted_at: dt.datetime
    state: GrantState
    revoked_by: str | None
    revoked_at: dt.datetime | None


@dataclass(frozen=True)
class Grants:
    grants: tuple[Grant, ...]
    total: int


@dataclass(frozen=True)
class GrantRequest:
    person_id: str
    permission: str
    object: str | None
    department_ids: tuple[str, ...]
    expires_on: dt.date | None
    can_pass_on: bool = False


def read_session(body: Body) -> Session:
    administrator = body["administrator"]
    return Session(
        Administrator(administrator["login"], administrator["name"], Role(administrator["role"])),
        moment(body["expires_at"]),
    )


def read_modules(body: Body) -> tuple[Module, ...]:
    return tuple(_module(item) for item in body["modules"])


def read_permissions(body: Body) -> tuple[Permission, ...]:
    return tuple(_permission(item) for item in body["permissions"])


def read_departments(body: Body) -> tuple[Department, ...]:
    names = ("id", "parent_id", "name", "campus", "people_count")
    return tuple(Department(**{name: item[name] for name in names}) for item in body["departments"])


def read_people(body: Body) -> People:
    return People(tuple(_person(item) for item in body["people"]), body["total"])


def read_grants(body: Body) -> Grants:
    return Grants(tuple(read_grant(item) for item in body["grants"]), body["total"])


def read_grant(item: Body) -> Grant:
    revoked_by, scope, last_day = item["revoked_by"], item["object"], item["expires_on"]
    return Grant(
        id=item["id"],
        person_name=item["person"]["name"],
        person_staff_no=item["person"]["staff_no"],
        person_department=item["person"]["department"],
        permission_title=item["permission"]["title"],
        object_title=scope["title"] if scope else None,
        departments=tuple(department["name"] for department in item["departments"]),
        expires_on=dt.date.fromisoformat(last_day) if last_day else None,
        can_pass_on=item["can_pass_on"],
        granted_by=item["granted_by"]["name"],
        granted_at=moment(item["granted_at"]),
        state=GrantState(item["state"]),
        revoked_by=revoked_by["name"] if revoked_by else None,
        revoked_at=moment(item["revoked_at"]) if item["revoked_at"] else None,
    )


def write_grant(request: GrantRequest) -> dict[str, Any]:
    return {
        "person_id": request.person_id,
        "permission": request.permission,
        "object": request.object,
        "department_ids": list(request.department_ids),
        "expires_on": request.expires_on.isoformat() if request.expires_on else None,
        "can_pass_on": request.can_pass_on,
    }


def _module(item: Body) -> Module:
    return Module(
        name=item["name"],
        title=item["title"],
        version=item["version"],
        summary=item["summary"],
        state=ModuleState(item["state"]),
        is_required=item["is_required"],
        error=item.get("error"),
        cure=item.get("cure"),
    )


def _permission(item: Body) -> Permission:
    return Permission(
        name=item["name"],
        title=item["title"],
        summary=item["summary"],
        module=item["module"],
        has_object=item["has_object"],
        has_departments=item["has_departments"],
        objects=tuple(ScopeObject(scope["key"], scope["title"]) for scope in item["objects"]),
    )


def _person(item: Body) -> Person:
    return Person(
        id=item["id"],
        name=item["name"],
        staff_no=item["staff_no"],
        title=item["title"],
        position=item["position"],
        departments=tuple(department["name"] for department in item["departments"]),
        state=PersonState(item["state"]),
    )


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
