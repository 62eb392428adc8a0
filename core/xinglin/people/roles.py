"""The roles of work that every hospital has; a site adds its own with `xinglin people role`."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.people.models import Role

STANDARD = {
    "doctor": "医生",
    "nurse": "护士",
    "technician": "医技",
    "pharmacist": "药师",
    "administration": "行政后勤",
    "head_nurse": "护士长",
    "department_head": "科主任",
    "leader": "院领导",
    "trainee": "规培生",
    "intern": "实习生",
    "student": "进修生",
    "contractor": "外包人员",
}


def ensure_standard(session: Session) -> dict[str, Role]:
    """Add the standard roles that are missing; all roles by key. A role renamed by the site keeps its name."""
    known = {role.key: role for role in session.scalars(select(Role))}
    taken = {role.name for role in known.values()}
    missing = [
        Role(key=key, name=name) for key, name in STANDARD.items() if key not in known and name not in taken
    ]
    session.add_all(missing)
    session.flush()
    return known | {role.key: role for role in missing}


def labels(session: Session) -> dict[str, str]:
    """Every word that names a role, key or Chinese name, to its key; the standard ones even before they are stored."""
    stored = session.execute(select(Role.key, Role.name)).all()
    words = {name: key for key, name in STANDARD.items()} | {key: key for key in STANDARD}
    return words | {name: key for key, name in stored} | {key: key for key, _ in stored}
