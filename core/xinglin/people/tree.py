"""The organisation tree: paths from the root, who is below, cycles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from xinglin.people.models import Department, Membership

DEPTH_MAX = 15


@dataclass(frozen=True)
class Node:
    """A department with those right below it, in the order of the hospital."""

    department: Department
    children: tuple[Node, ...]


def nodes(departments: Iterable[Department]) -> tuple[Node, ...]:
    """The tree of these departments; one whose parent is not among them is a root."""
    rows = sorted(departments, key=lambda row: (row.sort_order, row.code))
    known = {row.id for row in rows}
    below: dict[int | None, list[Department]] = {}
    for row in rows:
        below.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)

    def branch(parent: int | None) -> tuple[Node, ...]:
        return tuple(Node(row, branch(row.id)) for row in below.get(parent, ()))

    return branch(None)


def way_up(code: str, parents: Mapping[str, str]) -> list[str] | None:
    """Codes from `code` up to its root; None when the way never ends (a cycle)."""
    way = [code]
    while parent := parents.get(way[-1], ""):
        if parent in way:
            return None
        way.append(parent)
    return way


def repair_paths(session: Session, departments: Iterable[Department]) -> set[int]:
    """Write the paths that are not right and return the ids of those departments. There must be no cycle."""
    rows = {row.id: row for row in departments}
    moved = set()
    for row in rows.values():
        above, way = row, [row.id]
        while above.parent_id is not None:
            above = rows[above.parent_id]
            way.append(above.id)
        path = "".join(f"/{key}" for key in reversed(way)) + "/"
        if row.path != path:
            row.path = path
            moved.add(row.id)
    session.flush()
    return moved


def members_below(session: Session, department_ids: Collection[int]) -> set[int]:
    """Persons in these departments. (A moved department's children are moved themselves.)"""
    if not department_ids:
        return set()
    return set(
        session.scalars(select(Membership.person_id).where(Membership.department_id.in_(department_ids)))
    )


def ids_below(session: Session, department_ids: Collection[int]) -> set[int]:
    """These departments and all below them."""
    paths = session.scalars(select(Department.path).where(Department.id.in_(department_ids))).all()
    if not paths:
        return set()
    return set(
        session.scalars(
            select(Department.id).where(or_(*(Department.path.startswith(path) for path in paths)))
        )
    )
