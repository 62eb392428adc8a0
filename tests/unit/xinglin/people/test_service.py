"""Single edits of people: finding, changing, refusing, telling."""

from __future__ import annotations

import pytest
from pyramid import testing
from pyramid.config import Configurator
from sqlalchemy import select

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import AuditTrail, details_of
from xinglin.bus.models import OutboxEvent
from xinglin.crypto.service import Keyring
from xinglin.people.audience import AudienceService, Term
from xinglin.people.display import set_display
from xinglin.people.errors import PeopleRefused
from xinglin.people.facets import facets_of
from xinglin.people.models import Department, PersonState, Unreachable
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.service import PeopleService, Place
from xinglin.testing.clock import FrozenClock

from .conftest import TREE, Hospital


def _actions(hospital: Hospital) -> list[str]:
    hospital.session.flush()
    return list(hospital.session.scalars(select(AuditRecord.action).order_by(AuditRecord.id)))[len(TREE) :]


def test_persons_are_found_by_every_key(hospital: Hospital) -> None:
    person = hospital.person("A7", wecom_userid="ZhangSan")
    people = hospital.people
    assert people.by_wecom_userid("zhangsan") is person
    assert people.by_staff_no("A7") is person
    assert people.by_public_id(person.public_id) is person
    assert people.by_id(person.id) is person
    assert people.by_wecom_userid("lisi") is None


@pytest.mark.parametrize(
    "text",
    ["单雄信", "雄信", "shanxiong", "danxiong", "SXX", "dxx", "Shan Xiongxin", "20017", "2001", "ｓｈａｎ"],
)
def test_search_by_name_pinyin_initials_and_number(hospital: Hospital, text: str) -> None:
    person = hospital.person("20017", "单雄信")
    hospital.person("30000", "王伟")
    assert hospital.people.search(text) == [person]


def test_search_finds_a_name_with_a_dot_without_it(hospital: Hospital) -> None:
    person = hospital.person("1", "阿依古丽•买买提")
    assert person.name == "阿依古丽·买买提"
    assert hospital.people.search("阿依古丽买买提") == [person]


@pytest.mark.parametrize("text", ["", "  ", "%", "_", "\\", "·"])
def test_search_for_nothing_or_for_signs_finds_nobody(hospital: Hospital, text: str) -> None:
    hospital.person("1")
    assert hospital.people.search(text) == []


def test_search_puts_whole_names_first_and_keeps_its_limit(hospital: Hospital) -> None:
    hospital.person("1", "小王伟")
    hospital.person("2", "王伟民")
    exact = hospital.person("3", "王伟")
    found = hospital.people.search("王伟")
    assert [person.name for person in found] == ["王伟", "王伟民", "小王伟"]
    assert hospital.people.search("王伟", limit=1) == [exact]


def test_search_shows_only_active_people_within_its_scope(hospital: Hospital) -> None:
    near, far = hospital.person("1", department="C1"), hospital.person("2", department="A1")
    gone = hospital.person("3", department="C1")
    hospital.people.change_state(gone, PersonState.LEFT, "")
    clinical = hospital.departments["C"].id
    assert hospital.people.search("张三", scope=[clinical]) == [near]
    assert hospital.people.search("张三", scope=[]) == []
    assert set(hospital.people.search("张三")) == {near, far}
    assert hospital.people.search("张三", states=[PersonState.LEFT]) == [gone]


def test_two_people_of_one_name_are_ordinary(hospital: Hospital) -> None:
    assert len({hospital.person("1", "李娜").id, hospital.person("2", "李娜").id}) == 2


def test_update_changes_reading_and_account_and_is_audited(hospital: Hospital, keyring: Keyring) -> None:
    person = hospital.person("1", "张三", mobile="13800000000")
    hospital.people.update(person, name="曾国", title="主任", mobile="", wecom_userid="ZG")
    assert (person.pinyin.split()[0], person.mobile, person.wecom_userid_key) == ("zengguo", None, "zg")
    record = hospital.session.scalars(select(AuditRecord).order_by(AuditRecord.id.desc())).first()
    assert record is not None
    assert record.action == "person.update"
    details = details_of(record, keyring)
    assert '"name": "张三"' in details
    assert '"name": "曾国"' in details


