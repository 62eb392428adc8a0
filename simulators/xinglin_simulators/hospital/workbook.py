"""The hospital's staff workbook in the layout of the portal's import template."""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook

from .model import HOSPITAL_NAME, ROOT_ID, Department, Hospital, Person

DEPARTMENT_COLUMNS = ("部门编码", "部门名称", "上级部门编码", "院区", "英文名称", "排序")
PERSON_COLUMNS = (
    "工号",
    "姓名",
    "企业微信账号",
    "手机",
    "邮箱",
    "主部门编码",
    "兼职部门编码",
    "职称",
    "职务",
    "角色",
    "标签",
    "是否部门负责人",
    "状态",
    "账号已核验",
)


def _yes_no(value: bool) -> str:
    return "是" if value else "否"


def _department_code(department_id: int) -> str:
    return f"D{department_id:03d}"


def _department_row(row: Department) -> tuple[str | int, ...]:
    return (row.code, row.name, _department_code(row.parent_id), row.campus, row.name_en, row.order)


def _person_row(person: Person) -> tuple[str, ...]:
    return (
        person.staff_no,
        person.name,
        person.userid,
        person.mobile,
        person.email,
        _department_code(person.department_id),
        ";".join(_department_code(number) for number in person.other_department_ids),
        person.title,
        person.position,
        ";".join(person.roles),
        ";".join(person.tags),
        _yes_no(person.leads_department),
        "停用" if person.status == 2 else "在职",
        _yes_no(person.is_verified),
    )


def write_workbook(hospital: Hospital, path: Path) -> None:
    """Write sheets 部门 (root first) and 人员 to ``path``."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("部门")
    sheet.append(DEPARTMENT_COLUMNS)
    sheet.append(
        (_department_code(ROOT_ID), HOSPITAL_NAME, "", "", "Xinglin Women's and Children's Hospital", 0)
    )
    for department in hospital.departments:
        sheet.append(_department_row(department))
    sheet = book.create_sheet("人员")
    sheet.append(PERSON_COLUMNS)
    for person in hospital.people:
        sheet.append(_person_row(person))
    book.save(path)
