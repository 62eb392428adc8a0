"""Signing in, being refused, being told to wait, and losing the session."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QFrame, QLineEdit, QPushButton
from tests.unit.xinglin_admin.contract_portal import CODE, PASSWORD, ContractPortal, problem
from tests.unit.xinglin_admin.screen import Screen

from xinglin_admin.settings import Settings


def test_enter_logs_in_and_the_server_is_remembered(
    signed_in: Screen, portal: ContractPortal, settings: Settings
) -> None:
    assert signed_in.column("grantTable") == ["陈思远", "林若溪", "陈晓梅"]
    assert signed_in.sees("周敏")
    assert settings.server == portal.url
    assert portal.languages == {"zh-CN"}


def test_wrong_password_is_said_and_the_code_must_be_typed_again(screen: Screen) -> None:
    screen.log_in("wrong", CODE)
    screen.until(lambda: screen.sees("登录名、密码或验证码不正确。"))
    assert screen.is_at_login()
    assert screen.part(QLineEdit, "loginField").text() == "zhoumin"
    assert screen.part(QLineEdit, "codeField").text() == ""
    assert screen.part(QPushButton, "loginButton").isEnabled()


def test_too_many_attempts_lock_the_button_for_the_time_the_server_says(
    screen: Screen, portal: ContractPortal
) -> None:
    portal.plan("POST /login", 429, problem(429, "尝试次数过多。"), Retry_After="2")
    screen.log_in(PASSWORD, CODE)
    button = screen.part(QPushButton, "loginButton")
    screen.until(lambda: screen.sees("尝试次数过多。") and button.text() == "请等待 2 秒")
    assert not button.isEnabled()
    screen.until(button.isEnabled)
    assert button.text() == "登录"


def test_incomplete_fields_are_not_sent(screen: Screen, portal: ContractPortal) -> None:
    screen.log_in(PASSWORD, "12x34")
    assert screen.sees("请填写登录名、密码和 6 位动态验证码。")
    assert portal.seen == []


def test_a_password_never_leaves_over_plain_http(screen: Screen, portal: ContractPortal) -> None:
    screen.write("serverField", "http://portal.example.org")
    screen.log_in(PASSWORD, CODE)
    assert screen.sees("服务器地址“http://portal.example.org”不能使用。")
    assert portal.seen == []


def test_nobody_at_the_address_gives_a_sentence_with_a_cure(open_screen: Callable[[str], Screen]) -> None:
    screen = open_screen("http://127.0.0.1:9")
    screen.log_in(PASSWORD, CODE)
    screen.until(lambda: screen.sees("连接不上服务器 http://127.0.0.1:9。"))
    assert screen.sees("请检查网络和服务器地址")
    assert screen.part(QPushButton, "loginButton").isEnabled()


def test_lost_session_comes_back_to_the_open_dialog(signed_in: Screen, portal: ContractPortal) -> None:
    dialog = signed_in.open_dialog()
    signed_in.write("personSearch", "林若溪")
    signed_in.until(
        lambda: signed_in.part(QLineEdit, "personSearch").text() == "林若溪" and signed_in.sees("找到 1 人")
    )
    portal.tokens.clear()
    signed_in.write("personSearch", "陈思远")
    signed_in.until(signed_in.is_at_login)
    assert not dialog.isVisible()
    assert signed_in.sees("登录已过期。")
    signed_in.log_in(PASSWORD, CODE)
    signed_in.until(dialog.isVisible)
    assert signed_in.part(QLineEdit, "personSearch").text() == "陈思远"


def test_sign_out_ends_the_session_on_the_server(signed_in: Screen, portal: ContractPortal) -> None:
    signed_in.press("signOutButton")
    signed_in.until(lambda: not portal.tokens)
    assert signed_in.is_at_login()
    assert signed_in.part(QLineEdit, "loginField").text() == ""
    assert signed_in.window.findChild(QDialog) is None


def test_english_is_one_choice_away(screen: Screen, settings: Settings) -> None:
    screen.choose("languageBox", "English")
    screen.part(QComboBox, "languageBox").activated.emit(1)
    screen.until(lambda: screen.part(QPushButton, "loginButton").text() == "Sign in")
    assert settings.language == "en"


def test_window_stays_alive_while_the_server_hangs(screen: Screen, portal: ContractPortal) -> None:
    portal.gate.clear()
    screen.log_in(PASSWORD, CODE)
    screen.until(lambda: portal.seen == [("POST /login", "")])
    screen.write("loginField", "typed while waiting")
    screen.qtbot.keyClick(screen.part(QLineEdit, "loginField"), Qt.Key.Key_Home)
    assert screen.part(QPushButton, "loginButton").text() == "正在登录…"
    assert screen.part(QLineEdit, "loginField").cursorPosition() == 0
    portal.gate.set()
    screen.until(lambda: not screen.is_at_login())
    assert not screen.part(QFrame, "errorBanner").isVisible()
