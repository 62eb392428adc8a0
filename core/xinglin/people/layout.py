"""The layout of the staff workbook: sheets, columns, words. Template, reader and guide all follow this."""

from __future__ import annotations

from dataclasses import dataclass

from xinglin.people.models import PersonState

DEPARTMENT_SHEET = "部门"
PERSON_SHEET = "人员"
STATES = {
    "在职": PersonState.ACTIVE.value,
    "停用": PersonState.DISABLED.value,
    "离职": PersonState.LEFT.value,
}
YES, NO = "是", "否"


@dataclass(frozen=True)
class Column:
    """A column of the workbook; `is_extra` ones are understood but not in the template."""

    header: str
    field: str
    hint: str
    is_required: bool = False
    is_extra: bool = False
    choices: tuple[str, ...] = ()


DEPARTMENT_COLUMNS = (
    Column("部门编码", "code", "医院自己的编码，唯一，不再改变", is_required=True),
    Column("部门名称", "name", "不超过 64 个字", is_required=True),
    Column("上级部门编码", "parent", "最上级留空"),
    Column("院区", "campus", ""),
    Column("英文名称", "name_en", ""),
    Column("排序", "sort_order", "整数，小的在前"),
    Column("企业微信部门编号", "wecom_id", "整数，可不填", is_extra=True),
)
PERSON_COLUMNS = (
    Column("工号", "staff_no", "唯一，不再改变；请设为文本格式", is_required=True),
    Column("姓名", "name", "不超过 64 个字", is_required=True),
    Column("企业微信账号", "wecom_userid", "留空不会清除已有账号"),
    Column("手机", "mobile", "请设为文本格式"),
    Column("邮箱", "email", ""),
    Column("主部门编码", "department", "“部门”表中的编码", is_required=True),
    Column("兼职部门编码", "other_departments", "多个用 ; 分隔"),
    Column("职称", "title", ""),
    Column("职务", "position", ""),
    Column("角色", "roles", "如 医生;科主任，多个用 ; 分隔"),
    Column("标签", "tags", "多个用 ; 分隔"),
    Column("是否部门负责人", "leads", "是或否", choices=(YES, NO)),
    Column("状态", "state", "在职、停用或离职", choices=tuple(STATES)),
    Column("账号已核验", "is_confirmed", "是：本人首次登录不再核验", choices=(YES, NO)),
)
SHEETS = {DEPARTMENT_SHEET: DEPARTMENT_COLUMNS, PERSON_SHEET: PERSON_COLUMNS}
