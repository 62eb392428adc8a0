"""People: finding them, and every single edit of a person, the tree, roles and tags."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session, selectinload

from xinglin.api.i18n import translator
from xinglin.people import checks, records, roster, tree
from xinglin.people.errors import PeopleRefused
from xinglin.people.models import Department, Membership, Person, PersonState, Role, Unreachable
from xinglin.people.pinyin import query_key
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.roles import ensure_standard

if TYPE_CHECKING:
    from pyramid.request import Request

    from xinglin.audit.service import AuditTrail
    from xinglin.types import Clock

_ = translator("core")
SEARCH_LIMIT = 20


@dataclass(frozen=True)
class Place:
    """A department that a person belongs to; exactly one of a person's places is the primary one."""

    department_id: int
    is_primary: bool = False
    is_leader: bool = False


class PeopleService:
    """All writes are checked, audited, and refresh the facets of whom they touch in the same transaction."""

    def __init__(self, session: Session, clock: Clock, audit: AuditTrail) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._writer = roster.Writer(session, clock, audit)

    # Finding. Each returns None when there is no such person; the state is not looked at.

    def by_id(self, person_id: int) -> Person | None:
        return self._session.get(Person, person_id)

    def by_public_id(self, public_id: str) -> Person | None:
        return self._session.scalar(select(Person).where(Person.public_id == public_id))

    def by_staff_no(self, staff_no: str) -> Person | None:
        return self._session.scalar(select(Person).where(Person.staff_no == staff_no))

    def by_wecom_userid(self, userid: str) -> Person | None:
        """WeCom compares userids without regard to case."""
        return self._session.scalar(select(Person).where(Person.wecom_userid_key == userid.lower()))

    def search(
        self,
        text: str,
        limit: int = SEARCH_LIMIT,
        scope: Collection[int] | None = None,
        states: Collection[PersonState] = (PersonState.ACTIVE,),
    ) -> list[Person]:
        """Persons by name, pinyin, initials or staff number, the best first.

        `scope` narrows to these departments and all below them; an empty text finds nobody.
        """
        key = query_key(text)
        if not key:
            return []
        query = select(Person).where(Person.state.in_(states), matches(key))
        if scope is not None:
            below = tree.ids_below(self._session, scope)
            members = select(Membership.person_id).where(Membership.department_id.in_(below))
            query = query.where(Person.id.in_(members))
        ranked = query.order_by(_rank(key), Person.pinyin, Person.name, Person.id).limit(limit)
        places = selectinload(Person.memberships).joinedload(Membership.department)
        return list(self._session.scalars(ranked.options(places)))

    def roles(self) -> list[Role]:
        """All roles in the order of their keys; the standard ones are there from the first import on."""
        return list(self._session.scalars(select(Role).order_by(Role.key)))

    def tree(self) -> tuple[tree.Node, ...]:
        """The active departments from the roots down."""
        return tree.nodes(self._session.scalars(select(Department).where(Department.is_active.is_(True))))

    # Persons.

    def create(self, record: PersonRecord) -> Person:
        """A new person. Raises `PeopleRefused`; a person who left is brought back by `change_state`."""
        if self.by_staff_no(record.staff_no) is not None:
            raise PeopleRefused(
                _("The staff number ${number} is taken.", mapping={"number": record.staff_no}),
                _("Edit that person, or use another number."),
            )
        self._write_person(None, record)
        return self._required(record.staff_no)

    def update(
        self,
        person: Person,
        *,
        name: str | None = None,
        title: str | None = None,
        position: str | None = None,
        mobile: str | None = None,
        email: str | None = None,
        wecom_userid: str | None = None,
    ) -> None:
        """Change what is given; an empty string empties the field. Raises `PeopleRefused`."""
        plain = {"name": name, "title": title, "position": position}
        optional = {"mobile": mobile, "email": email, "wecom_userid": wecom_userid}
        fields: dict[str, Any] = {key: value for key, value in plain.items() if value is not None}
        fields |= {key: value or None for key, value in optional.items() if value is not None}
        self._edit(person, fields)

    def set_places(self, person: Person, places: Sequence[Place]) -> None:
        """The departments of a person. Raises `PeopleRefused` unless exactly one is primary and all exist."""
        codes = dict(self._session.execute(select(Department.id, Department.code)).all())
        main = [place for place in places if place.is_primary]
        ids = [place.department_id for place in places]
        if len(main) != 1 or len(set(ids)) != len(ids) or not set(ids) <= codes.keys():
            raise PeopleRefused(
                _("A person needs exactly one main department, and each department only once."),
                _("Choose the departments again."),
            )
        self._edit(
            person,
            {
                "department": codes[main[0].department_id],
                "other_departments": [codes[place.department_id] for place in places if not place.is_primary],
                "leads": [codes[place.department_id] for place in places if place.is_leader],
            },
        )

    def set_roles(self, person: Person, keys: Collection[str]) -> None:
        """The roles of a person, by key. Raises `PeopleRefused` for an unknown one."""
        self._edit(person, {"roles": sorted(set(keys))})

    def set_tags(self, person: Person, names: Collection[str]) -> None:
        """The tags of a person; a new name makes a new tag."""
        self._edit(person, {"tags": sorted(set(names))})

    def change_state(self, person: Person, state: PersonState, reason: str) -> None:
        """Disable, end or bring back a person; plugins are told by an event. Nobody is ever deleted."""
        self._edit(person, {"state": state.value}, reason)

    def confirm(self, person: Person) -> None:
        """The account is known to belong to this person (first use or verified list)."""
        self._edit(person, {"is_confirmed": True})

    def set_reachable(self, person: Person, reason: Unreachable | None) -> None:
        """Whether WeCom delivers to this person; None: it does."""
        self._edit(person, {"unreachable": reason.value if reason else ""})

    # Departments, roles.

    def create_department(self, record: DepartmentRecord) -> Department:
        """A new department. Raises `PeopleRefused` for a taken code, an unknown parent or a bad name."""
        if record.code in roster.read(self._session, ()).departments:
            raise PeopleRefused(
                _("The department code ${code} is taken.", mapping={"code": record.code}),
                _("Use another code."),
            )
        self._write_department(None, record)
        return self._session.scalars(select(Department).where(Department.code == record.code)).one()

    def update_department(
        self,
        department: Department,
        *,
        name: str | None = None,
        campus: str | None = None,
        name_en: str | None = None,
        sort_order: int | None = None,
        is_active: bool | None = None,
    ) -> None:
        """Change what is given. Raises `PeopleRefused`."""
        given = {
            "name": name,
            "campus": campus,
            "name_en": name_en,
            "sort_order": sort_order,
            "is_active": is_active,
        }
        self._edit_department(department, {key: value for key, value in given.items() if value is not None})

    def move_department(self, department: Department, parent: Department | None) -> None:
        """Hang a department with everything below it elsewhere. Raises `PeopleRefused` for a cycle."""
        self._edit_department(department, {"parent": parent.code if parent else ""})

    def add_role(self, key: str, name: str) -> Role:
        """A role of the site's own. Raises `PeopleRefused` when key or name is taken."""
        known = ensure_standard(self._session)
        if not key.isidentifier() or key in known or name in {role.name for role in known.values()}:
            raise PeopleRefused(
                _("The role ${key} (${name}) cannot be added.", mapping={"key": key, "name": name}),
                _("Use a new key of Latin letters and a new name."),
            )
        role = Role(key=key, name=checks.label(name))
        self._session.add(role)
        self._session.flush()
        self._audit.record("role.create", "role", role.id, after={"key": key, "name": name})
        return role

    def _edit(self, person: Person, fields: dict[str, Any], reason: str = "") -> None:
        before = roster.read(self._session, [person.staff_no]).people[person.staff_no]
        self._write_person(before, records.changed(before, fields), reason)

    def _write_person(self, before: PersonRecord | None, after: PersonRecord, reason: str = "") -> None:
        tidy = checks.check_person(self._session, before, after)
        if change := records.difference(before, tidy):
            self._writer.apply([change], reason=reason)

    def _edit_department(self, department: Department, fields: dict[str, Any]) -> None:
        before = roster.read(self._session, ()).departments[department.code]
        self._write_department(before, records.changed(before, fields))

    def _write_department(self, before: DepartmentRecord | None, after: DepartmentRecord) -> None:
        tidy = checks.check_department(roster.read(self._session, ()).departments, after)
        if change := records.difference(before, tidy):
            self._writer.apply([change])

    def _required(self, staff_no: str) -> Person:
        return self._session.scalars(select(Person).where(Person.staff_no == staff_no)).one()


def matches(key: str) -> Any:
    inside = f"%{_escaped(key)}%"
    return or_(
        _bare_name().ilike(inside, escape="\\"),
        Person.pinyin.like(inside, escape="\\"),
        _has_word(Person.initials, key),
        Person.staff_no.ilike(f"{_escaped(key)}%", escape="\\"),
    )


def _rank(key: str) -> Any:
    """Whole names and numbers first, then beginnings of names, then beginnings of readings, then the rest."""
    return case(
        (or_(_bare_name() == key, func.lower(Person.staff_no) == key), 0),
        (_bare_name().ilike(f"{_escaped(key)}%", escape="\\"), 1),
        (or_(_has_word(Person.pinyin, key), _has_word(Person.initials, key)), 2),
        else_=3,
    )


def _bare_name() -> Any:
    return func.replace(Person.name, "·", "")


def _has_word(column: Any, key: str) -> Any:
    """Whether a word of the column begins with the key."""
    plain = _escaped(key)
    return or_(column.like(f"{plain}%", escape="\\"), column.like(f"% {plain}%", escape="\\"))


def _escaped(key: str) -> str:
    return key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def factory(context: object, request: Request) -> PeopleService:
    return PeopleService(request.db, request.clock, request.audit)
