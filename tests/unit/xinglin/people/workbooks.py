"""Workbooks as a staff office might send them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from xinglin.people.layout import DEPARTMENT_COLUMNS, PERSON_COLUMNS

DEPARTMENT_HEADER = [column.header for column in DEPARTMENT_COLUMNS if not column.is_extra]
PERSON_HEADER = [column.header for column in PERSON_COLUMNS]
DEPARTMENTS = (
    ("H", "杏林医院", "", "", "", 0),
    ("C1", "儿科", "H", "南湖", "", 1),
    ("A1", "人事科", "H", "", "", 2),
)


def person_row(staff_no: object, name: str = "张三", **fields: object) -> list[object]:
    """A row of the sheet 人员; fields are named by their headings."""
    given: Mapping[str, object] = {
        "工号": staff_no,
        "姓名": name,
        "企业微信账号": f"U{staff_no}",
        "主部门编码": "C1",
        "角色": "护士",
        "状态": "在职",
        "是否部门负责人": "否",
        **fields,
    }
    return [given.get(header) for header in PERSON_HEADER]


def book(
    people: Iterable[Sequence[object]],
    departments: Iterable[Sequence[object]] = DEPARTMENTS,
    *,
    header: Sequence[str] = PERSON_HEADER,
) -> Workbook:
    made = Workbook()
    sheet: Any = made.active
    sheet.title = "部门"
    for row in (DEPARTMENT_HEADER, *departments):
        sheet.append(list(row))
    sheet = made.create_sheet("人员")
    for row in (header, *people):
        sheet.append(list(row))
    return made


def save(made: Workbook, folder: Path, name: str = "staff.xlsx") -> Path:
    path = folder / name
    made.save(path)
    return path
