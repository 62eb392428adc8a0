"""Who plays in the story of documents, what IT gives them, and what the audit trail says of them afterwards."""

from __future__ import annotations

DOCTOR, DOCTOR_NAME = "D10031", "曾文博"
WARD_HEAD, WARD_HEAD_NAME = "d10032", "仇雅琴"
AFFAIRS, AFFAIRS_NAME = "A10042", "覃海峰"
FINANCE, FINANCE_NAME = "Xl21487", "高思霞"
NURSING, NURSING_NAME = "A21520", "赵云欣"
DEPUTY, DEPUTY_NAME = "N10011", "单玉梅"
CLERK, CLERK_NAME = "a10041", "吕思佳"
OFFICE_HEAD, OFFICE_HEAD_NAME = "a21456", "乐静"
VICE, VICE_NAME = "A21452", "林云倩"
LEADER, LEADER_NAME = "A10001", "欧阳建国"

EVERYWHERE = "杏林妇女儿童医院"
GRANTS = (
    ("10071", "查志远", "流程管理", ""),
    ("10041", CLERK_NAME, "公文管理（院办）", EVERYWHERE),
    ("10001", LEADER_NAME, "查看公文看板", EVERYWHERE),
)
"""What IT gives on the first day: staff number, name, permission, departments."""
ACTS = {
    ("documents.set_deputy", NURSING_NAME),
    ("documents.start", DOCTOR_NAME),
    ("documents.return", AFFAIRS_NAME),
    ("documents.resubmit", DOCTOR_NAME),
    ("documents.approve", DEPUTY_NAME),
    ("documents.acknowledge", CLERK_NAME),
    ("documents.sign", LEADER_NAME),
    ("documents.issue_number", CLERK_NAME),
    ("documents.seal", OFFICE_HEAD_NAME),
    ("documents.distribute", CLERK_NAME),
    ("documents.archive", CLERK_NAME),
    ("documents.sign_for", WARD_HEAD_NAME),
    ("documents.oa_act", WARD_HEAD_NAME),
}
