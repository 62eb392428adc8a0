"""Undoing an import: everything goes back, or nothing does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pytest
from sqlalchemy import func, select

from xinglin.kernel.db import Session
from xinglin.people import roster
from xinglin.people.errors import PeopleRefused
from xinglin.people.facets import refresh
from xinglin.people.importing import ImportService
from xinglin.people.models import ImportRun, Person
from xinglin.people.records import PersonRecord
from xinglin.people.service import PeopleService

from .workbooks import DEPARTMENTS, person_row

Rows = Iterable[Sequence[object]]
Importing = Callable[..., ImportRun | None]


def _person(session: Session, staff_no: str) -> PersonRecord:
    return roster.read(session, [staff_no]).people[staff_no]


def test_undo_puts_everything_back(importing: Importing, service: ImportService, session: Session) -> None:
    rows = [person_row(str(number), 标签="甲") for number in range(1, 40)]
    importing(rows)
    before = roster.read(session)
    run = importing(
        [
            person_row("1", "李四", 主部门编码="A1", 标签="乙", 手机="13811111111"),
            *rows[2:],
            person_row("new"),
        ],
        (*DEPARTMENTS, ("N", "新", "H", "", "", 3)),
    )
    assert run is not None
    service.undo(run.public_id)
    after = roster.read(session)
    assert {number: after.people[number] for number in before.people} == before.people
    assert after.people["new"].state == "left"
    assert not after.departments["N"].is_active
    assert refresh(session, None) == 0
    assert run.undone_at is not None


def test_undo_refuses_when_the_same_fields_changed_since(
    importing: Importing, service: ImportService, session: Session, people: PeopleService
) -> None:
    importing([person_row("1"), person_row("2")])
    run = importing([person_row("1", "李四"), person_row("2")])
    assert run is not None
    person = session.scalars(select(Person).where(Person.staff_no == "1")).one()
    people.update(person, title="主任")
    people.update(person, name="王五")
    with pytest.raises(PeopleRefused) as refused:
        service.undo(run.public_id)
    assert refused.value.message.mapping["what"] == "李四 (1): name"  # type: ignore[attr-defined]
    people.update(person, name="李四")
    service.undo(run.public_id)
    assert (_person(session, "1").name, _person(session, "1").title) == ("张三", "主任")


def test_undo_names_at_most_twenty_conflicts(importing: Importing, service: ImportService) -> None:
    run = importing([person_row(str(number)) for number in range(30)])
    importing([person_row(str(number), "李四") for number in range(30)])
    assert run is not None
    with pytest.raises(PeopleRefused) as refused:
        service.undo(run.public_id)
    assert refused.value.message.mapping["what"].endswith("… (30)")  # type: ignore[attr-defined]


def test_only_what_was_imported_and_not_undone_can_be_undone(
    importing: Importing, service: ImportService
) -> None:
    run = importing([person_row("1")])
    assert run is not None
    service.undo(run.public_id)
    for name in (run.public_id, "nothing"):
        with pytest.raises(PeopleRefused):
            service.undo(name)
    assert service.runs() == [run]


def test_an_import_after_an_undo_brings_everybody_back(
    importing: Importing, service: ImportService, session: Session
) -> None:
    run = importing([person_row("1")])
    assert run is not None
    service.undo(run.public_id)
    assert importing([person_row("1")]) is not None
    assert _person(session, "1").state == "active"
    assert session.scalar(select(func.count()).select_from(Person)) == 1
