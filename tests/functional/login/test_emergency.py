"""The administrator's emergency login and the one-time code."""

from __future__ import annotations

import re

import pyotp
import pytest

from xinglin.testing.portal import PORTAL_URL

from .journeys import (
    PC,
    actions,
    break_glass,
    sentence_of,
)

pytestmark = pytest.mark.plugins("portal")


def test_the_administrator_comes_in_without_wecom_and_sees_no_page_of_staff(hospital, pc, secret, clock):
    assert break_glass(pc, secret, clock).location == f"{PORTAL_URL}/login/emergency"

    assert "应急" in pc.get("/login/emergency", status=200).text
    assert pc.get("/", status=302).location == f"{PORTAL_URL}/login/emergency"
    assert pc.get("/login/break-glass").location == f"{PORTAL_URL}/login/emergency"
    assert "您没有查看此页面的权限" in pc.get("/me", status=403).text
    assert ("permission.refuse", "denied") in actions(hospital)
    pc.get("/login", status=200)


def test_the_administrators_session_ends_after_half_an_hour_of_idleness(hospital, pc, secret, clock):
    break_glass(pc, secret, clock)
    for _count in range(3):
        clock.advance(minutes=20)
        pc.get("/login/emergency", status=200)
    clock.advance(minutes=30)

    assert "/login" in pc.get("/login/emergency", status=302).location


def test_a_code_of_the_second_factor_works_once(hospital, pc, secret, clock):
    code = pyotp.TOTP(secret).at(clock.now())
    break_glass(pc, secret, clock, code=code)

    again = break_glass(hospital.browser(user_agent=PC), secret, clock, code=code)

    assert (again.status_int, "登录名、密码或动态验证码不正确" in again.text) == (403, True)
    assert ("login.fail", "denied") in actions(hospital)


def test_wrong_passwords_and_unknown_accounts_look_the_same_and_lock(hospital, pc, secret, clock):
    wrong = break_glass(pc, secret, clock, password="wrong password")
    unknown = break_glass(pc, secret, clock, login="nobody")
    assert sentence_of(wrong) == sentence_of(unknown) == "登录名、密码或动态验证码不正确。"
    for _count in range(4):
        break_glass(pc, secret, clock, password="wrong password")

    locked = break_glass(pc, secret, clock)

    assert (locked.status_int, "15 分钟后再试" in locked.text or "16 分钟后再试" in locked.text) == (
        429,
        True,
    )
    clock.advance(minutes=15)
    assert break_glass(pc, secret, clock).status_int == 303


def test_the_administrator_lets_one_person_in_with_a_code(hospital, pc, secret, clock, phone):
    break_glass(pc, secret, clock)
    form = pc.get("/login/emergency").forms[0]
    form["staff_no"] = "10021"
    page = form.submit()
    code = re.search(r'id="one-time-code">(\d{8})<', page.text)[1]
    assert "王丽" in page.text

    form = phone.get("/login/code?next=/me").forms[0]
    form["staff_no"], form["code"] = "10021", "00000000"
    assert "工号或验证码不正确" in form.submit(status=403).text
    form["code"] = code
    assert form.submit(status=303).location == f"{PORTAL_URL}/me"

    assert "王丽" in phone.get("/me").text
    assert ("emergency.issue", "ok") in actions(hospital)
    other = hospital.browser()
    form = other.get("/login/code").forms[0]
    form["staff_no"], form["code"] = "10021", code
    form.submit(status=403)


def test_no_code_for_who_does_not_exist_and_many_tries_lock(hospital, pc, secret, clock):
    break_glass(pc, secret, clock)
    form = pc.get("/login/emergency").forms[0]
    form["staff_no"] = "99999"
    assert "没有使用该工号的在职人员" in form.submit(status=422).text

    form = pc.get("/login/code").forms[0]
    form["staff_no"], form["code"] = "10021", "00000000"
    for _count in range(5):
        form.submit(status=403)
    assert "分钟后再试" in form.submit(status=429).text


def test_the_administrator_logs_out(hospital, pc, secret, clock):
    break_glass(pc, secret, clock)
    cookie = pc.cookies["xinglin_session"]

    pc.get("/login/emergency").forms[1].submit().follow(status=200)

    pc.set_cookie("xinglin_session", cookie)
    assert "/login" in pc.get("/login/emergency", status=302).location
