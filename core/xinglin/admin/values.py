"""What the admin API tells, as values: one class per schema of `openapi.yaml`, each field named as there.

Titles and sentences may be `TranslationString`s: `documents.document` turns them into the caller's language.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from xinglin.types import ScopeObject


@dataclass(frozen=True)
class ModuleEntry:
    """`error` and `cure` say why a module is not on, and what brings it back."""

    name: str
    title: str
    version: str
    summary: str
    state: str
    is_required: bool
    error: str | None = None
    cure: str | None = None


@dataclass(frozen=True)
class PermissionEntry:
    """A permission that may be granted; `has_object` and `has_departments` mean that a grant must name them."""

    name: str
    title: str
    summary: str
    module: str
    has_object: bool
    has_departments: bool
    objects: tuple[ScopeObject, ...]


@dataclass(frozen=True)
class DepartmentEntry:
    """`people_count`: active people here and below, each once."""

    id: str
    parent_id: str | None
    name: str
    campus: str | None
    people_count: int


@dataclass(frozen=True)
class DepartmentName:
    id: str
    name: str


@dataclass(frozen=True)
class PersonEntry:
    """`departments`: the main one first."""

    id: str
    name: str
    staff_no: str | None
    title: str | None
    position: str | None
    departments: tuple[DepartmentName, ...]
    state: str


@dataclass(frozen=True)
class PersonPage:
    people: tuple[PersonEntry, ...]
    total: int


@dataclass(frozen=True)
class GrantPerson:
    id: str
    name: str
    staff_no: str | None
    department: str | None


@dataclass(frozen=True)
class PermissionName:
    name: str
    title: str


@dataclass(frozen=True)
class ActorName:
    """`kind`: administrator, person or system."""

    name: str
    kind: str


@dataclass(frozen=True)
class GrantEntry:
    """`expires_on` is the last day in the hospital's time zone; `state`: active, expired or revoked."""

    id: str
    person: GrantPerson
    permission: PermissionName
    object: ScopeObject | None
    departments: tuple[DepartmentName, ...]
    expires_on: date | None
    can_pass_on: bool
    granted_by: ActorName
    granted_at: datetime
    state: str
    revoked_at: datetime | None
    revoked_by: ActorName | None


@dataclass(frozen=True)
class GrantPage:
    grants: tuple[GrantEntry, ...]
    total: int


@dataclass(frozen=True)
class NewGrant:
    """What an administrator asks for; ids are public ids, `expires_on` the last day."""

    person_id: str
    permission: str
    object: str | None
    department_ids: tuple[str, ...]
    expires_on: date | None
    can_pass_on: bool = False