def test_update_to_the_same_writes_nothing(hospital: Hospital) -> None:
    person = hospital.person("1")
    hospital.people.update(person, name="张三")
    assert _actions(hospital) == ["person.create"]


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "王\u200b伟"},
        {"name": "王" * 65},
        {"mobile": "12"},
        {"email": "no"},
        {"wecom_userid": "有汉字"},
        {"wecom_userid": "u2"},
        {"title": "长" * 65},
    ],
)
def test_update_refuses_bad_values_and_the_account_of_another(
    hospital: Hospital, fields: dict[str, str]
) -> None:
    person = hospital.person("1")
    hospital.person("2", wecom_userid="U2")
    with pytest.raises(PeopleRefused) as refused:
        hospital.people.update(person, **fields)
    assert refused.value.cure
    assert (person.name, person.wecom_userid) == ("张三", "U1")


def test_a_staff_number_is_given_once(hospital: Hospital) -> None:
    hospital.person("1")
    with pytest.raises(PeopleRefused):
        hospital.person("1")


@pytest.mark.parametrize("number", ["", "1 2", "a/b", "a;b"])
def test_a_staff_number_is_a_code(hospital: Hospital, number: str) -> None:
    with pytest.raises(PeopleRefused):
        hospital.people.create(PersonRecord(number, "张三"))


@pytest.mark.parametrize(
    ("state", "event"),
    [(PersonState.DISABLED, "core.person_disabled"), (PersonState.LEFT, "core.person_left")],
)
def test_change_of_state_is_told_and_loses_facets(hospital: Hospital, state: PersonState, event: str) -> None:
    person = hospital.person("1")
    assert "*" in facets_of(hospital.session, person.id)
    hospital.people.change_state(person, state, "reason")
    assert facets_of(hospital.session, person.id) == frozenset()
    hospital.people.change_state(person, PersonState.ACTIVE, "back")
    told = list(
        hospital.session.execute(select(OutboxEvent.name, OutboxEvent.subject_id).order_by(OutboxEvent.id))
    )
    assert told == [(event, person.public_id), ("core.person_activated", person.public_id)]
    verb = "leave" if state is PersonState.LEFT else "disable"
    assert _actions(hospital) == ["person.create", f"person.{verb}", "person.activate"]


def test_places_replace_departments_and_facets(hospital: Hospital) -> None:
    person = hospital.person("1", department="C1")
    office, hr = hospital.departments["A"], hospital.departments["A1"]
    hospital.people.set_places(person, [Place(office.id, is_leader=True), Place(hr.id, is_primary=True)])
    found = [(row.department_id, row.is_primary, row.is_leader) for row in person.memberships]
    assert found == [(hr.id, True, False), (office.id, False, True)]
    facets = facets_of(hospital.session, person.id)
    assert {f"d:{office.id}", f"d:{hr.id}", f"D:{hospital.departments['H'].id}"} <= facets
    assert f"d:{hospital.departments['C1'].id}" not in facets


def test_bad_places_are_refused(hospital: Hospital) -> None:
    person = hospital.person("1", department="C1")
    one = hospital.departments["A"].id
    for places in (
        [],
        [Place(one)],
        [Place(one, is_primary=True), Place(one)],
        [Place(one, is_primary=True), Place(hospital.departments["C"].id, is_primary=True)],
        [Place(999, is_primary=True)],
    ):
        with pytest.raises(PeopleRefused):
            hospital.people.set_places(person, places)
    assert [row.department.code for row in person.memberships] == ["C1"]


def test_roles_and_tags(hospital: Hospital) -> None:
    person = hospital.person("1")
    hospital.people.set_roles(person, ["nurse", "nurse"])
    hospital.people.set_tags(person, ["党员", "志愿者"])
    hospital.people.set_tags(person, ["志愿者"])
    letters = sorted(facet[0] for facet in facets_of(hospital.session, person.id))
    assert (letters.count("r"), letters.count("t")) == (1, 1)
    with pytest.raises(PeopleRefused):
        hospital.people.set_roles(person, ["wizard"])


def test_confirmation_and_reachability(hospital: Hospital, people: PeopleService) -> None:
    person = hospital.person("1")
    people.confirm(person)
    people.set_reachable(person, Unreachable.UNLICENSED)
    assert person.confirmed_at is not None
    assert (person.is_reachable, person.unreachable_reason) == (False, "unlicensed")
    people.set_reachable(person, None)
    assert (person.is_reachable, person.unreachable_reason) == (True, "")


