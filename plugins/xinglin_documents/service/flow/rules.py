"""Approvers by rule, from the tables of people: active persons only, in the order of the hospital."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

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
from xinglin_documents.service.engine.definition import ApproverKind, Approvers
from xinglin_documents.service.flow.seams import Managers

FIELD_PREFIX = "field:"
OF_STARTER = "starter"
_BY_CODE = select(Department).where(Department.code == bindparam("code"))


class Rules:
    """Answers for one starter and one set of form values; each rule is looked up once."""

    def __init__(
        self, session: Session, starter_id: int, values: Mapping[str, Any], managers: Managers
    ) -> None:
        self._session = session
        self._starter_id = starter_id
        self._values = values
        self._managers = managers
        self._known: dict[Approvers, tuple[int, ...]] = {}

    def persons(self, rule: Approvers) -> tuple[int, ...]:
        """Each once; EARLIER is the engine's own and finds nobody here."""
        if rule not in self._known:
            finder = self._finders.get(rule.kind)
            self._known[rule] = tuple(dict.fromkeys(finder(rule))) if finder else ()
        return self._known[rule]

    @property
    def _finders(self) -> Mapping[ApproverKind, Callable[[Approvers], Iterable[int]]]:
        return {
            ApproverKind.PERSON: self._by_staff_no,
            ApproverKind.ROLE: self._by_role,
            ApproverKind.POST: self._by_post,
            ApproverKind.TAG: self._by_tag,
            ApproverKind.HEAD: self._heads,
            ApproverKind.SUPERIOR: self._superiors,
            ApproverKind.FIELD: self._in_field,
            ApproverKind.STARTER: lambda _rule: (self._starter_id,),
            ApproverKind.MANAGERS: lambda _rule: self._managers(),
        }

    def _by_staff_no(self, rule: Approvers) -> Iterable[int]:
        return self._ask(_active().where(Person.staff_no == rule.value))

    def _by_role(self, rule: Approvers) -> Iterable[int]:
        found = (
            _active()
            .join(PersonRole, PersonRole.person_id == Person.id)
            .join(Role, Role.id == PersonRole.role_id)
            .where(Role.key == rule.value)
        )
        return self._ask(self._within(found, rule))

    def _by_post(self, rule: Approvers) -> Iterable[int]:
        return self._ask(self._within(_active().where(Person.position == rule.value), rule))

    def _by_tag(self, rule: Approvers) -> Iterable[int]:
        found = (
            _active()
            .join(PersonTag, PersonTag.person_id == Person.id)
            .join(Tag, Tag.id == PersonTag.tag_id)
            .where(Tag.name == rule.value)
        )
        return self._ask(self._within(found, rule))

    def _heads(self, rule: Approvers) -> Iterable[int]:
        department = self._department(rule.of)
        if rule.of and department is None:
            return ()
        top = Department.parent_id.is_(None) if department is None else Department.id == department.id
        query = (
            _active()
            .join(Membership, Membership.person_id == Person.id)
            .join(Department, Department.id == Membership.department_id)
            .where(top, Membership.is_leader.is_(True))
            .order_by(Department.sort_order, Membership.sort_order, Person.id)
        )
        return self._session.scalars(query)

    def _superiors(self, rule: Approvers) -> Iterable[int]:
        """Who leads the `value`-th department up the tree that has a leader other than the starter."""
        department = self._department(OF_STARTER)
        way = [int(key) for key in reversed(department.path.strip("/").split("/"))] if department else []
        leaders = self._leaders_of(way)
        levels = [leaders[key] for key in way if leaders.get(key)]
        wanted = int(rule.value or 1)
        return levels[wanted - 1] if len(levels) >= wanted else ()

    def _leaders_of(self, departments: list[int]) -> Mapping[int, list[int]]:
        query = (
            select(Membership.department_id, Person.id)
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.department_id.in_(departments), Membership.is_leader.is_(True))
            .where(Person.state == PersonState.ACTIVE, Person.id != self._starter_id)
            .order_by(Membership.sort_order, Person.id)
        )
        found: dict[int, list[int]] = {}
        for department_id, person_id in self._session.execute(query):
            found.setdefault(department_id, []).append(person_id)
        return found

    def _in_field(self, rule: Approvers) -> Iterable[int]:
        """Persons named in the form, in its order."""
        wanted = person_ids(self._session, self._values.get(rule.value))
        active = set(self._session.scalars(_active().where(Person.id.in_(wanted))))
        return [person for person in wanted if person in active]

    def _within(self, query: Select[int], rule: Approvers) -> Select[int]:
        """Narrowed to the department of the rule and all below it; one that is not there has nobody."""
        if not rule.of:
            return query
        department = self._department(rule.of)
        path = department.path if department else "-"
        members = (
            select(Membership.person_id)
            .join(Department, Department.id == Membership.department_id)
            .where(Department.path.startswith(path, autoescape=True))
        )
        return query.where(Person.id.in_(members))

    def _department(self, of: str) -> Department | None:
        if of == OF_STARTER:
            return primary_department(self._session, self._starter_id)
        if of.startswith(FIELD_PREFIX):
            return department_of(self._session, self._values.get(of.removeprefix(FIELD_PREFIX)))
        return self._session.scalar(_BY_CODE, {"code": of}) if of else None

    def _ask(self, query: Select[int]) -> Iterable[int]:
        return self._session.scalars(query.order_by(Person.staff_no, Person.id))


def _active() -> Select[int]:
    return select(Person.id).where(Person.state == PersonState.ACTIVE)


def primary_department(session: Session, person_id: int) -> Department | None:
    """Where a person belongs first of all."""
    query = (
        select(Department)
        .join(Membership, Membership.department_id == Department.id)
        .where(Membership.person_id == person_id)
        .order_by(Membership.is_primary.desc(), Membership.sort_order, Department.id)
        .limit(1)
    )
    return session.scalar(query)


def person_ids(session: Session, value: Any) -> list[int]:
    """Ids in the value of a form field of kind person or persons: numbers, or public ids as a form posts them."""
    given = value if isinstance(value, (list, tuple)) else [] if value in (None, "") else [value]
    texts = [str(one) for one in given]
    public = [text for text in texts if not text.isdecimal()]
    found: dict[str, int] = {}
    if public:
        rows = session.execute(select(Person.public_id, Person.id).where(Person.public_id.in_(public)))
        found = {key: number for key, number in rows}  # noqa: C416 - a Row is not typed as a pair
    ids = [int(text) if text.isdecimal() else found.get(text) for text in texts]
    return [one for one in ids if one is not None]


def department_of(session: Session, value: Any) -> Department | None:
    """The department that a form field names, by id, public id or code."""
    text = "" if value is None else str(value)
    if text.isdecimal():
        found = session.get(Department, int(text))
        if found is not None:
            return found
    query = select(Department).where((Department.public_id == text) | (Department.code == text))
    return session.scalar(query) if text else None
