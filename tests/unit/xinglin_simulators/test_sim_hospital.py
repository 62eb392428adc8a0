from __future__ import annotations

from collections import Counter
from pathlib import Path

from openpyxl import load_workbook

from xinglin_simulators.hospital import Kind, load_hospital
from xinglin_simulators.hospital.cast import cast_table
from xinglin_simulators.hospital.workbook import PERSON_COLUMNS, write_workbook


def test_head_counts_and_unique_accounts() -> None:
    hospital = load_hospital()
    kinds = Counter(person.kind for person in hospital.people)
    assert (len(hospital.people), len(hospital.departments)) == (1632, 62)
    assert (kinds[Kind.DOCTOR], kinds[Kind.NURSE], kinds[Kind.ADMINISTRATION]) == (490, 640, 212)
    assert len({person.userid.lower() for person in hospital.people}) == 1632
    assert len({person.mobile for person in hospital.people}) == 1632
    assert sum(not person.is_verified for person in hospital.people) == 12


def test_two_wang_li_and_a_head_nurse_in_two_departments() -> None:
    hospital = load_hospital()
    rows = {row["part"]: row for row in cast_table(hospital)}
    wang_li = [person.department_id for person in hospital.people if person.name == "王丽"]
    assert len(wang_li) == 2
    assert len(set(wang_li)) == 2
    assert 68 in hospital.person(rows["head_nurse"]["userid"]).department_ids
    assert not hospital.person(rows["new_starter"]["userid"]).is_verified


def test_workbook_refers_only_to_its_own_departments(tmp_path: Path) -> None:
    path = tmp_path / "staff.xlsx"
    write_workbook(load_hospital(), path)
    book = load_workbook(path, read_only=True)
    departments = list(book["部门"].iter_rows(min_row=2, values_only=True))
    people = list(book["人员"].iter_rows(values_only=True))
    book.close()
    codes = {row[0] for row in departments}
    assert people[0] == PERSON_COLUMNS
    assert len(people) == 1633
    assert {row[2] for row in departments if row[2]} <= codes
    assert {row[5] for row in people[1:]} <= codes
    assert all(set((row[6] or "D001").split(";")) <= codes for row in people[1:])
