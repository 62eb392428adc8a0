"""What the hospital has, from the database: the words that processes name, and what one person is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from xinglin.api.people import (
    Department,
    Membership,
    Person,
    PersonRole,
    PersonState,
    PersonTag,
    Role,
    Tag,
)
from xinglin_documents.models import Process, Series
from xinglin_documents.service.definitions.reading import Wanted
from xinglin_documents.service.engine.definition import ApproverKind, Approvers, Definition

COLUMNS: Mapping[Wanted, tuple[InstrumentedAttribute[str], InstrumentedAttribute[Any] | None, Any]] = {
    Wanted.ROLE: (Role.key, None, None),
    Wanted.TAG: (Tag.name, None, None),
    Wanted.POST: (Person.position, Person.state, PersonState.ACTIVE),
    Wanted.PERSON: (Person.staff_no, Person.state, PersonState.ACTIVE),
    Wanted.DEPARTMENT: (Department.code, Department.is_active, True),
    Wanted.SERIES: (Series.key, Series.is_active, True),
    Wanted.PROCESS: (Process.key, Process.is_active, True),
}
"""Where a word stands, and what else must hold of its row."""


class DatabaseDirectory:
    """`live` gives the live definition of a process, or None."""

    def __init__(self, session: Session, live: Callable[[str], Definition | None]) -> None:
        self._session = session
        self._live = live

    def known(self, wanted: Wanted, values: frozenset[str]) -> frozenset[str]:
        column, condition, state = COLUMNS[wanted]
        query = select(column).where(column.in_(values)).distinct()
        if condition is not None:
            query = query.where(condition == state)
        return frozenset(self._session.scalars(query))

    def process(self, key: str) -> Definition | None:
        return self._live(key)


@dataclass(frozen=True)
class Standing:
    """What one person is. `departments`: codes of all that she belongs to and of those above; `leads`: codes."""

    staff_no: str
    post: str
    roles: frozenset[str]
    tags: frozenset[str]
    departments: frozenset[str]
    leads: frozenset[str]
    is_manager: bool

    def is_meant(self, rules: tuple[Approvers, ...]) -> bool:
        """Whether any of the rules finds her; no rules at all mean everybody."""
        return not rules or any(self._is_meant(rule) for rule in rules)

    def _is_meant(self, rule: Approvers) -> bool:
        if rule.kind is ApproverKind.HEAD:
            return rule.of in self.leads
        if rule.kind is ApproverKind.MANAGERS:
            return self.is_manager
        held: Mapping[ApproverKind, frozenset[str]] = {
            ApproverKind.PERSON: frozenset({self.staff_no}),
            ApproverKind.POST: frozenset({self.post}),
            ApproverKind.ROLE: self.roles,
            ApproverKind.TAG: self.tags,
        }
        is_here = not rule.of or rule.of in self.departments
        return is_here and rule.value in held.get(rule.kind, frozenset())


def standing_of(session: Session, person: Person, *, is_manager: bool) -> Standing:
    """Read at once what rules may ask of a person."""
    roles = select(Role.key).join(PersonRole, PersonRole.role_id == Role.id)
    tags = select(Tag.name).join(PersonTag, PersonTag.tag_id == Tag.id)
    places = select(Department.id, Department.path, Membership.is_leader).join(
        Membership, Membership.department_id == Department.id
    )
    rows = session.execute(places.where(Membership.person_id == person.id)).all()
    above = {int(part) for row in rows for part in row.path.strip("/").split("/") if part}
    found = session.execute(select(Department.id, Department.code).where(Department.id.in_(above)))
    codes = {row.id: row.code for row in found}
    return Standing(
        staff_no=person.staff_no,
        post=person.position,
        roles=frozenset(session.scalars(roles.where(PersonRole.person_id == person.id))),
        tags=frozenset(session.scalars(tags.where(PersonTag.person_id == person.id))),
        departments=frozenset(codes.values()),
        leads=frozenset(codes[row.id] for row in rows if row.is_leader),
        is_manager=is_manager,
    )
