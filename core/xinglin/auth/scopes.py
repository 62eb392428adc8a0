"""The rules of a grant's scope: what may be asked for, and what lies inside what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.auth.errors import GrantRefused
from xinglin.auth.models import Grant
from xinglin.people.models import Department
from xinglin.types import Permission

_ = translator("core")


@dataclass(frozen=True)
class Scope:
    """What is asked for: None as object = all objects, no departments = not narrowed, None as end = no end."""

    permission: str
    object_key: str | None
    departments: tuple[Department, ...]
    expires_at: datetime | None

    @property
    def department_ids(self) -> frozenset[int]:
        return frozenset(department.id for department in self.departments)


def end_of(day: date | datetime | None, zone: ZoneInfo) -> datetime | None:
    """A plain date means until the end of that day in the hospital's time zone; a moment is taken as it is."""
    if day is None or isinstance(day, datetime):
        return day
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)


def check_permission(permissions: Mapping[str, Permission], name: str) -> Permission:
    """The permission `name`, if grants of it exist at all; raises `GrantRefused`."""
    permission = permissions.get(name)
    if permission is None:
        raise GrantRefused(
            _("There is no permission “${name}”.", mapping={"name": name}), _("Choose one from the list.")
        )
    if not permission.is_delegable:
        raise GrantRefused(_("This permission belongs to every member of staff."), _("No grant is needed."))
    return permission


def check_object(session: Session, permission: Permission, object_key: str | None) -> None:
    """The object is one of those that the permission offers; raises `GrantRefused`."""
    if object_key is None:
        return
    known = permission.objects(session) if permission.objects else []
    if object_key not in {found.key for found in known}:
        raise GrantRefused(
            _("“${key}” is not one of the objects of this permission.", mapping={"key": object_key}),
            _("Choose an object from the list, or none for all."),
        )


def check_departments(
    session: Session, permission: Permission, department_ids: Iterable[int]
) -> tuple[Department, ...]:
    """The departments in use, if the permission knows departments, at least one then; raises `GrantRefused`."""
    wanted = sorted(set(department_ids))
    if not permission.has_departments:
        if wanted:
            raise GrantRefused(_("This permission is not narrowed to departments."), _("Leave them out."))
        return ()
    if not wanted:
        raise GrantRefused(
            _("This permission needs at least one department."),
            _("Choose departments; those below are included."),
        )
    query = select(Department).where(Department.id.in_(wanted), Department.is_active).order_by(Department.id)
    found = tuple(session.scalars(query))
    if len(found) != len(wanted):
        raise GrantRefused(
            _("A department is unknown or no longer in use."), _("Choose departments from the list.")
        )
    return found


def is_inside(scope: Scope, holder: Grant) -> bool:
    """Whether permission, object, departments and end of `scope` all lie within `holder`."""
    is_object_inside = holder.object_key is None or holder.object_key == scope.object_key
    paths = tuple(department.path for department in holder.departments)
    are_departments_inside = not paths or (
        bool(scope.departments) and all(department.path.startswith(paths) for department in scope.departments)
    )
    is_end_inside = holder.expires_at is None or (
        scope.expires_at is not None and scope.expires_at <= holder.expires_at
    )
    return (
        holder.permission == scope.permission
        and is_object_inside
        and are_departments_inside
        and is_end_inside
    )
