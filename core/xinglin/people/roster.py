"""Reads people and departments as records and writes changes of them: the only writer of these tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from xinglin.audit.service import AuditTrail
from xinglin.bus.service import publish
from xinglin.kernel.orm import new_public_id
from xinglin.people import tree
from xinglin.people.facets import chunks, refresh
from xinglin.people.models import (
    Department,
    Membership,
    Person,
    PersonRole,
    PersonState,
    PersonTag,
    Role,
    Tag,
)
from xinglin.people.pinyin import readings_of
from xinglin.people.progress import Progress, silent
from xinglin.people.records import DEPARTMENT, PERSON, Change, DepartmentRecord, PersonRecord
from xinglin.people.roles import ensure_standard
from xinglin.types import Clock, Event

PLAIN_FIELDS = ("name", "mobile", "email", "title", "position", "source")
MEMBERSHIP_FIELDS = ("department", "other_departments", "leads")
EVENTS = {"leave": "core.person_left", "disable": "core.person_disabled", "activate": "core.person_activated"}


@dataclass(frozen=True)
class Roster:
    """What the database holds: records by staff number and by department code."""

    people: dict[str, PersonRecord]
    departments: dict[str, DepartmentRecord]


def read(session: Session, staff_nos: Collection[str] | None = None) -> Roster:
    """The records of these persons (None: of everybody) and of all departments."""
    session.flush()
    departments = {row.id: row for row in session.scalars(select(Department))}
    codes = {key: row.code for key, row in departments.items()}
    people: dict[str, PersonRecord] = {}
    for chunk in chunks(staff_nos):
        query = select(Person) if chunk is None else select(Person).where(Person.staff_no.in_(chunk))
        people.update(_person_records(session, session.scalars(query).all(), codes, is_all=chunk is None))
    return Roster(people, {row.code: _department_record(row, codes) for row in departments.values()})


def _person_records(
    session: Session, persons: Sequence[Person], codes: dict[int, str], *, is_all: bool
) -> dict[str, PersonRecord]:
    ids = None if is_all else [person.id for person in persons]
    memberships: dict[int, list[Membership]] = defaultdict(list)
    for row in session.scalars(_of(select(Membership), Membership, ids).order_by(Membership.sort_order)):
        memberships[row.person_id].append(row)
    roles = _labels(
        session,
        _of(
            select(PersonRole.person_id, Role.key).join(Role, Role.id == PersonRole.role_id), PersonRole, ids
        ),
    )
    tags = _labels(
        session,
        _of(select(PersonTag.person_id, Tag.name).join(Tag, Tag.id == PersonTag.tag_id), PersonTag, ids),
    )
    return {
        person.staff_no: _person_record(
            person, memberships[person.id], codes, roles[person.id], tags[person.id]
        )
        for person in persons
    }


def _of(query: Any, table: Any, person_ids: list[int] | None) -> Any:
    return query if person_ids is None else query.where(table.person_id.in_(person_ids))


def _labels(session: Session, query: Any) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for person_id, label in session.execute(query):
        found[person_id].append(label)
    return found


def _person_record(
    person: Person, memberships: list[Membership], codes: dict[int, str], roles: list[str], tags: list[str]
) -> PersonRecord:
    return PersonRecord(
        staff_no=person.staff_no,
        name=person.name,
        wecom_userid=person.wecom_userid,
        mobile=person.mobile,
        email=person.email,
        department=next((codes[row.department_id] for row in memberships if row.is_primary), ""),
        other_departments=tuple(codes[row.department_id] for row in memberships if not row.is_primary),
        leads=tuple(codes[row.department_id] for row in memberships if row.is_leader),
        title=person.title,
        position=person.position,
        roles=tuple(sorted(roles)),
        tags=tuple(sorted(tags)),
        state=PersonState(person.state).value,
        source=person.source,
        is_confirmed=person.confirmed_at is not None,
        unreachable="" if person.is_reachable else person.unreachable_reason or "unknown",
    )


def _department_record(row: Department, codes: dict[int, str]) -> DepartmentRecord:
    return DepartmentRecord(
        row.code,
        row.name,
        codes[row.parent_id] if row.parent_id else "",
        row.campus,
        row.name_en,
        row.sort_order,
        row.wecom_id,
        row.is_active,
        row.source,
    )


class Writer:
    """Applies changes in the session's transaction, with one audit record each, events and facets."""

    def __init__(self, session: Session, clock: Clock, audit: AuditTrail) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit

    def apply(self, changes: Sequence[Change], *, reason: str = "", progress: Progress = silent) -> None:
        """Write all changes. They must be valid: whoever plans them checks codes, keys and cycles first."""
        moved = self._write_departments([change for change in changes if change.kind == DEPARTMENT])
        of_people = [change for change in changes if change.kind == PERSON]
        persons = self._write_persons(of_people, progress)
        refresh(
            self._session,
            {person.id for person in persons.values()} | tree.members_below(self._session, moved),
        )
        self._record(changes, persons, reason)
        self._session.flush()

    def _write_departments(self, changes: Sequence[Change]) -> set[int]:
        """Returns ids of the departments whose place in the tree changed."""
        if not changes:
            return set()
        rows = {row.code: row for row in self._session.scalars(select(Department))}
        for change in changes:
            row = rows.setdefault(change.key, Department(code=change.key))
            for field in change.fields:
                if field.name != "parent":
                    setattr(row, field.name, field.after)
            self._session.add(row)
        self._session.flush()
        for change in changes:
            if parent := change.field("parent"):
                rows[change.key].parent_id = rows[parent.after].id if parent.after else None
        return tree.repair_paths(self._session, rows.values())

    def _write_persons(self, changes: Sequence[Change], progress: Progress) -> dict[str, Person]:
        persons = self._existing([change.key for change in changes])
        self._release_accounts(
            [
                persons[change.key]
                for change in changes
                if change.field("wecom_userid") and change.key in persons
            ]
        )
        now = self._clock.now()
        for change in changes:
            if change.key not in persons:
                persons[change.key] = _new_person(change.key, self._clock)
                self._session.add(persons[change.key])
            person = persons[change.key]
            person.updated_at = now
            for field in change.fields:
                _set(person, field.name, field.after, self._clock)
            progress(1)
        self._session.flush()
        self._write_memberships(changes, persons)
        self._write_labels(changes, persons, "roles", PersonRole, "role_id", self._role_ids)
        self._write_labels(changes, persons, "tags", PersonTag, "tag_id", self._tag_ids)
        return persons

    def _existing(self, staff_nos: Sequence[str]) -> dict[str, Person]:
        found: dict[str, Person] = {}
        for chunk in chunks(staff_nos):
            query = select(Person).where(Person.staff_no.in_(chunk or ()))
            found.update({person.staff_no: person for person in self._session.scalars(query)})
        return found

    def _release_accounts(self, persons: Sequence[Person]) -> None:
        """Two persons may swap accounts, so that all let go before anybody takes."""
        for person in persons:
            person.wecom_userid_key = None
        self._session.flush()

    def _write_memberships(self, changes: Sequence[Change], persons: dict[str, Person]) -> None:
        touched = [change for change in changes if any(change.field(name) for name in MEMBERSHIP_FIELDS)]
        if not touched:
            return
        ids = dict(self._session.execute(select(Department.code, Department.id)).all())
        codes = {key: code for code, key in ids.items()}
        person_ids = [persons[change.key].id for change in touched]
        stored = self._memberships(person_ids)
        wanted = [
            row
            for change in touched
            for row in _membership_rows(
                change, persons[change.key], stored[persons[change.key].id], ids, codes
            )
        ]
        self._replace(Membership, person_ids, wanted)
        for change in touched:
            self._session.expire(persons[change.key], ["memberships"])

    def _memberships(self, person_ids: Sequence[int]) -> dict[int, list[Membership]]:
        stored: dict[int, list[Membership]] = defaultdict(list)
        for chunk in chunks(person_ids):
            query = (
                select(Membership)
                .where(Membership.person_id.in_(chunk or ()))
                .order_by(Membership.sort_order)
            )
            for row in self._session.scalars(query):
                stored[row.person_id].append(row)
        return stored

    def _write_labels(
        self,
        changes: Sequence[Change],
        persons: dict[str, Person],
        name: str,
        table: Any,
        column: str,
        ids_of: Callable[[Iterable[str]], dict[str, int]],
    ) -> None:
        wanted = {persons[change.key].id: field.after for change in changes if (field := change.field(name))}
        if not wanted:
            return
        ids = ids_of(label for labels in wanted.values() for label in labels)
        rows = [{"person_id": key, column: ids[label]} for key, labels in wanted.items() for label in labels]
        self._replace(table, list(wanted), rows)

    def _replace(self, table: Any, person_ids: Sequence[int], rows: list[dict[str, Any]]) -> None:
        for chunk in chunks(person_ids):
            statement = delete(table).where(table.person_id.in_(chunk))
            self._session.execute(statement.execution_options(synchronize_session="fetch"))
        if rows:
            self._session.execute(insert(table), rows)

    def _role_ids(self, keys: Iterable[str]) -> dict[str, int]:
        return {key: role.id for key, role in ensure_standard(self._session).items()}

    def _tag_ids(self, names: Iterable[str]) -> dict[str, int]:
        known = {tag.name: tag for tag in self._session.scalars(select(Tag))}
        new = {name: Tag(name=name) for name in names if name not in known}
        self._session.add_all(new.values())
        self._session.flush()
        return {name: tag.id for name, tag in (known | new).items()}

    def _record(self, changes: Sequence[Change], persons: dict[str, Person], reason: str) -> None:
        for change in changes:
            object_id = persons[change.key].public_id if change.kind == PERSON else change.key
            after = change.after | ({"reason": reason} if reason else {})
            before = None if change.verb == "create" else change.before
            self._audit.record(
                f"{change.kind}.{change.verb}", change.kind, object_id, before=before, after=after
            )
            if change.kind == PERSON and change.verb in EVENTS:
                publish(
                    self._session,
                    Event(EVENTS[change.verb], object_id, self._clock.now(), {"reason": reason}),
                )


