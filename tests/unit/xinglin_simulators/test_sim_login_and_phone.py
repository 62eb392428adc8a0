from __future__ import annotations

import smtplib
from email.message import EmailMessage
from urllib.parse import quote

import requests
from tests.unit.xinglin_simulators.sim_platform import AGENT_ID, REDIRECT, Platform, code_in
from tests.unit.xinglin_simulators.sim_receiver import CORP_ID


def test_code_works_once(platform: Platform) -> None:
    code = platform.code_for("N10021")
    assert platform.api("auth/getuserinfo", code=code)["userid"] == "N10021"
    assert platform.api("auth/getuserinfo", code=code)["errcode"] == 40029


def test_code_expires_and_visitors_get_an_openid(platform: Platform) -> None:
    assert (
        platform.api("auth/getuserinfo", code=platform.code_for("N10021", expired=True))["errcode"] == 40029
    )
    late = platform.code_for("N10021")
    platform.control("clock", {"advance_seconds": 301})
    assert platform.api("user/getuserinfo", code=late)["errcode"] == 40029
    visitor = platform.api("auth/getuserinfo", code=platform.code_for(""))
    assert visitor["openid"].startswith("o")
    assert "userid" not in visitor


def test_holder_is_logged_in_silently_and_state_comes_back(platform: Platform) -> None:
    with requests.Session() as browser:
        chooser = platform.authorize(browser)
        assert "请选择手机持有人" in chooser.text
        browser.get(f"{platform.base}/phone/N10021", timeout=5)
        response = platform.authorize(browser, redirect_uri=f"{REDIRECT}?next=%2Fnews")
    assert response.headers["Location"].startswith(f"{REDIRECT}?next=%2Fnews&code=")
    assert response.headers["Location"].endswith("&state=s1")
    assert platform.api("auth/getuserinfo", code=code_in(response))["userid"] == "N10021"


def test_untrusted_domain_shows_the_error_page(platform: Platform) -> None:
    with requests.Session() as browser:
        foreign = platform.authorize(browser, redirect_uri="http://127.0.0.1:9/")
    assert (foreign.status_code, "50001" in foreign.text) == (200, True)


def test_private_scope_asks_and_gives_a_ticket(platform: Platform) -> None:
    with requests.Session() as browser:
        browser.get(f"{platform.base}/phone/N10021", timeout=5)
        consent = platform.authorize(browser, scope="snsapi_privateinfo")
        response = platform.authorize(browser, scope="snsapi_privateinfo", sim_consent="yes")
    ticket = platform.api("auth/getuserinfo", code=code_in(response))["user_ticket"]
    assert "同意" in consent.text
    assert platform.api("auth/getuserdetail", {"user_ticket": ticket})["mobile"] == "19900010021"
    platform.control("clock", {"advance_seconds": 1801})
    assert platform.api("auth/getuserdetail", {"user_ticket": ticket})["errcode"] == 84014


def test_qr_login_confirms_or_cancels(platform: Platform) -> None:
    query = {"appid": CORP_ID, "agentid": str(AGENT_ID), "redirect_uri": REDIRECT, "state": "s"}
    address = f"{platform.base}/wwlogin/sso/login"
    page = platform.http.get(address, params=query, timeout=5).text
    chosen = platform.http.get(
        address, params={**query, "sim_user": "D10031"}, allow_redirects=False, timeout=5
    )
    cancelled = platform.http.get(
        address, params={**query, "sim_cancel": "1"}, allow_redirects=False, timeout=5
    )
    assert "扫码确认（选择人员）" in page
    assert platform.api("auth/getuserinfo", code=code_in(chosen))["userid"] == "D10031"
    assert cancelled.headers["Location"] == f"{REDIRECT}?state=s"


def test_each_phone_keeps_its_own_portal_cookies(platform: Platform) -> None:
    def open_on(userid: str) -> requests.Response:
        address = f"{platform.base}/phone/{userid}/open?url={quote(REDIRECT)}"
        return browser.get(address, allow_redirects=False, timeout=5)

    with requests.Session() as browser:
        first = open_on("N10021")
        assert first.headers["Location"] == REDIRECT
        browser.cookies.set("session", "nurse!/=", domain="127.0.0.1", path="/")
        open_on("D10031")
        assert browser.cookies.get("session") is None
        browser.cookies.set("session", "doctor", domain="127.0.0.1", path="/")
        browser.post(f"{platform.base}/phone/N10021/focus", timeout=5)
        assert browser.cookies.get("session") == "nurse!/="
        browser.get(f"{platform.base}/phone/D10031", timeout=5)
        assert browser.cookies.get("session") == "doctor"
        open_on("@pc")
        assert browser.cookies.get("session") is None


def test_phone_polls_lightly_and_counts_unread(platform: Platform) -> None:
    poll = f"{platform.base}/phone/N10021/poll"
    before = platform.http.get(poll, timeout=5).json()["version"]
    assert platform.http.get(poll, params={"since": before}, timeout=5).json() == {"version": before}
    platform.send("N10021", "<script>alert(1)</script>")
    after = platform.http.get(poll, params={"since": before}, timeout=5).json()
    assert (after["count"], after["unread"]) == (1, 1)
    assert "<script>" not in after["list"] + after["threads"][f"app-{AGENT_ID}"]
    read = {"conversation": f"app-{AGENT_ID}"}
    platform.http.post(f"{platform.base}/phone/N10021/read", json=read, timeout=5)
    assert platform.http.get(poll, timeout=5).json()["unread"] == 0


def test_sms_is_sent_once_per_reference_and_reaches_the_phone(platform: Platform) -> None:
    address = f"{platform.addresses['sms']}/messages"
    body = {"mobile": "19900010021", "text": "验证码 4711", "reference": "r-1"}
    bearer = {"Authorization": "Bearer key"}
    assert platform.http.post(address, json=body, timeout=5).status_code == 401
    first = platform.http.post(address, json=body, headers=bearer, timeout=5)
    again = platform.http.post(address, json=body, headers=bearer, timeout=5)
    assert (first.status_code, again.json()) == (202, first.json())
    assert len(platform.control("sms", to="19900010021")["messages"]) == 1
    shown = platform.http.get(f"{platform.base}/phone/N10021/poll", timeout=5).json()
    assert "验证码 4711" in shown["threads"]["sms"]


def test_mail_is_decoded_and_can_be_refused(platform: Platform) -> None:
    host, port = platform.addresses["smtp"].split(":")
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "值班提醒", "p@hospital.example", "n10021@hospital.example"
    mail.set_content("明天白班\n")
    with smtplib.SMTP(host, int(port), timeout=5) as client:
        client.send_message(mail)
        platform.control("faults", {"path": "smtp", "kind": "refuse", "value": 550})
        refused = False
        try:
            client.send_message(mail)
        except smtplib.SMTPDataError as error:
            refused = error.smtp_code == 550
    mails = platform.control("mail", to="N10021@hospital.example")["mails"]
    assert refused
    assert [(one["subject"], one["text"]) for one in mails] == [("值班提醒", "明天白班\n")]
