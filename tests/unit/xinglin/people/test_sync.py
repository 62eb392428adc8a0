"""What WeCom's contacts do to our people."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from xinglin.audit.service import AuditTrail
from xinglin.kernel.db import Session
from xinglin.people import roster
from xinglin.people.contacts import Contact, ContactDepartment, Contacts
from xinglin.people.errors import PeopleRefused
from xinglin.people.facets import refresh
from xinglin.people.importing import ImportService
from xinglin.people.models import Unreachable
from xinglin.people.records import PersonRecord
from xinglin.people.sync import Synchroniser, SyncPlan
from xinglin.testing.clock import FrozenClock

from .conftest import Hospital

TREE = {
    row.id: row
    for row in (
        ContactDepartment(1, "杏林（企业微信）", "", 0, 0),
        ContactDepartment(2, "临床", "", 1, 1),
        ContactDepartment(3, "儿科", "", 2, 1),
        ContactDepartment(4, "产科", "", 2, 2),
        ContactDepartment(9, "志愿者协会", "", 1, 3),
    )
}
IDS_ONLY = {key: replace(row, name="") for key, row in TREE.items()}


class Desk:
    """Plans and applies one sync after another."""

    def __init__(self, session: Session, clock: FrozenClock, audit: AuditTrail) -> None:
        self.session = session
        self.service = ImportService(session, clock, audit)

    def sync(
        self,
        *members: Contact,
        tree: dict[int, ContactDepartment] = TREE,
        allow_removals: bool = True,
        is_full: bool = True,
        create_unknown: bool | None = None,
    ) -> SyncPlan:
        contacts = Contacts(tree, {member.userid.lower(): member for member in members}, is_full)
        return self.apply(
            Synchroniser(self.session, create_unknown).plan(contacts), allow_removals=allow_removals
        )

    def apply(self, found: SyncPlan, *, allow_removals: bool = True) -> SyncPlan:
        self.service.apply(found.plan, allow_removals=allow_removals)
        assert refresh(self.session, None) == 0
        return found

    def person(self, staff_no: str) -> PersonRecord:
        return roster.read(self.session, [staff_no]).people[staff_no]

    def department(self, code: str) -> tuple[int | None, bool]:
        row = roster.read(self.session, ()).departments[code]
        return row.wecom_id, row.is_active


@pytest.fixture
def desk(session: Session, clock: FrozenClock, audit: AuditTrail) -> Desk:
    return Desk(session, clock, audit)


def _member(userid: str, *departments: int, status: int | None = 1, **fields: object) -> Contact:
    return Contact(userid, departments or (3,), status=status, **fields)  # type: ignore[arg-type]


def test_departments_are_linked_by_place_and_name(hospital: Hospital, desk: Desk) -> None:
    found = desk.sync()
    assert [desk.department(code)[0] for code in ("H", "C", "C1", "C2", "A")] == [1, 2, 3, 4, None]
    assert found.unlinked == ("志愿者协会",)
    assert hospital.departments["C1"].name == "儿科"


def test_two_departments_of_one_name_are_not_guessed(hospital: Hospital, desk: Desk) -> None:
    hospital.people.update_department(hospital.departments["C2"], name="儿科")
    desk.sync()
    assert [desk.department(code)[0] for code in ("C1", "C2")] == [None, None]


def test_the_same_contacts_twice_change_nothing(hospital: Hospital, desk: Desk) -> None:
    hospital.person("1", wecom_userid="U1", department="A1")
    desk.sync(_member("u1", 3, 4, main_department_id=4, leads=(4,)))
    assert desk.sync(_member("u1", 3, 4, main_department_id=4, leads=(4,))).plan.changes == ()


def test_places_follow_wecom_but_what_wecom_does_not_know_is_kept(hospital: Hospital, desk: Desk) -> None:
    hospital.person("1", department="C1", other_departments=("A1",), leads=("C1", "A1"))
    desk.sync(_member("U1", 4, 9, main_department_id=4, leads=(4,)))
    person = desk.person("1")
    assert (person.department, person.other_departments, person.leads) == ("C2", ("A1",), ("C2", "A1"))
    desk.sync(_member("U1", 9))
    assert desk.person("1") == person


def test_names_of_the_hospital_stay(hospital: Hospital, desk: Desk) -> None:
    hospital.person("1", "张三", mobile="13800000000")
    desk.sync(_member("U1", name="别名", mobile="13900000000", position="护士长"))
    person = desk.person("1")
    assert (person.name, person.mobile, person.position) == ("张三", "13800000000", "")


@pytest.mark.parametrize(
    ("status", "expected"), [(1, ""), (2, "disabled_in_wecom"), (4, "not_activated"), (5, "not_in_wecom")]
)
def test_status_says_who_can_be_reached(hospital: Hospital, desk: Desk, status: int, expected: str) -> None:
    person = hospital.person("1")
    hospital.people.set_reachable(person, Unreachable.UNLICENSED)
    desk.sync(_member("U1", status=status))
    assert desk.person("1").unreachable == expected


def test_missing_members_cannot_be_reached_but_have_not_left(hospital: Hospital, desk: Desk) -> None:
    hospital.person("1")
    hospital.person("2", wecom_userid=None)
    desk.sync()
    assert (desk.person("1").unreachable, desk.person("1").state) == ("not_in_wecom", "active")
    assert desk.person("2").unreachable == ""
    desk.sync(_member("U1"))
    assert desk.person("1").unreachable == ""


def test_an_empty_answer_stops_nobody_unless_it_is_meant(hospital: Hospital, desk: Desk) -> None:
    for number in range(5):
        hospital.person(str(number))
    with pytest.raises(PeopleRefused):
        desk.sync(allow_removals=False)
    assert desk.person("1").unreachable == ""


def test_members_are_recognised_by_number_or_mobile(hospital: Hospital, desk: Desk) -> None:
    hospital.person("A1", wecom_userid=None)
    hospital.person("A2", wecom_userid=None, mobile="13800000002")
    hospital.person("A3", wecom_userid=None, mobile="13800000003")
    hospital.person("A4", wecom_userid=None, mobile="13800000003")
    found = desk.sync(
        _member("a1"),
        _member("two", mobile="13800000002"),
        _member("three", mobile="13800000003"),
        _member("2x", mobile="13800000002"),
    )
    assert [desk.person(number).wecom_userid for number in ("A1", "A2", "A3", "A4")] == [
        "a1",
        "two",
        None,
        None,
    ]
    assert found.unknown == ("three", "2x")


def test_unknown_members_are_reported_or_created_as_asked(hospital: Hospital, desk: Desk) -> None:
    member = _member(
        "wang",
        3,
        9,
        name="王伟",
        position="医师",
        mobile="13800000000",
        email="w@h.example",
        main_department_id=9,
    )
    assert desk.sync(member, _member("有汉字")).unknown == ("wang", "有汉字")
    assert desk.sync(member, _member("有汉字"), create_unknown=True).unknown == ("有汉字",)
    person = desk.person("wang")
    assert (person.name, person.source, person.department, person.other_departments) == (
        "王伟",
        "wecom",
        "wecom-9",
        ("C1",),
    )
    changed = replace(member, name="王小伟", position="", mobile="", status=4)
    desk.sync(changed)
    person = desk.person("wang")
    assert (person.name, person.position, person.mobile, person.unreachable) == (
        "王小伟",
        "",
        "13800000000",
        "not_activated",
    )


def test_who_is_only_in_wecom_leaves_with_the_account_and_comes_back(desk: Desk, hospital: Hospital) -> None:
    desk.sync(_member("wang", name="王伟"), create_unknown=True)
    desk.sync()
    assert desk.person("wang").state == "left"
    desk.sync(_member("wang", name="王伟"))
    assert desk.person("wang").state == "active"


def test_who_left_the_hospital_is_not_brought_back_by_wecom(hospital: Hospital, desk: Desk) -> None:
    from xinglin.people.models import PersonState

    hospital.people.change_state(hospital.person("1"), PersonState.LEFT, "")
    assert desk.sync(_member("U1", status=4)).plan.removed == []
    assert (desk.person("1").state, desk.person("1").unreachable) == ("left", "")


def test_departments_of_wecom_follow_it_ours_do_not(hospital: Hospital, desk: Desk) -> None:
    desk.sync(create_unknown=True)
    assert desk.department("wecom-9") == (9, True)
    tree = {**TREE, 9: replace(TREE[9], name="志愿者", parent_id=2), 3: replace(TREE[3], name="小儿科")}
    desk.sync(tree=tree, create_unknown=True)
    stored = roster.read(desk.session, ()).departments
    assert (stored["wecom-9"].name, stored["wecom-9"].parent, stored["C1"].name) == ("志愿者", "C", "儿科")
    gone = {key: row for key, row in tree.items() if key not in {3, 9}}
    desk.sync(tree=gone)
    assert desk.department("C1") == (None, True)
    assert desk.department("wecom-9") == (None, False)


def test_ids_only_links_places_and_reports_the_unknown(hospital: Hospital, desk: Desk) -> None:
    hospital.person("1", department="C1")
    hospital.person("2", department="C1")
    desk.sync(_member("U1"), _member("U2", status=4))
    found = desk.sync(
        _member("U1", 4, status=None),
        _member("U2", 3, status=None),
        _member("new", status=None),
        tree=IDS_ONLY,
        is_full=False,
        create_unknown=True,
    )
    assert found.unknown == ("new",)
    assert (desk.person("1").department, desk.person("2").unreachable) == ("C2", "not_activated")
    desk.sync(tree=IDS_ONLY, is_full=False)
    desk.sync(_member("U1", status=None), tree=IDS_ONLY, is_full=False)
    assert [desk.person(number).unreachable for number in "12"] == ["", "not_in_wecom"]


def test_hint_of_one_member(hospital: Hospital, desk: Desk) -> None:
    hospital.person("1", department="C1")
    hospital.person("2", department="C1")
    desk.sync(_member("U1"), _member("U2"))
    desk.apply(Synchroniser(desk.session).plan_member("U1", _member("U1", 4)))
    desk.apply(Synchroniser(desk.session).plan_member("U2", None))
    assert desk.person("1").department == "C2"
    assert desk.person("2").unreachable == "not_in_wecom"


def test_renamed_account(hospital: Hospital, desk: Desk) -> None:
    hospital.person("1")
    hospital.person("2")
    desk.apply(Synchroniser(desk.session).plan_rename("u1", "u2"))
    assert desk.person("1").wecom_userid == "U1"
    desk.apply(Synchroniser(desk.session).plan_rename("u1", "new"))
    assert desk.person("1").wecom_userid == "new"


def test_hint_of_the_tree(hospital: Hospital, desk: Desk) -> None:
    desk.apply(Synchroniser(desk.session).plan_departments(TREE))
    assert desk.department("C2") == (4, True)
    names = set(desk.session.scalars(select(hospital.departments["C"].__class__.name)))
    assert "志愿者协会" not in names
