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


@dataclass(frozen=True)
class RuleEntry:
    cidr: str
    note: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class ZoneEntry:
    """`route_groups`: what is reached from this zone only; from everywhere while it has no rules."""

    zone: str
    route_groups: tuple[str, ...]
    rules: tuple[RuleEntry, ...]


@dataclass(frozen=True)
class OpeningEntry:
    route_group: str
    ends_at: datetime


@dataclass(frozen=True)
class ZoneList:
    zones: tuple[ZoneEntry, ...]
    openings: tuple[OpeningEntry, ...]
    your_address: str


@dataclass(frozen=True)
class AdministratorEntry:
    """`is_intact`: the row is as the portal wrote it; `staff_no` of the person behind the account, if there is one."""

    id: str
    login: str
    name: str
    role: str
    staff_no: str | None
    is_active: bool
    is_intact: bool
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class KeyEntry:
    """A data key; `state`: active, readable or retired. The key itself is nowhere shown."""

    version: int
    suite: str
    state: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class AuditFilter:
    """Which records; empty means any. A trailing * of `action` matches the rest; `before` is an id."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str = ""
    action: str = ""
    object: str = ""
    before: int | None = None


@dataclass(frozen=True)
class AuditEntry:
    """`details` is JSON text, None when it was changed; `is_intact`: the record's MAC fits."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    action: str
    object_kind: str
    object_id: str
    result: str
    ip: str
    session_id: str
    request_id: str
    details: str | None
    is_intact: bool


@dataclass(frozen=True)
class AuditPage:
    """`next_before`: the id to ask with for the page of older records; None when there are none."""

    records: tuple[AuditEntry, ...]
    next_before: int | None


@dataclass(frozen=True)
class BadEntry:
    id: int
    reason: str


@dataclass(frozen=True)
class AuditCheck:
    """`is_whole`: every record was checked, not only the newest. `bad` may be shorter than `bad_count`."""

    at: datetime
    by: str
    is_whole: bool
    checked: int
    bad_count: int
    bad: tuple[BadEntry, ...] = ()


@dataclass(frozen=True)
class LastCheck:
    last: AuditCheck | None
