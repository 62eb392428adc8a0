"""The modules page."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit
from tests.unit.xinglin_admin.contract_portal import QUARANTINE_CURE, QUARANTINE_ERROR, ContractPortal
from tests.unit.xinglin_admin.screen import Screen


def test_quarantined_module_comes_first_with_reason_and_cure(signed_in: Screen) -> None:
    signed_in.press("navModules")
    signed_in.until(lambda: signed_in.column("modulesTable") == ["公文", "门户", "通讯录", "新闻", "工资条"])
    assert signed_in.column("modulesTable", 4) == ["已隔离", "已启用", "已启用", "已启用", "已停用"]
    assert signed_in.column("modulesTable", 3)[1] == "必需模块"
    assert signed_in.sees("有 1 个模块因出错被隔离")
    signed_in.until(lambda: signed_in.sees(QUARANTINE_ERROR))
    assert signed_in.sees(QUARANTINE_CURE)
    assert signed_in.sees("共 5 个模块：3 个启用，1 个停用，1 个隔离")


def test_filter_finds_by_name_and_state(signed_in: Screen) -> None:
    signed_in.press("navModules")
    signed_in.until(lambda: len(signed_in.column("modulesTable")) == 5)
    signed_in.part(QLineEdit, "moduleFilter").setText("pays")
    assert signed_in.column("modulesTable") == ["工资条"]
    signed_in.part(QLineEdit, "moduleFilter").setText("已启用")
    assert signed_in.column("modulesTable") == ["门户", "通讯录", "新闻"]


def test_markup_in_an_answer_stays_text(signed_in: Screen, portal: ContractPortal) -> None:
    sly = {
        "name": "sly",
        "title": "<b>sly</b>",
        "version": "1",
        "summary": "<img src='http://127.0.0.1:9/x.png'>",
        "state": "quarantined",
        "is_required": False,
        "error": "<a href='http://127.0.0.1:9'>click</a>",
    }
    portal.plan("GET /modules", 200, {"modules": [sly]})
    signed_in.press("navModules")
    signed_in.until(lambda: signed_in.sees("<a href='http://127.0.0.1:9'>click</a>"))
    assert signed_in.column("modulesTable") == ["<b>sly</b>"]
