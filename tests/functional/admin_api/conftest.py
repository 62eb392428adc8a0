"""A small hospital with two columns of news, and the tool of its administrator."""

from __future__ import annotations

import pytest
from tests.functional.admin_api.caller import tool_of

from xinglin.auth.models import AdministratorRole
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.service import PeopleService
from xinglin_news.models import Column

TREE = (
    DepartmentRecord("H", "杏林妇女儿童医院"),
    DepartmentRecord("P", "儿科", "H", campus="本部"),
    DepartmentRecord("P1", "儿科一病区", "P"),
    DepartmentRecord("O", "药学部", "H"),
)
PEOPLE = (
    PersonRecord("10011", "单玉梅", title="主任护师", position="护士长", department="P"),
    PersonRecord("10021", "王丽", department="P1", other_departments=("P",)),
    PersonRecord("10051", "朴恩雅", department="O"),
)


@pytest.fixture
def hospital(portal, clock):
    with portal.session() as (session, audit):
        people = PeopleService(session, clock, audit)
        for record in TREE:
            people.create_department(record)
        for record in PEOPLE:
            people.create(record)
        session.add_all(
            [
                Column(key="notices", title="通知公告", reach="hospital", sort_order=1),
                Column(key="departments", title="科室动态", reach="own_departments", sort_order=2),
            ]
        )
    return portal


@pytest.fixture
def stranger(hospital, clock):
    """The tool before its login."""
    return tool_of(hospital, clock)


@pytest.fixture
def tool(stranger):
    assert stranger.log_in().status_int == 200
    return stranger


@pytest.fixture
def guard(hospital, clock):
    """The tool of the security administrator, logged in."""
    found = tool_of(hospital, clock, AdministratorRole.SECURITY)
    assert found.log_in().status_int == 200
    return found


@pytest.fixture
def auditor(hospital, clock):
    """The tool of the audit administrator, logged in."""
    found = tool_of(hospital, clock, AdministratorRole.AUDIT)
    assert found.log_in().status_int == 200
    return found
