"""The security administrator: networks, signing a person out, unlocking an account."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QMessageBox, QPushButton
from tests.unit.xinglin_admin.contract_portal import ContractPortal, problem
from tests.unit.xinglin_admin.screen import Screen


def test_a_network_is_added_to_its_zone(guard: Screen, portal: ContractPortal) -> None:
    assert guard.column("zoneTable", 3) == ["办公网"]
    assert guard.sees("您当前的地址：10.0.0.9")
    assert not guard.part(QPushButton, "addNetwork").isEnabled()
    guard.part(QLineEdit, "networkField").setText("192.168.0.0/16")
    guard.part(QLineEdit, "noteField").setText("分院")
    guard.press("addNetwork")
    guard.until(lambda: guard.column("zoneTable") == ["10.0.0.0/8", "192.168.0.0/16"])
    assert [rule["note"] for rule in portal.zones["office"]] == ["院内", "分院"]
    assert guard.sees("已添加 192.168.0.0/16")
    assert guard.part(QLineEdit, "networkField").text() == ""


def test_a_refused_network_is_explained_and_stays_in_the_field(guard: Screen, portal: ContractPortal) -> None:
    portal.plan("PUT /zones", 422, problem(422, "该设置会使您自己的地址 10.0.0.9 无法访问。"))
    guard.choose("zoneBox", "管理网")
    guard.part(QLineEdit, "networkField").setText("172.16.0.0/12")
    guard.press("addNetwork")
    guard.until(lambda: guard.sees("无法访问"))
    assert guard.part(QLineEdit, "networkField").text() == "172.16.0.0/12"
    assert guard.column("zoneTable") == ["10.0.0.0/8"]


def test_removing_the_last_network_says_what_that_means(guard: Screen, portal: ContractPortal) -> None:
    guard.pick("zoneTable", 0)
    guard.press("removeNetwork")
    box = guard.part(QMessageBox, "confirmation")
    assert "可从任何地址访问" in box.informativeText()
    guard.press("confirmButton")
    guard.until(lambda: guard.column("zoneTable") == [])
    assert portal.zones["office"] == []
    assert not guard.part(QPushButton, "removeNetwork").isEnabled()


def test_a_person_is_signed_out_everywhere_after_a_question(guard: Screen, portal: ContractPortal) -> None:
    assert not guard.part(QPushButton, "endSessions").isEnabled()
    guard.part(QLineEdit, "personSearch").setText("陈晓梅")
    guard.until(lambda: guard.part(QPushButton, "endSessions").isEnabled())
    guard.press("endSessions")
    assert "陈晓梅" in guard.part(QMessageBox, "confirmation").text()
    guard.press("confirmButton")
    guard.until(lambda: guard.sees("陈晓梅 已在所有设备上退出登录。"))
    assert portal.seen[-1][0] == "POST /people/p2/sessions/end"


def test_a_locked_account_is_unlocked(guard: Screen, portal: ContractPortal) -> None:
    guard.press("navAccounts")
    guard.until(lambda: len(guard.column("accountTable")) == 4)
    guard.pick("accountTable", 2)
    guard.press("unlockButton")
    guard.until(lambda: guard.sees("账号 wuhao 可以重新尝试登录。"))
    assert portal.seen[-1][0] == "POST /administrators/a2/unlock"
