"""Logging in as people do it: phone, PC, first use, emergency; against the simulated WeCom, mail and SMS gateway."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
import pytest
import requests
from sqlalchemy import func, select

from xinglin.audit.models import AuditRecord
from xinglin.auth.breakglass import create_administrator
from xinglin.auth.models import ConfirmationCode, LoginSession, OAuthState
from xinglin.people.models import Person, PersonState
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.service import PeopleService
from xinglin.testing.portal import PORTAL_URL

pytestmark = pytest.mark.plugins("portal")

PC = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"
PASSWORD = "correct horse battery"
WARD_NURSE, STARTER = "N10021", "N10061"


@pytest.fixture
def hospital(portal):
    """A ward with a nurse who was confirmed before, and one who is new."""
    with portal.session() as (session, audit):
        people = PeopleService(session, portal.site.clock, audit)
        people.create_department(DepartmentRecord("W", "儿科病区"))
        for staff_no, name, is_confirmed in (("10021", "王丽", True), ("10061", "解小雨", False)):
            people.create(
                PersonRecord(
                    staff_no,
                    name,
                    wecom_userid=f"N{staff_no}",
                    mobile=f"138000{staff_no}",
                    email=f"n{staff_no}@hospital.example",
                    department="W",
                    is_confirmed=is_confirmed,
                )
            )
    return portal


@pytest.fixture
def phone(hospital):
    return hospital.browser()


@pytest.fixture
def pc(hospital):
    return hospital.browser(user_agent=PC)


@pytest.fixture
def nurse(hospital):
    """The phone of the confirmed nurse, logged in."""
    phone = hospital.browser()
    come_back(hospital, phone, WARD_NURSE)
    return phone


def begin(browser, path="/"):
    """Open a page as a stranger; the query with which WeCom is asked."""
    response = browser.get(path, status=302)
    return parse_qs(urlsplit(response.location).query)


def code_of(portal, userid, **more):
    return portal.simulator.post("codes", userid=userid, **more)["code"]


def back(browser, state, code, **options):
    return browser.get(f"/login/return?{urlencode({'code': code, 'state': state})}", **options)


def come_back(portal, browser, userid, path="/"):
    """The whole silent login; the redirect at its end."""
    return back(browser, begin(browser, path)["state"][0], code_of(portal, userid))


def actions(portal):
    """What was audited, as (action, result)."""
    with portal.site.database.read_session() as session:
        return [
            (row.action, row.result) for row in session.scalars(select(AuditRecord).order_by(AuditRecord.id))
        ]


def change_state(portal, staff_no, state):
    with portal.session() as (session, _audit):
        session.scalars(select(Person).where(Person.staff_no == staff_no)).one().state = state


def is_out(browser):
    """Whether the next page leads to a login again."""
    response = browser.get("/", status=302)
    return "/connect/oauth2/authorize" in response.location or "/login" in response.location


# --- inside WeCom ---------------------------------------------------------------------------------


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


def problem(response, sentence, status=400):
    assert response.status_int == status
    assert sentence in response.text
    assert "/login?next=" in response.text
    assert "Traceback" not in response.text
    return response


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


@pytest.mark.parametrize("evil", ["//evil.example", "/\\evil.example", "https://evil.example", "/%09/evil"])
def test_the_way_back_never_leads_to_another_site(hospital, phone, evil):
    asked = phone.get("/login/wecom", params={"next": evil.replace("%09", "\t")}, status=302)
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


def break_wecom(portal, **fault):
    add_fault(portal, {"path": "auth/getuserinfo", **fault})


def add_fault(portal, fault):
    requests.post(f"{portal.simulator.control}/faults", json=fault, timeout=5).raise_for_status()


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
        waiting.join(timeout=10)
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


def come_back_refused(portal, browser, userid):
    return back(browser, begin(browser)["state"][0], code_of(portal, userid), status="*")


# --- after the login --------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [PersonState.DISABLED, PersonState.LEFT])
def test_who_is_switched_off_in_the_middle_is_out_at_the_next_request(hospital, nurse, state):
    nurse.get("/me", status=200)

    change_state(hospital, "10021", state)

    assert is_out(nurse)


def log_out(browser, path="/login/logout"):
    return browser.post(path, {"csrf_token": token_of(browser)})


def token_of(browser, path="/me"):
    """The token that a page gave to this browser."""
    return re.search(
        r'csrf_token" value="([0-9a-f]{64})"|X-CSRF-Token&#34;: &#34;([0-9a-f]{64})', browser.get(path).text
    )[0][-64:]


def test_after_logout_the_old_cookie_opens_nothing(hospital, nurse):
    cookie = nurse.cookies["xinglin_session"]

    page = log_out(nurse).follow()

    assert "已退出登录" in page.text
    nurse.set_cookie("xinglin_session", cookie)
    assert is_out(nurse)
    assert actions(hospital)[-1] == ("session.end", "ok")


def test_logout_everywhere_ends_the_other_phone_too(hospital, nurse):
    other = hospital.browser()
    come_back(hospital, other, WARD_NURSE)

    log_out(nurse, "/login/logout-everywhere")

    assert is_out(nurse)
    assert is_out(other)


def test_one_session_is_ended_from_another_but_never_anothers(hospital, nurse, pc):
    with hospital.session() as (session, _audit):
        session.scalars(
            select(Person).where(Person.staff_no == "10061")
        ).one().confirmed_at = hospital.site.clock.now()
    come_back(hospital, other := hospital.browser(), WARD_NURSE)
    come_back(hospital, stranger := hospital.browser(), STARTER)
    with hospital.site.database.read_session() as session:
        ids = list(session.scalars(select(LoginSession.public_id).order_by(LoginSession.id)))

    token = token_of(nurse)
    nurse.post(f"/login/sessions/{ids[2]}/end", {"csrf_token": token}, status=404)
    ended = nurse.post(f"/login/sessions/{ids[1]}/end", {"csrf_token": token, "next": "/me"})

    assert ended.location == f"{PORTAL_URL}/me"
    assert is_out(other)
    stranger.get("/me", status=200)
    assert "/login/out" in nurse.post(f"/login/sessions/{ids[0]}/end", {"csrf_token": token}).location
    assert is_out(nurse)


def test_a_session_ends_after_twelve_hours_and_is_seen_until_then(hospital, nurse, clock):
    clock.advance(hours=11)
    nurse.get("/me", status=200)
    with hospital.site.database.read_session() as session:
        assert session.scalars(select(LoginSession.last_seen_at)).one() == clock.now()
    clock.advance(minutes=4)
    nurse.get("/me", status=200)
    with hospital.site.database.read_session() as session:
        assert session.scalars(select(LoginSession.last_seen_at)).one() < clock.now()
    clock.advance(hours=1)
    assert is_out(nurse)


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_a_form_without_the_right_token_is_refused(nurse, token):
    page = nurse.post("/login/logout", {"csrf_token": token}, status=400)

    assert "刷新" in page.text or "reload" in page.text.lower() or "重新" in page.text
    nurse.get("/me", status=200)


def test_the_token_of_another_person_is_refused_and_the_header_is_accepted(hospital, nurse):
    other = hospital.browser()
    come_back(hospital, other, WARD_NURSE)

    nurse.post("/login/logout", {"csrf_token": token_of(other)}, status=400)
    nurse.post("/login/logout", headers={"X-CSRF-Token": token_of(nurse)}, status=303)


def test_a_get_never_logs_out(nurse):
    nurse.get("/login/logout", status=404)
    nurse.get("/me", status=200)


def test_strangers_get_what_fits_their_request(hospital, phone, pc):
    assert pc.get("/me?x=1", status=302).location == f"{PORTAL_URL}/login?next=%2Fme%3Fx%3D1"
    fragment = phone.get(
        "/me", headers={"HX-Request": "true", "HX-Current-URL": f"{PORTAL_URL}/me?y=2"}, status=401
    )
    assert fragment.headers["HX-Redirect"] == "/me?y=2"
    broken = phone.get("/me", headers={"HX-Request": "true", "HX-Current-URL": "http://[evil"}, status=401)
    assert broken.headers["HX-Redirect"] == "/"
    token = token_of(pc, "/login/break-glass")
    assert "登录已失效" in pc.post("/login/logout", {"csrf_token": token}, status=401).text


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


def test_broken_cookies_are_no_cookies(hospital, phone):
    for value in ("x" * 4000, "a b", "ü", "'; drop table--"):
        phone.get(
            "/me",
            headers={"Cookie": f"xinglin_session={value}; xinglin_attempts=99; xinglin_csrf=%"},
            status=302,
        )


# --- first use --------------------------------------------------------------------------------------


@pytest.fixture
def starter(hospital):
    """The phone of the new nurse, at the page that asks for a confirmation."""
    phone = hospital.browser()
    come_back(hospital, phone, STARTER, "/me")
    return phone


def confirm_page(browser):
    return browser.get("/me", status=302).follow(status=200)


def newest_code(texts):
    return re.search(r"\b\d{6}\b", texts[-1]["text"])[0]


def send(browser, channel):
    form = confirm_page(browser).forms[0]
    form["channel"] = channel
    return form.submit()


def test_first_use_by_mail(hospital, starter):
    page = confirm_page(starter)
    assert "n***@hospital.example" in page.text
    assert "138****0061" in page.text
    old_cookie = starter.cookies["xinglin_session"]

    page = send(starter, "mail").follow()
    mails = hospital.simulator.get("mail", to="n10061@hospital.example")["mails"]
    assert "江北市妇女儿童医院" in mails[0]["text"]
    page.forms[0]["code"] = newest_code(mails)
    done = page.forms[0].submit()

    assert done.location == f"{PORTAL_URL}/me"
    assert "解小雨" in starter.get("/me", status=200).text
    assert starter.cookies["xinglin_session"] != old_cookie
    assert ("confirmation.try", "ok") in actions(hospital)
    assert starter.get("/login/confirm?next=/me").location == f"{PORTAL_URL}/me"


def test_first_use_by_short_message(hospital, starter):
    page = send(starter, "sms").follow()
    page.forms[0]["code"] = newest_code(hospital.simulator.get("sms", to="13800010061")["messages"])

    page.forms[0].submit()

    starter.get("/me", status=200)


def test_a_wrong_code_five_times_needs_another(hospital, starter, clock):
    page = send(starter, "mail").follow()
    right = newest_code(hospital.simulator.get("mail")["mails"])
    wrong = "000000" if right != "000000" else "111111"
    for count in range(5):
        page.forms[0]["code"] = wrong
        page = page.forms[0].submit(status=422)
        assert ("作废" if count == 4 else "验证码不正确") in page.text
    page.forms[0]["code"] = right
    assert "作废" in page.forms[0].submit(status=422).text

    clock.advance(seconds=60)
    page = confirm_page(starter)
    page = page.forms[1].submit("resend").follow()
    page.forms[0]["code"] = newest_code(hospital.simulator.get("mail")["mails"])
    page.forms[0].submit(status=303)
    starter.get("/me", status=200)


def test_another_code_has_to_wait_a_minute(hospital, starter):
    page = send(starter, "mail").follow()
    assert re.search(r'name="resend" value="1" disabled', page.text)
    page = page.click("换一种方式|Send it elsewhere|换")
    page.forms[0]["channel"] = "sms"

    refused = page.forms[0].submit(status=429)

    assert "刚刚发送过" in refused.text
    assert hospital.simulator.get("sms")["messages"] == []


@pytest.mark.parametrize(
    ("channel", "path", "sentence"), [("mail", "smtp", "邮件未能发出"), ("sms", "sms", "短信未能发出")]
)
def test_when_the_sending_fails_nothing_is_stored(hospital, starter, channel, path, sentence):
    add_fault(hospital, {"path": path, "kind": "refuse", "value": 451})

    page = send_anyway(starter, channel)

    assert (page.status_int, sentence in page.text) == (502, True)
    with hospital.site.database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(ConfirmationCode)) == 0


def send_anyway(browser, channel):
    form = confirm_page(browser).forms[0]
    form["channel"] = channel
    return form.submit(status="*")


def test_a_channel_that_was_not_offered_is_refused(hospital, starter):
    form = confirm_page(starter).forms[0]
    form["channel"].force_value("pigeon")

    assert "没有登记您的这个联系方式" in form.submit(status=422).text


def test_an_old_or_missing_code_says_so(hospital, starter, clock):
    page = send(starter, "mail").follow()
    right = newest_code(hospital.simulator.get("mail")["mails"])
    clock.advance(minutes=10)
    page.forms[0]["code"] = right

    assert "已过期" in page.forms[0].submit(status=422).text


def test_who_has_no_address_is_told_whom_to_ask(hospital, starter):
    with hospital.session() as (session, _audit):
        person = session.scalars(select(Person).where(Person.staff_no == "10061")).one()
        person.email = person.mobile = None

    page = starter.get("/me", status=302).follow(status=403)

    assert "人事科" in page.text


def test_who_is_not_confirmed_sees_no_page_of_staff(hospital, starter):
    assert "/login/confirm" in starter.get("/", status=302).location
    fragment = starter.get("/", headers={"HX-Request": "true"}, status=403)
    assert "/login/confirm" in fragment.headers["HX-Redirect"]
    assert starter.post(
        "/login/confirm", {"csrf_token": token_of(starter, "/login/confirm")}
    ).location.endswith("/login/confirm?next=%2F")


def test_a_second_confirmation_changes_nothing(hospital, starter):
    page = send(starter, "mail").follow()
    page.forms[0]["code"] = newest_code(hospital.simulator.get("mail")["mails"])
    page.forms[0].submit()
    token = token_of(starter)

    for field in ({"channel": "mail"}, {"code": "000000"}):
        assert starter.post("/login/confirm", {"csrf_token": token, **field}).location == f"{PORTAL_URL}/"
    assert len(hospital.simulator.get("mail")["mails"]) == 1


# --- emergency ---------------------------------------------------------------------------------------


@pytest.fixture
def secret(hospital):
    """An administrator `boss`; the secret of the second factor."""
    with hospital.session() as (session, audit):
        made = create_administrator(
            session, audit, hospital.site.keyring, "boss", "周主任", PASSWORD, clock=hospital.site.clock
        )
    return made.secret


def break_glass(browser, secret, clock, **fields):
    form = browser.get("/login/break-glass").forms[0]
    form["login"] = fields.get("login", "boss")
    form["password"] = fields.get("password", PASSWORD)
    form["code"] = fields.get("code") or pyotp.TOTP(secret).at(clock.now())
    return form.submit(status="*")


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

    assert (again.status_int, "账号、密码或动态码不正确" in again.text) == (403, True)
    assert ("login.fail", "denied") in actions(hospital)


def test_wrong_passwords_and_unknown_accounts_look_the_same_and_lock(hospital, pc, secret, clock):
    wrong = break_glass(pc, secret, clock, password="wrong password")
    unknown = break_glass(pc, secret, clock, login="nobody")
    assert sentence_of(wrong) == sentence_of(unknown) == "账号、密码或动态码不正确。"
    for _count in range(4):
        break_glass(pc, secret, clock, password="wrong password")

    locked = break_glass(pc, secret, clock)

    assert (locked.status_int, "15 分钟后再试" in locked.text or "16 分钟后再试" in locked.text) == (
        429,
        True,
    )
    clock.advance(minutes=15)
    assert break_glass(pc, secret, clock).status_int == 303


def sentence_of(page):
    return re.search(r'role="alert"[^>]*>([^<]*)<', page.text)[1]


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


# --- rights -------------------------------------------------------------------------------------------


def test_old_states_do_not_pile_up(hospital, phone, clock):
    begin(phone)
    clock.advance(hours=2)
    hospital.work()

    with hospital.site.database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(OAuthState)) == 0
