"""What every request asks about the one who looks. Built once: building a statement costs more than asking it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, or_, select

from xinglin.auth.models import Administrator, Grant, GrantDepartment, LoginSession
from xinglin.people.models import Department, Membership, Person

# Tables, not classes: aliases of classes would configure all mappers while models are still being imported
_session, _person = LoginSession.__table__, Person.__table__
_member, _department = Membership.__table__, Department.__table__
_administrator, _grant, _scope = Administrator.__table__, Grant.__table__, GrantDepartment.__table__
_root, _below = _department.alias("root"), _department.alias("below")
_holder = _person.alias("holder")


def _is_in_force() -> ColumnElement[Any]:
    is_open = or_(_grant.c.expires_at.is_(None), _grant.c.expires_at > bindparam("now"))
    return _grant.c.revoked_at.is_(None) & is_open


OWNER: Select[Any] = (
    select(
        _session.c.public_id.label("session_id"),
        _session.c.method,
        _session.c.person_id,
        _session.c.administrator_id,
        _session.c.created_at,
        _session.c.last_seen_at,
        _session.c.expires_at,
        _session.c.ended_at,
        _session.c.mac,
        _person.c.public_id.label("person_public_id"),
        _person.c.name.label("person_name"),
        _person.c.state,
        _person.c.confirmed_at,
        _person.c.locale,
        _person.c.has_large_text,
        _department.c.name.label("department_name"),
        _department.c.name_en.label("department_name_en"),
        _administrator.c.public_id.label("administrator_public_id"),
        _administrator.c.name.label("administrator_name"),
        _administrator.c.is_active,
        _administrator.c.login,
        _administrator.c.role,
        _administrator.c.role_mac,
        _administrator.c.person_id.label("holder_id"),
        _holder.c.state.label("holder_state"),
        exists().where(_grant.c.person_id == _session.c.person_id, _is_in_force()).label("has_grants"),
    )
    .select_from(_session)
    .outerjoin(_person, _person.c.id == _session.c.person_id)
    .outerjoin(_member, _member.c.person_id == _person.c.id)
    .outerjoin(_department, _department.c.id == _member.c.department_id)
    .outerjoin(_administrator, _administrator.c.id == _session.c.administrator_id)
    .outerjoin(_holder, _holder.c.id == _administrator.c.person_id)
    .where(_session.c.token_hash == bindparam("token_hash"))
    .order_by(_member.c.is_primary.desc(), _member.c.sort_order)
)
"""The session `token_hash` with its owner, a row for each department of a person; parameter `now`."""

GRANTS: Select[Any] = (
    select(
        _grant.c.id,
        _grant.c.public_id,
        _grant.c.person_id,
        _grant.c.mac,
        _grant.c.permission,
        _grant.c.object_key,
        _grant.c.expires_at,
        _grant.c.can_pass_on,
        _scope.c.department_id.label("scope_id"),
        _root.c.path,
        _below.c.id.label("department_id"),
    )
    .outerjoin(_scope, _scope.c.grant_id == _grant.c.id)
    .outerjoin(_root, _root.c.id == _scope.c.department_id)
    .outerjoin(_below, _below.c.path.startswith(_root.c.path))
    .where(_grant.c.person_id == bindparam("person_id"), _is_in_force())
    .order_by(_grant.c.id)
)
"""The grants of `person_id` in force at `now`, a row for each department inside their scope."""
