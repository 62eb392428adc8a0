"""The engine's facts, read from the database of people at the moment of the act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from sqlalchemy import bindparam, literal, or_, select
from sqlalchemy.orm import Session

from xinglin.api.db import ask, new_public_id
from xinglin.api.people import Department, Person, PersonRole, PersonState, Role, visible
from xinglin_documents.models import Entry, Item
from xinglin_documents.service.engine.definition import Approvers
from xinglin_documents.service.flow.rules import Rules, primary_department
from xinglin_documents.service.flow.seams import Managers
from xinglin_documents.service.inbox.seeing import TASK_BOXES, is_closed

CHUNK = 5000
_ACTIVE = select(Person.id).where(
    Person.id.in_(bindparam("persons", expanding=True)), Person.state == PersonState.ACTIVE
)


class DatabaseFacts:
    """Answers for one instance at one moment; what was asked once is not asked again."""

    def __init__(
        self,
        session: Session,
        starter_id: int,
        form: Mapping[str, Any],
        managers: Managers,
        *,
        now: datetime,
        item: Item | None = None,
        new_id: Callable[[], str] = new_public_id,
    ) -> None:
        self._session = session
        self._starter_id = starter_id
        self._form = form
        self._now = now
        self._item = item
        self._new_id = new_id
        self._rules = Rules(session, starter_id, form, managers)

    @property
    def now(self) -> datetime:
        return self._now

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """The form, and `starter.department` (codes from the root down), `starter.roles`, `starter.post`."""
        starter = self._session.get(Person, self._starter_id)
        return {
            **self._form,
            "starter.department": self._department_codes(),
            "starter.roles": self._role_keys(),
            "starter.post": starter.position if starter else "",
        }

    def persons(self, rule: Approvers) -> tuple[int, ...]:
        return self._rules.persons(rule)

    def are_active(self, persons: tuple[int, ...]) -> frozenset[int]:
        found: set[int] = set()
        for start in range(0, len(persons), CHUNK):
            part = persons[start : start + CHUNK]
            found.update(ask(self._session, _ACTIVE, persons=part).scalars())
        return frozenset(found)

    def may_know(self, persons: tuple[int, ...]) -> frozenset[int]:
        """All, but of a closed document with an audience."""
        item = self._item
        if item is None or item.audience_id is None or not is_closed(item):
            return frozenset(persons)
        knows = select(Entry.person_id).where(Entry.item_id == item.id, Entry.box.in_(TASK_BOXES))
        is_meant = visible(literal(item.audience_id), cast("int", Person.id))
        query = select(Person.id).where(or_(Person.id == item.starter_id, Person.id.in_(knows), is_meant))
        found: set[int] = set()
        for start in range(0, len(persons), CHUNK):
            part = persons[start : start + CHUNK]
            found.update(self._session.scalars(query.where(Person.id.in_(part))))
        return frozenset(found)

    def new_child(self, node: str) -> str:
        return self._new_id()

    def _department_codes(self) -> list[str]:
        department = primary_department(self._session, self._starter_id)
        if department is None:
            return []
        way = [int(key) for key in department.path.strip("/").split("/")]
        rows = self._session.execute(select(Department.id, Department.code).where(Department.id.in_(way)))
        codes = {key: code for key, code in rows}  # noqa: C416 - a Row is not typed as a pair
        return [codes[key] for key in way if key in codes]

    def _role_keys(self) -> list[str]:
        query = select(Role.key).join(PersonRole, PersonRole.role_id == Role.id)
        return list(
            self._session.scalars(query.where(PersonRole.person_id == self._starter_id).order_by(Role.key))
        )