def _new_person(staff_no: str, clock: Clock) -> Person:
    now = clock.now()
    return Person(staff_no=staff_no, public_id=new_public_id(), name="", created_at=now, updated_at=now)


def _set(person: Person, field: str, value: Any, clock: Clock) -> None:
    if field in PLAIN_FIELDS:
        setattr(person, field, value)
    if field == "name":
        readings = readings_of(value)
        person.pinyin, person.initials = readings.pinyin, readings.initials
    elif field == "state":
        person.state = PersonState(value)
    elif field == "wecom_userid":
        person.wecom_userid, person.wecom_userid_key = value, value.lower() if value else None
    elif field == "is_confirmed":
        person.confirmed_at = clock.now() if value else None
    elif field == "unreachable":
        person.is_reachable, person.unreachable_reason = not value, value


def _membership_rows(
    change: Change, person: Person, stored: list[Membership], ids: dict[str, int], codes: dict[int, str]
) -> list[dict[str, Any]]:
    """The rows after the change; a field that does not change keeps what is stored."""

    def wanted(name: str, kept: Any) -> Any:
        field = change.field(name)
        return kept if field is None else field.after

    main = wanted("department", next((codes[row.department_id] for row in stored if row.is_primary), ""))
    others = wanted("other_departments", [codes[row.department_id] for row in stored if not row.is_primary])
    leads = wanted("leads", [codes[row.department_id] for row in stored if row.is_leader])
    return [
        {
            "person_id": person.id,
            "department_id": ids[code],
            "is_primary": code == main,
            "is_leader": code in leads,
            "sort_order": order,
        }
        for order, code in enumerate([code for code in (main, *others) if code])
    ]
