"""The staff import: differences, refusals, one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.bus.models import OutboxEvent
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Session
from xinglin.people import roster
from xinglin.people.errors import PeopleRefused
from xinglin.people.facets import refresh
from xinglin.people.importing import ImportService, Plan, read_file
from xinglin.people.models import Department, ImportRun, Person, PersonState
from xinglin.people.problems import FileRefused
from xinglin.people.records import PersonRecord
from xinglin.people.service import PeopleService

from .workbooks import DEPARTMENTS, PERSON_HEADER, book, person_row, save

Rows = Iterable[Sequence[object]]
Importing = Callable[..., ImportRun | None]


def _problems(plan: Callable[..., object], people: Rows, departments: Rows = DEPARTMENTS) -> dict[str, str]:
    with pytest.raises(FileRefused) as refused:
        plan(people, departments)
    return {problem.address: problem.message for problem in refused.value.problems}


def _person(session: Session, staff_no: str) -> PersonRecord:
    return roster.read(session, [staff_no]).people[staff_no]


def test_everything_in_the_file_arrives(importing: Importing, session: Session) -> None:
    row = person_row(
        "1",
        "曾 国",
        手机="138 0000-0000",
        邮箱="a@b.example",
        兼职部门编码="A1; C1；A1",
        职称="主任医师",
        职务="主任",
        角色="doctor；科主任",
        标签="党员;志愿者",
        是否部门负责人="是",
        状态="停用",
        账号已核验="是",
    )
    importing([row])
    assert _person(session, "1") == PersonRecord(
        "1",
        "曾 国",
        "U1",
        "13800000000",
        "a@b.example",
        "C1",
        ("A1",),
        ("C1",),
        "主任医师",
        "主任",
        ("department_head", "doctor"),
        ("党员", "志愿者"),
        "disabled",
        is_confirmed=True,
    )
    child = session.scalars(select(Department).where(Department.code == "C1")).one()
    assert (child.name, child.campus, child.path.count("/")) == ("儿科", "南湖", 3)
    assert refresh(session, None) == 0


def test_the_same_file_twice_changes_nothing(importing: Importing, session: Session) -> None:
    rows = [
        person_row(
            "1", 兼职部门编码="A1;H", 角色="护士长;护士", 标签="乙;甲", 是否部门负责人="是", 账号已核验="是"
        ),
        person_row("2"),
    ]
    assert importing(rows) is not None
    assert importing(rows) is None
    assert session.scalar(select(func.count()).select_from(ImportRun)) == 1


def test_each_change_has_an_audit_record_with_before_and_after(
    importing: Importing, session: Session, keyring: Keyring
) -> None:
    importing([person_row("1"), *(person_row(str(number)) for number in range(2, 40))])
    importing([person_row("1", "李四"), *(person_row(str(number)) for number in range(3, 40))])
    records = session.execute(
        select(AuditRecord.action, func.count())
        .where(AuditRecord.object_kind == "person")
        .group_by(AuditRecord.action)
    )
    assert dict(records.all()) == {"person.create": 39, "person.update": 1, "person.leave": 1}
    row = session.scalars(select(AuditRecord).where(AuditRecord.action == "person.update")).one()
    assert details_of(row, keyring) == '{"after": {"name": "李四"}, "before": {"name": "张三"}}'


def test_preview_names_added_changed_moved_and_leaving(
    importing: Importing, planning: Callable[..., Plan]
) -> None:
    importing([person_row("1"), person_row("2"), person_row("3")])
    plan = planning([person_row("1", 主部门编码="A1"), person_row("2", "李四"), person_row("4")])
    assert [change.key for change in plan.added] == ["4"]
    assert [change.key for change in plan.moved] == ["1"]
    assert [change.key for change in plan.removed] == ["3"]
    renamed = next(change for change in plan.updated if change.key == "2")
    assert (renamed.before, renamed.after) == ({"name": "张三"}, {"name": "李四"})


def test_more_than_five_percent_leave_only_when_it_is_meant(importing: Importing, session: Session) -> None:
    rows = [person_row(str(number)) for number in range(40)]
    importing(rows)
    with pytest.raises(PeopleRefused) as refused:
        importing(rows[3:])
    assert "3" in str(refused.value.message.mapping)  # type: ignore[attr-defined]
    assert importing(rows[2:]) is not None
    with pytest.raises(PeopleRefused):
        importing([person_row(str(number), 状态="停用") for number in range(2, 40)])
    importing(rows[10:], allow_removals=True)
    left = session.scalars(select(Person).where(Person.state == PersonState.LEFT)).all()
    assert len(left) == 10
    assert set(session.scalars(select(OutboxEvent.name))) == {"core.person_left"}


def test_a_rehired_person_keeps_number_and_identity(importing: Importing, session: Session) -> None:
    others = [person_row(str(number)) for number in range(2, 30)]
    importing([person_row("1"), *others])
    before = session.scalars(select(Person).where(Person.staff_no == "1")).one()
    importing(others)
    assert before.state is PersonState.LEFT
    importing([person_row("1", 主部门编码="A1"), *others])
    after = session.scalars(select(Person).where(Person.staff_no == "1")).one()
    assert (after.id, after.state) == (before.id, PersonState.ACTIVE)


def test_columns_that_are_missing_leave_their_fields_alone(importing: Importing, session: Session) -> None:
    importing(
        [
            person_row(
                "1", 手机="13800000000", 兼职部门编码="A1", 标签="党员", 是否部门负责人="是", 账号已核验="是"
            )
        ]
    )
    importing([["1", "李四", "A1"]], header=["工号", "姓名", "主部门编码"])
    person = _person(session, "1")
    assert (person.name, person.department, person.other_departments, person.leads) == ("李四", "A1", (), ())
    assert (person.mobile, person.tags, person.is_confirmed, person.wecom_userid) == (
        "13800000000",
        ("党员",),
        True,
        "U1",
    )


def test_empty_cells_empty_their_fields_but_not_account_state_and_verification(
    importing: Importing, session: Session
) -> None:
    importing(
        [person_row("1", 手机="13800000000", 职称="主任", 状态="停用", 账号已核验="是", 是否部门负责人="是")]
    )
    importing([person_row("1", 企业微信账号="", 状态="", 账号已核验="否", 角色="")])
    person = _person(session, "1")
    assert (person.mobile, person.title, person.roles, person.leads) == (None, "", (), ())
    assert (person.wecom_userid, person.state, person.is_confirmed) == ("U1", "disabled", True)


def test_persons_of_a_sheet_without_people_stay(
    importing: Importing, service: ImportService, session: Session, tmp_path: Path
) -> None:
    importing([person_row("1")])
    made = book([])
    del made["人员"]
    made["部门"]["B3"] = "小儿科"
    service.apply(service.plan(read_file(save(made, tmp_path))))
    assert _person(session, "1").state == "active"
    assert session.scalars(select(Department.name).where(Department.code == "C1")).one() == "小儿科"


def test_a_csv_of_people_leaves_departments_alone(
    importing: Importing, service: ImportService, session: Session, tmp_path: Path
) -> None:
    importing([person_row("1")])
    path = tmp_path / "p.csv"
    path.write_text("工号,姓名,主部门编码\n1,李四,A1\n", encoding="gb18030")
    service.apply(service.plan(read_file(path)))
    assert (_person(session, "1").name, _person(session, "1").department) == ("李四", "A1")
    assert session.scalars(select(Department.is_active)).all() == [True] * 3


def test_departments_that_the_file_no_longer_names_are_closed_when_empty(
    importing: Importing, session: Session
) -> None:
    importing([person_row("1")])
    importing([person_row("1")], DEPARTMENTS[:2])
    closed = session.scalars(select(Department.code).where(Department.is_active.is_(False))).all()
    assert closed == ["A1"]
    found = _problems(
        importing,
        [person_row("1", 主部门编码="A1")],
        DEPARTMENTS[:2],
    )
    assert list(found) == ["人员!F2"]
    importing([person_row("1", 主部门编码="A1")])
    assert session.scalars(select(Department.code).where(Department.is_active.is_(False))).all() == []


def test_mistakes_are_reported_by_cell_all_at_once(planning: Callable[..., Plan]) -> None:
    rows = [
        person_row("", "无工号"),
        person_row("1", 企业微信账号="U9", 手机="13800000000"),
        person_row("1", 企业微信账号="U8"),
        person_row("2", 企业微信账号="u9"),
        person_row("3", 手机="138-0000-0000"),
        person_row("4", ""),
        person_row("5", "王\u200b伟"),
        person_row("6", 主部门编码="X"),
        person_row("7", 兼职部门编码="A1;X"),
        person_row("8", 角色="巫师"),
        person_row("99", 状态="休假"),
        person_row("10", 是否部门负责人="有"),
        person_row("11", 邮箱="无"),
        person_row("12", 手机="一二三"),
        person_row("13", 企业微信账号="张三"),
        person_row("14", "长" * 65),
        person_row("15", 主部门编码=""),
    ]
    found = _problems(planning, rows)
    assert set(found) == {
        *(
            "人员!A2",
            "人员!A4",
            "人员!C5",
            "人员!D6",
            "人员!B7",
            "人员!B8",
            "人员!F9",
            "人员!G10",
            "人员!J11",
        ),
        *("人员!M12", "人员!L13", "人员!E14", "人员!D15", "人员!C16", "人员!B17", "人员!F18"),
    }
    assert found["人员!C5"].mapping["address"] == "人员!C3"  # type: ignore[attr-defined]


def test_cells_that_cannot_be_read_hide_no_other_mistake(service: ImportService, tmp_path: Path) -> None:
    made = book([person_row("1", 手机="一二三"), person_row("2", 主部门编码="X"), person_row("3")])
    made["人员"]["A2"], made["人员"]["B4"], made["人员"]["F4"] = "=A1", "=A1", "=A1"
    file = read_file(save(made, tmp_path))
    for _repeat in range(2):
        found = _problems(lambda *_arguments: service.plan(file), [])
        assert list(found) == ["人员!A2", "人员!B4", "人员!F4", "人员!D2", "人员!F3"]
    with pytest.raises(FileRefused) as refused:
        service.plan(file)
    assert refused.value.total == 5


def test_a_department_whose_code_cannot_be_read_is_not_called_unknown(
    service: ImportService, tmp_path: Path
) -> None:
    made = book([person_row("1", 主部门编码="A1", 邮箱="无")])
    made["部门"].append(["A2", "工资组", "A1"])
    made["部门"]["A4"] = "=A2"
    path = save(made, tmp_path)
    assert list(_problems(lambda *_arguments: service.plan(read_file(path)), [])) == ["部门!A4", "人员!E2"]
    path = tmp_path / "p.csv"
    path.write_text("工号,姓名,主部门编码\n1,=B1,H\n2,甲,X\n", encoding="utf-8")
    assert list(_problems(lambda *_arguments: service.plan(read_file(path)), [])) == [
        "人员!B2",
        "人员!C2",
        "人员!C3",
    ]


def test_mistakes_in_departments(planning: Callable[..., Plan]) -> None:
    rows = [
        ("H", "医院", "", "", "", "x"),
        ("A", "甲", "B", "", "", ""),
        ("B", "乙", "A", "", "", ""),
        ("C", "丙", "nowhere", "", "", 10**12),
        ("H", "又", "", "", "", ""),
        ("D", "", "H", "", "", ""),
    ]
    found = _problems(planning, [], rows)
    assert set(found) == {"部门!F2", "部门!C3", "部门!C4", "部门!C5", "部门!F5", "部门!A6", "部门!B7"}


def test_accounts_may_be_swapped_and_taken_from_those_who_left(
    importing: Importing, session: Session
) -> None:
    importing([person_row("1"), person_row("2"), *(person_row(str(number)) for number in range(10, 40))])
    rest = [person_row(str(number)) for number in range(10, 40)]
    importing([person_row("1", 企业微信账号="u2"), person_row("2", 企业微信账号="u1"), *rest])
    assert [_person(session, number).wecom_userid for number in "12"] == ["u2", "u1"]
    importing([person_row("1", 企业微信账号="u2"), *rest])
    importing([person_row("1", 企业微信账号="u2"), person_row("3", 企业微信账号="U1"), *rest])
    assert [_person(session, number).wecom_userid for number in "23"] == [None, "U1"]


def test_an_account_of_somebody_who_is_not_in_the_file_is_a_mistake(
    importing: Importing, planning: Callable[..., Plan], session: Session, people: PeopleService
) -> None:
    importing([person_row("1")])
    people.create(PersonRecord("w", "外人", "W", source="wecom"))
    found = _problems(planning, [person_row("1"), person_row("2", 企业微信账号="w")])
    assert list(found) == [""]


def test_a_whole_hospital_with_progress(
    importing: Importing, service: ImportService, planning: Callable[..., Plan]
) -> None:
    steps: list[int] = []
    plan = planning([person_row(str(number), "王伟") for number in range(1632)])
    service.apply(plan, progress=steps.append)
    assert sum(steps) == 1632


def test_headings_of_the_template_are_those_of_the_tests() -> None:
    assert PERSON_HEADER[0] == "工号"
    assert len(PERSON_HEADER) == 14


def test_departments_may_bring_their_number_in_wecom(
    service: ImportService, session: Session, tmp_path: Path
) -> None:
    made = book([])
    made["部门"]["G1"], made["部门"]["G2"], made["部门"]["G3"] = "企业微信部门编号", 1, 4
    service.apply(service.plan(read_file(save(made, tmp_path))))
    stored = roster.read(session).departments
    assert [stored[code].wecom_id for code in ("H", "C1", "A1")] == [1, 4, None]
    made["部门"]["G4"] = 4
    assert list(_problems(lambda *_arguments: service.plan(read_file(save(made, tmp_path))), [])) == [
        "部门!G4"
    ]
