"""What an administrator chooses from."""

from __future__ import annotations

from xinglin.people.models import PersonState
from xinglin.people.records import DepartmentRecord


def departments(library):
    with library.directory() as directory:
        return {entry.name: entry for entry in directory.departments()}


def find(library, text, limit=20):
    with library.directory() as directory:
        page = directory.find_people(text, limit)
        return [person.name for person in page.people], page.total


def test_a_person_in_three_departments_is_counted_once_above_them(library):
    counts = {name: entry.people_count for name, entry in departments(library).items()}
    assert counts == {"医院": 2, "儿科": 2, "一病区": 1, "药学部": 1}


def test_only_active_people_and_departments_in_use_are_shown(library):
    with library.database.session() as session:
        people = library.people(session)
        people.change_state(people.by_staff_no("10021"), PersonState.DISABLED, "on leave")
        old = people.create_department(DepartmentRecord("X", "旧楼", "H"))
        people.update_department(old, is_active=False)
    found = departments(library)
    assert "旧楼" not in found
    assert found["医院"].people_count == found["儿科"].people_count == 1
    assert found["药学部"].people_count == 0


def test_the_tree_costs_one_query_and_people_a_fixed_number(library, count_statements):
    with library.directory() as directory:
        assert count_statements(directory.departments) == 1
    few = count_statements(lambda: find(library, ""))
    for number in range(12):
        library.hire(f"3{number:04}", f"李{number}")
    assert count_statements(lambda: find(library, "")) == few


def test_the_total_goes_beyond_the_page(library):
    for number in range(5):
        library.hire(f"3{number:04}", "王芳")
    assert find(library, "wang", 2)[1] == 6
    assert find(library, "王芳", 2) == (["王芳", "王芳"], 5)
    assert find(library, "", 3)[1] == 7
    assert find(library, "·") == find(library, "")
    assert find(library, "%") == ([], 0)
