"""The way in through WeCom: silent on the phone, by QR code on a PC, and everything that goes wrong there."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import select

from xinglin.auth.models import LoginSession
from xinglin.people.models import Person, PersonState
from xinglin.testing.portal import PORTAL_URL

from .journeys import (
    WARD_NURSE,
    actions,
    back,
    begin,
    break_wecom,
    change_state,
    code_of,
    come_back,
    come_back_refused,
    is_out,
    log_out,
    problem,
)

pytestmark = pytest.mark.plugins("portal")


def test_a_phone_logs_in_without_a_word_and_lands_where_it_wanted(hospital, phone):
    query = begin(phone, "/me?tab=sessions")
    assert query["scope"] == ["snsapi_base"]
    assert query["redirect_uri"] == [f"{PORTAL_URL}/login/return"]

    landed = back(phone, query["state"][0], code_of(hospital, WARD_NURSE))

    assert landed.location == f"{PORTAL_URL}/me?tab=sessions"
    assert "王丽" in phone.get("/me").text
    assert ("session.begin", "ok") in actions(hospital)


def test_the_real_page_of_wecom_brings_the_phone_back(hospital, phone):
    authorize = phone.get("/", status=302).location
    page = requests.get(authorize.partition("#")[0], timeout=10, allow_redirects=False)
    assert page.status_code in (200, 302)


def test_the_userid_may_come_in_other_letters(hospital, phone):
    with hospital.session() as (session, _audit):
        person = session.scalars(select(Person).where(Person.staff_no == "10021")).one()
        person.wecom_userid, person.wecom_userid_key = "n10021", "n10021"

    come_back(hospital, phone, WARD_NURSE)

    assert "王丽" in phone.get("/me").text


def test_the_session_cookie_is_hidden_from_scripts_and_new_at_each_login(hospital, phone):
    first = come_back(hospital, phone, WARD_NURSE)
    cookie = next(value for value in first.headers.getall("Set-Cookie") if "xinglin_session" in value)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    before = phone.cookies["xinglin_session"]

    state = parse_qs(urlsplit(phone.get("/login/wecom", status=302).location).query)["state"][0]
    back(phone, state, code_of(hospital, WARD_NURSE))

    assert phone.cookies["xinglin_session"] != before
    phone.set_cookie("xinglin_session", before)
    assert is_out(phone)


@pytest.mark.settings(public_url="https://oa.hospital.example")
def test_on_https_the_cookie_is_bound_to_the_host(hospital):
    phone = hospital.browser()
    phone.extra_environ["wsgi.url_scheme"] = "https"
    cookies = phone.get("/", status=302).headers.getall("Set-Cookie")

    names = {value.partition("=")[0] for value in cookies}
    assert names == {"__Host-xinglin_attempts", "__Host-xinglin_browser"}
    assert all("secure" in value.lower() and "Domain" not in value for value in cookies)


def test_a_code_that_comes_twice_is_refused_to_another_browser_and_harmless_in_this_one(hospital, phone, pc):
    query = begin(phone, "/me")
    code = code_of(hospital, WARD_NURSE)
    back(phone, query["state"][0], code)

    problem(back(pc, query["state"][0], code, status="*"), "不是从这个浏览器发起的")
    assert back(phone, query["state"][0], code).location == f"{PORTAL_URL}/me"
    phone.reset()
    assert is_out(pc)


def test_a_used_code_with_a_fresh_state_is_refused(hospital, phone):
    code = code_of(hospital, WARD_NURSE)
    back(phone, begin(phone)["state"][0], code)
    second = hospital.browser()

    problem(back(second, begin(second)["state"][0], code, status="*"), "没有认可本次登录")
    assert is_out(second)


def test_a_used_state_is_refused_after_logout(hospital, phone):
    query = begin(phone)
    back(phone, query["state"][0], code_of(hospital, WARD_NURSE))
    log_out(phone)

    problem(back(phone, query["state"][0], code_of(hospital, WARD_NURSE), status="*"), "已经使用过")


def test_an_expired_code_is_refused(hospital, phone):
    state = begin(phone)["state"][0]

    problem(back(phone, state, code_of(hospital, WARD_NURSE, expired=True), status="*"), "没有认可本次登录")


def test_a_visitor_without_membership_is_refused(hospital, phone):
    problem(back(phone, begin(phone)["state"][0], code_of(hospital, ""), status="*"), "没有认可本次登录")


def test_a_forged_state_is_refused(hospital, phone):
    begin(phone)

    problem(back(phone, "f" * 48, code_of(hospital, WARD_NURSE), status="*"), "不是从这个浏览器发起的")
    problem(phone.get("/login/return", status="*"), "不是从这个浏览器发起的")


def test_a_login_of_yesterday_is_refused(hospital, phone, clock):
    state = begin(phone)["state"][0]
    clock.advance(minutes=10)

    problem(back(phone, state, code_of(hospital, WARD_NURSE), status="*"), "已超时")


def test_a_cancelled_login_says_so(hospital, phone):
    state = begin(phone)["state"][0]

    problem(phone.get(f"/login/return?state={state}", status="*"), "登录已取消")


def test_nobody_is_sent_round_in_circles(hospital, phone):
    for _round in range(2):
        assert "/connect/oauth2/authorize" in phone.get("/me", status=302).location

    third = phone.get("/me", status=302)

    assert third.location.startswith(f"{PORTAL_URL}/login?")
    page = third.follow()
    assert "自动登录没有成功" in page.text
    assert "/login/wecom?next=%2Fme" in page.text


@pytest.mark.parametrize(
    "evil", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example"]
)
def test_the_way_back_never_leads_to_another_site(hospital, phone, evil):
    asked = phone.get("/login/wecom", params={"next": evil}, status=302)
    state = parse_qs(urlsplit(asked.location).query)["state"][0]

    landed = back(phone, state, code_of(hospital, WARD_NURSE))

    assert landed.location == f"{PORTAL_URL}/"
    assert phone.get("/login", params={"next": evil}).location == f"{PORTAL_URL}/"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "http_status", "value": 502},
        {"kind": "html"},
        {"kind": "truncated"},
        {"kind": "reset"},
        {"kind": "errcode", "value": -1},
        {"kind": "errcode", "value": 60020},
    ],
    ids=lambda fault: f"{fault['kind']}-{fault.get('value', '')}",
)
def test_when_wecom_fails_the_page_says_so(hospital, phone, fault):
    state, code = begin(phone)["state"][0], code_of(hospital, WARD_NURSE)
    break_wecom(hospital, **fault)

    problem(back(phone, state, code, status="*"), "企业微信暂时没有响应", 503)
    assert ("login.fail", "denied") in actions(hospital)


def test_when_wecom_hangs_others_go_on_and_the_page_comes(hospital, phone, nurse):
    """No lock of the database is held while WeCom is asked: this one is written at the same time."""
    import threading

    state, code = begin(phone)["state"][0], code_of(hospital, WARD_NURSE)
    break_wecom(hospital, kind="hang", value=60)
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(back(phone, state, code, status="*")))
    waiting.start()
    try:
        log_out(nurse)
        assert answers == []
    finally:
        waiting.join(timeout=60)
    problem(answers[0], "企业微信暂时没有响应", 503)


def test_a_member_whom_the_hospital_does_not_know_is_told_whom_to_ask(hospital, phone):
    page = come_back_refused(hospital, phone, "P10051")

    problem(page, "医院系统里还没有您的账号", 403)
    assert "信息科" in page.text
    assert ("login.refuse", "denied") in actions(hospital)
    assert is_out(phone)


@pytest.mark.parametrize("state", [PersonState.DISABLED, PersonState.LEFT])
def test_who_was_switched_off_is_refused(hospital, phone, state):
    change_state(hospital, "10021", state)

    problem(come_back_refused(hospital, phone, WARD_NURSE), "您的账号已停用", 403)
    assert ("login.refuse", "denied") in actions(hospital)


@pytest.mark.settings(silent_login="always")
def test_the_demo_logs_in_silently_everywhere(pc):
    assert "/connect/oauth2/authorize" in pc.get("/", status=302).location


@pytest.mark.settings(wecom_corp_id="")
def test_without_wecom_the_login_page_says_so(phone):
    page = phone.get("/", status=302).follow()

    assert "/login/qr" not in page.text
    assert "/login/break-glass" in page.text


def test_a_pc_scans_the_code(hospital, pc):
    page = pc.get("/me", status=302).follow()
    asked = pc.get(re.search(r'href="(/login/qr[^"]*)"', page.text)[1], status=302)
    query = parse_qs(urlsplit(asked.location).query)
    assert query["login_type"] == ["CorpApp"]

    landed = back(pc, query["state"][0], code_of(hospital, WARD_NURSE))

    assert landed.location == f"{PORTAL_URL}/me"
    with hospital.site.database.read_session() as session:
        assert session.scalars(select(LoginSession.method)).all() == ["qr"]
    assert pc.get("/login?next=/me").location == f"{PORTAL_URL}/me"