def test_tree_in_the_order_of_the_hospital(hospital: Hospital) -> None:
    hospital.people.update_department(hospital.departments["A"], is_active=False)
    (root,) = [node for node in hospital.people.tree() if node.department.code == "H"]
    (clinical,) = root.children
    assert [node.department.name for node in clinical.children] == ["产科", "儿科"]


def test_department_is_edited(hospital: Hospital) -> None:
    department = hospital.departments["C1"]
    hospital.people.update_department(
        department, name="小儿科", name_en="Paediatrics", sort_order=9, campus="南湖"
    )
    stored = hospital.session.scalars(select(Department).where(Department.code == "C1")).one()
    assert (stored.name, stored.name_en, stored.sort_order, stored.campus) == (
        "小儿科",
        "Paediatrics",
        9,
        "南湖",
    )


def test_department_paths_follow_a_move(hospital: Hospital) -> None:
    ids = {code: row.id for code, row in hospital.departments.items()}
    hospital.people.move_department(hospital.departments["C"], None)
    assert hospital.departments["C1"].path == f"/{ids['C']}/{ids['C1']}/"
    hospital.people.move_department(hospital.departments["C"], hospital.departments["A1"])
    assert hospital.departments["C1"].path == f"/{ids['H']}/{ids['A']}/{ids['A1']}/{ids['C']}/{ids['C1']}/"


def test_impossible_departments_are_refused(hospital: Hospital) -> None:
    people = hospital.people
    with pytest.raises(PeopleRefused):
        people.move_department(hospital.departments["C"], hospital.departments["C1"])
    with pytest.raises(PeopleRefused):
        people.create_department(DepartmentRecord("C", "又一个"))
    with pytest.raises(PeopleRefused):
        people.create_department(DepartmentRecord("N", "新", "nowhere"))
    with pytest.raises(PeopleRefused):
        people.update_department(hospital.departments["C"], name=" ")
    assert (
        hospital.departments["C"].path == f"/{hospital.departments['H'].id}/{hospital.departments['C'].id}/"
    )


def test_a_tree_is_fifteen_levels_deep_at_most(people: PeopleService) -> None:
    parent = ""
    for level in range(15):
        people.create_department(DepartmentRecord(f"L{level}", "层", parent))
        parent = f"L{level}"
    with pytest.raises(PeopleRefused):
        people.create_department(DepartmentRecord("L15", "层", parent))


def test_a_role_of_the_site(hospital: Hospital) -> None:
    role = hospital.people.add_role("midwife", "助产士")
    person = hospital.person("1", roles=("midwife",))
    assert f"r:{role.id}" in facets_of(hospital.session, person.id)
    assert "midwife" in [known.key for known in hospital.people.roles()]
    for key, name in (("midwife", "另"), ("other", "助产士"), ("中 文", "好"), ("nurse", "又")):
        with pytest.raises(PeopleRefused):
            hospital.people.add_role(key, name)


def test_display_is_kept_with_the_person_and_audited_once(
    hospital: Hospital, clock: FrozenClock, audit: AuditTrail
) -> None:
    person = hospital.person("1")
    for _repeat in range(2):
        set_display(hospital.session, clock, audit, person.id, locale="en", has_large_text=True)
    assert (person.locale, person.has_large_text) == ("en", True)
    assert _actions(hospital).count("person.display") == 1


def test_requests_get_both_services(hospital: Hospital, clock: FrozenClock, audit: AuditTrail) -> None:
    person = hospital.person("1")
    config = Configurator()
    config.include("xinglin.kernel.services")
    config.include("xinglin.people.routes")
    config.commit()
    request = testing.DummyRequest(db=hospital.session, clock=clock, audit=audit)
    made = {cls: factory(None, request) for cls, factory in config.registry.xinglin_services.items()}
    assert made[PeopleService].by_staff_no("1") is person
    assert made[AudienceService].preview([Term("all")]).reached == 1


def test_department_that_does_not_change_is_not_written(hospital: Hospital) -> None:
    hospital.people.update_department(hospital.departments["C"], name="临床")
    assert _actions(hospital) == []
