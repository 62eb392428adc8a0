"""The list of grants: filter, details, revoke, failures and retry."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLineEdit, QMessageBox, QPushButton, QWidget
from tests.unit.xinglin_admin.contract_portal import ContractPortal, grant_document, problem
from tests.unit.xinglin_admin.screen import Screen

from xinglin_admin.api import validation


def test_details_say_who_gave_it_and_when(signed_in: Screen) -> None:
    signed_in.pick("grantTable", 1)
    signed_in.until(lambda: signed_in.sees("林若溪 · 11345"))
    for words in ("职工满意度", "宣传科、信息科", "授权人", "周敏", "2026-11-02"):
        assert signed_in.sees(words)


def test_filter_asks_the_server_once_when_typing_pauses(signed_in: Screen, portal: ContractPortal) -> None:
    portal.seen.clear()
    signed_in.qtbot.keyClick(signed_in.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert signed_in.part(QLineEdit, "grantFilter").hasFocus()
    for text in ("陈", "陈晓", "陈晓梅"):
        signed_in.part(QLineEdit, "grantFilter").setText(text)
    signed_in.until(lambda: signed_in.column("grantTable") == ["陈晓梅"])
    assert len(portal.seen) == 1


def test_revoking_asks_first_and_cancel_changes_nothing(signed_in: Screen, portal: ContractPortal) -> None:
    signed_in.pick("grantTable", 0)
    signed_in.press("revokeButton")
    box = signed_in.part(QMessageBox, "confirmation")
    assert "陈思远" in box.text()
    assert "发布新闻" in box.text()
    signed_in.qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert not box.isVisible()
    assert portal.grants[0]["state"] == "active"


def test_revoked_grant_leaves_the_list_and_shows_by_whom(signed_in: Screen, portal: ContractPortal) -> None:
    signed_in.pick("grantTable", 0)
    signed_in.press("revokeButton")
    signed_in.press("confirmButton")
    signed_in.until(lambda: signed_in.column("grantTable") == ["林若溪", "陈晓梅"])
    assert portal.grants[0]["state"] == "revoked"
    assert signed_in.sees("已撤销 陈思远 的“发布新闻”权限。")
    signed_in.choose("grantState", "已撤销")
    signed_in.until(lambda: signed_in.column("grantTable") == ["陈思远"])
    signed_in.pick("grantTable", 0)
    signed_in.until(lambda: signed_in.sees("撤销人"))
    assert not signed_in.part(QPushButton, "revokeButton").isEnabled()


def test_somebody_else_was_faster(signed_in: Screen, portal: ContractPortal) -> None:
    signed_in.pick("grantTable", 0)
    portal.grants[0]["state"] = "revoked"
    signed_in.press("revokeButton")
    signed_in.press("confirmButton")
    signed_in.until(lambda: signed_in.sees("这条授权已经撤销。"))
    signed_in.press("retryButton", grants_page(signed_in))
    signed_in.until(lambda: signed_in.column("grantTable") == ["林若溪", "陈晓梅"])


def test_not_allowed_is_said_with_a_cure(signed_in: Screen, portal: ContractPortal) -> None:
    portal.plan("GET /grants", 403, problem(403, "您不能查看授权。"))
    signed_in.qtbot.keyClick(signed_in.window, Qt.Key.Key_F5)
    signed_in.until(lambda: signed_in.sees("您不能查看授权。"))
    assert signed_in.sees("联系安全管理员")


def test_ui_timer_goes_on_while_the_list_hangs(signed_in: Screen, portal: ContractPortal) -> None:
    ticks: list[int] = []
    timer = QTimer(interval=10)
    timer.timeout.connect(lambda: ticks.append(1))
    portal.gate.clear()
    signed_in.press("refreshGrants")
    timer.start()
    signed_in.until(lambda: len(ticks) >= 30)
    timer.stop()
    assert portal.seen[-1][0] == "GET /grants"
    assert signed_in.column("grantTable") == ["陈思远", "林若溪", "陈晓梅"]
    portal.grants.pop()
    portal.gate.set()
    signed_in.until(lambda: signed_in.column("grantTable") == ["陈思远", "林若溪"])


def test_server_down_then_up_and_retry_works(signed_in: Screen, portal: ContractPortal) -> None:
    address = portal.server_port
    portal.stop()
    signed_in.qtbot.keyClick(signed_in.window, Qt.Key.Key_F5)
    signed_in.until(lambda: signed_in.sees(f"连接不上服务器 http://127.0.0.1:{address}。"))
    assert signed_in.column("grantTable") == ["陈思远", "林若溪", "陈晓梅"]
    again = ContractPortal(address)
    again.tokens = portal.tokens
    again.grants = portal.grants[:1]
    again.start()
    banner = signed_in.part(QPushButton, "retryButton", grants_page(signed_in))
    signed_in.qtbot.mouseClick(banner, Qt.MouseButton.LeftButton)
    signed_in.until(lambda: signed_in.column("grantTable") == ["陈思远"])
    assert not banner.isVisible()
    again.stop()


def test_answer_that_breaks_the_contract_names_operation_and_place(
    signed_in: Screen, portal: ContractPortal
) -> None:
    broken = grant_document("g9", 0, 0, [], "2027-06-30")
    broken["granted_at"] = "yesterday"
    portal.plan("GET /grants", 200, {"grants": [broken], "total": 1})
    signed_in.press("refreshGrants")
    signed_in.until(lambda: signed_in.sees("服务器的回答不符合接口约定（listGrants：$.grants[0].granted_at"))
    assert "yesterday" not in signed_in.visible_text()
    assert signed_in.column("grantTable") == ["陈思远", "林若溪", "陈晓梅"]


def test_impossible_day_breaks_the_contract_too(signed_in: Screen, portal: ContractPortal) -> None:
    portal.plan("GET /grants", 200, {"grants": [grant_document("g9", 0, 0, [], "2027-02-30")], "total": 1})
    signed_in.press("refreshGrants")
    signed_in.until(lambda: signed_in.sees("服务器的回答不符合接口约定（listGrants"))


def test_page_of_a_proxy_is_not_taken_for_an_answer(signed_in: Screen, portal: ContractPortal) -> None:
    portal.plan("GET /grants", 200, "<html>hotel login</html>", Content_Type="text/html")
    signed_in.press("refreshGrants")
    signed_in.until(lambda: signed_in.sees("content type text/html"))
    portal.plan("GET /grants", 502, "bad gateway", Content_Type="text/html")
    signed_in.press("refreshGrants")
    signed_in.until(lambda: signed_in.sees("服务器内部出错（HTTP 502）。"))


def test_missing_contract_says_install_again(signed_in: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    validation.contract.cache_clear()
    monkeypatch.setattr(validation, "_PACKAGE", "xinglin_schemas_absent")
    signed_in.press("refreshGrants")
    signed_in.until(lambda: signed_in.sees("本工具缺少接口说明文件"))
    assert signed_in.sees("请重新安装管理工具。")
    validation.contract.cache_clear()


def test_long_lists_come_in_parts(signed_in: Screen, portal: ContractPortal) -> None:
    portal.grants = [grant_document(f"n{number}", 0, 0, [], None) for number in range(60)]
    signed_in.press("refreshGrants")
    signed_in.until(lambda: signed_in.sees("第 1–50 条，共 60 条"))
    signed_in.press("nextButton")
    signed_in.until(lambda: signed_in.sees("第 51–60 条，共 60 条"))
    del portal.grants[50:]
    signed_in.press("refreshGrants")
    signed_in.until(lambda: signed_in.sees("第 1–50 条，共 50 条"))


def grants_page(screen: Screen) -> QWidget:
    page = screen.part(QPushButton, "newGrantButton").parentWidget()
    assert page is not None
    return page
