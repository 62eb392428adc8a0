"""The audit administrator: records, what is in them, which were changed, and a file with a reason."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import pytest
from PySide6.QtWidgets import QDialog, QLineEdit, QPushButton
from tests.unit.xinglin_admin.contract_portal import ContractPortal, problem
from tests.unit.xinglin_admin.screen import Screen


def asked(portal: ContractPortal, operation: str) -> dict[str, str]:
    """The parameters of the newest such request."""
    query = next(query for name, query in reversed(portal.seen) if name == operation)
    return {name: values[0] for name, values in parse_qs(query).items()}


def test_a_record_shows_who_did_what_and_the_change(auditor: Screen) -> None:
    assert auditor.column("auditTable", 1)[:3] == ["周敏", "钱伟", "周敏"]
    assert auditor.column("auditTable", 4)[:2] == ["成功", "被拒绝"]
    auditor.pick("auditTable", 0)
    auditor.until(lambda: auditor.sees("permission: news:publish"))
    for words in ("205 · 完好", "grant.create", "grant g205", "10.0.0.9", "r205"):
        assert auditor.sees(words)


def test_a_changed_record_is_marked_and_said_aloud(auditor: Screen) -> None:
    assert auditor.column("auditTable", 5)[:4] == ["完好", "完好", "被改动", "完好"]
    assert auditor.sees("本页有 1 条记录被改动")
    auditor.pick("auditTable", 2)
    auditor.until(lambda: auditor.sees("内容被改动，无法解密。"))


def test_filters_are_asked_of_the_portal(auditor: Screen, portal: ContractPortal) -> None:
    assert asked(portal, "GET /audit")["since"].endswith("Z")
    auditor.choose("auditDays", "全部时间")
    auditor.part(QLineEdit, "auditActor").setText("钱伟")
    auditor.until(lambda: auditor.column("auditTable", 1) == ["钱伟"])
    assert asked(portal, "GET /audit") == {"actor": "钱伟", "limit": "100"}


def test_older_records_follow_and_one_comes_back(auditor: Screen) -> None:
    newest = auditor.column("auditTable", 3)
    assert not auditor.part(QPushButton, "newerButton").isEnabled()
    auditor.press("olderButton")
    auditor.until(lambda: auditor.column("auditTable", 3)[0] == "grant g105")
    auditor.press("olderButton")
    auditor.until(lambda: len(auditor.column("auditTable", 3)) == 5)
    assert not auditor.part(QPushButton, "olderButton").isEnabled()
    auditor.press("newerButton")
    auditor.until(lambda: auditor.column("auditTable", 3)[0] == "grant g105")
    auditor.press("newerButton")
    auditor.until(lambda: auditor.column("auditTable", 3) == newest)


def test_a_check_names_the_bad_record(auditor: Screen) -> None:
    auditor.until(lambda: auditor.sees("上次全量检查"))
    assert auditor.sees("120000 条，异常 0 条")
    auditor.press("checkButton")
    auditor.until(lambda: auditor.sees("发现 1 处异常：203: was changed after it was written"))


def test_a_file_needs_a_reason(auditor: Screen, portal: ContractPortal, tmp_path: Path) -> None:
    auditor.press("exportButton")
    dialog = auditor.part(QDialog, "exportDialog")
    save = auditor.part(QPushButton, "saveExport", dialog)
    target = tmp_path / "记录.csv"
    auditor.part(QLineEdit, "exportPath", dialog).setText(str(target))
    assert not save.isEnabled()
    auditor.part(QLineEdit, "exportReason", dialog).setText("年度测评")
    auditor.press("saveExport", dialog)
    auditor.until(lambda: auditor.sees(f"已导出到 {target}。"))
    assert target.read_bytes() == "\ufeffid,at\r\n1,x\r\n".encode()
    assert asked(portal, "GET /audit/export")["reason"] == "年度测评"
    auditor.until(lambda: auditor.window.findChild(QDialog, "exportDialog") is None)


def test_a_file_that_cannot_be_written_is_explained(auditor: Screen, tmp_path: Path) -> None:
    auditor.press("exportButton")
    dialog = auditor.part(QDialog, "exportDialog")
    auditor.part(QLineEdit, "exportPath", dialog).setText(str(tmp_path / "no" / "a.csv"))
    auditor.part(QLineEdit, "exportReason", dialog).setText("年度测评")
    auditor.press("saveExport", dialog)
    auditor.until(lambda: auditor.sees("文件无法保存"))
    assert auditor.sees("请选择其他文件夹")


def test_the_portals_refusal_of_a_file_is_shown(
    auditor: Screen, portal: ContractPortal, tmp_path: Path
) -> None:
    portal.plan("GET /audit/export", 422, problem(422, "导出被拒绝。", ("since", "请缩短时间范围。")))
    auditor.press("exportButton")
    dialog = auditor.part(QDialog, "exportDialog")
    auditor.part(QLineEdit, "exportPath", dialog).setText(str(tmp_path / "a.csv"))
    auditor.part(QLineEdit, "exportReason", dialog).setText("年度测评")
    auditor.press("saveExport", dialog)
    auditor.until(lambda: auditor.sees("请缩短时间范围。"))
    assert not (tmp_path / "a.csv").exists()


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        ("system", {"navGrants", "navModules"}),
        ("security", {"navAccess", "navAccounts"}),
        ("audit", {"navAudit", "navGrants", "navAccounts"}),
    ],
)
def test_what_a_role_may_not_do_is_not_shown(
    screen: Screen, portal: ContractPortal, role: str, shown: set[str]
) -> None:
    portal.role = role
    screen.log_in("correct horse", "123456")
    screen.until(lambda: screen.window.findChild(QPushButton, "signOutButton") is not None)
    found = {one.objectName() for one in screen.window.findChildren(QPushButton)}
    assert {name for name in found if name.startswith("nav")} == shown


def test_the_auditor_looks_at_grants_and_changes_none(auditor: Screen) -> None:
    auditor.press("navGrants")
    auditor.until(lambda: len(auditor.column("grantTable")) == 3)
    auditor.pick("grantTable", 0)
    auditor.until(lambda: auditor.sees("陈思远 · 10231"))
    for name in ("newGrantButton", "revokeButton"):
        assert not auditor.part(QPushButton, name).isVisible()


def test_the_auditor_sees_accounts_and_unlocks_none(auditor: Screen) -> None:
    auditor.press("navAccounts")
    auditor.until(lambda: auditor.column("accountTable") == ["qianwei", "sunli", "wuhao", "xx"])
    assert auditor.column("accountTable", 3) == ["安全管理员", "审计管理员", "系统管理员", "审计管理员"]
    assert auditor.column("accountTable", 5) == ["启用", "启用", "停用", "被改动"]
    assert auditor.sees("账号 xx 在数据库中被改动")
    assert not auditor.part(QPushButton, "unlockButton").isVisible()
