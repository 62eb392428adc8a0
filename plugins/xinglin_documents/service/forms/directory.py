"""Whom and what pickers find: persons by name, reading, initials or staff number, departments of the tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyramid.request import Request
from sqlalchemy.orm import Session

from xinglin.api.people import Department, Node, PeopleService, Person, PersonState

MOST_FOUND = 20
INDENT = "\u3000"


@dataclass(frozen=True)
class FoundPerson:
    """A person as a picker shows her; `text` is what the field holds. Two of one name differ in `note`."""

    id: int
    name: str
    staff_no: str
    note: str

    @property
    def text(self) -> str:
        return f"{self.name} {self.staff_no}"


class Directory:
    """Speaks `locale`; only who works here can be chosen, whoever was chosen before is still shown."""

    def __init__(self, session: Session, people: PeopleService, locale: str) -> None:
        self._session = session
        self._people = people
        self._locale = locale

    def search(self, text: str) -> Sequence[FoundPerson]:
        """The best matches first, at most `MOST_FOUND`."""
        return [self._found(one) for one in self._people.search(text, MOST_FOUND)]

    def person(self, person_id: int) -> FoundPerson | None:
        found = self._people.by_id(person_id)
        return self._found(found) if found else None

    def meant(self, text: str) -> Sequence[FoundPerson]:
        """Whom a typed text means: a staff number anywhere in it decides, else everybody of exactly this name."""
        words = text.split()
        for word in reversed(words):
            by_number = self._people.by_staff_no(word)
            if by_number is not None and by_number.state == PersonState.ACTIVE:
                return [self._found(by_number)]
        name = "".join(words)
        same = (one for one in self._people.search(text, MOST_FOUND) if "".join(one.name.split()) == name)
        return [self._found(one) for one in same]

    def departments(self) -> Sequence[tuple[str, str]]:
        """Code and indented name of every active department, from the roots down."""
        return [(found.code, name) for found, name in self.indented()]

    def indented(self) -> Sequence[tuple[Department, str]]:
        return [
            (node.department, INDENT * depth + self._name(node.department))
            for node, depth in _walk(self._people.tree(), 0)
        ]

    def department(self, department_id: int) -> Department | None:
        return self._session.get(Department, department_id)

    def department_by_code(self, code: str) -> Department | None:
        """An active one."""
        nodes = (node.department for node, _depth in _walk(self._people.tree(), 0))
        return next((one for one in nodes if one.code == code), None)

    def _found(self, person: Person) -> FoundPerson:
        main = next((one.department for one in person.memberships if one.is_primary), None)
        parts = (self._name(main) if main else "", person.position)
        return FoundPerson(
            person.id, person.name, person.staff_no, " · ".join(part for part in parts if part)
        )

    def _name(self, department: Department) -> str:
        return (self._locale == "en" and department.name_en) or department.name


def _walk(nodes: Sequence[Node], depth: int) -> Iterator[tuple[Node, int]]:
    for node in nodes:
        yield node, depth
        yield from _walk(node.children, depth + 1)


def factory(context: object, request: Request) -> Directory:
    return Directory(request.db, request.service(PeopleService), request.locale_name)
