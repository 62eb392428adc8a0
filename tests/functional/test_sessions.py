"""One's own signed-in devices: seen, ended one by one or all others, and ended by an administrator."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from tests.conftest import log_in
from tests.functional.admin_api.caller import tool_of
from webtest import TestApp

from xinglin.audit.models import AuditRecord
from xinglin.auth.models import AdministratorRole
from xinglin.auth.sessions import Lifetimes, Origin, SessionService
from xinglin.people.models import Person
from xinglin.testing.portal import Portal

PC = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger wxwork/4.1.30"


def another(portal: Portal, method: Any, user_agent: str, ip: str = "10.1.2.3") -> TestApp:
    """Another device of the one person there is."""
    with portal.session() as (session, audit):
        service = SessionService(session, portal.site.clock, audit, Lifetimes.of(portal.site.settings))
        begun = service.begin_person(session.scalars(select(Person)).one(), method, Origin(ip, user_agent))
    browser = portal.browser()
    browser.set_cookie("xinglin_session", begun.token)
    assert browser.get("/me").status_int == 200
    return browser


def is_out(browser: TestApp) -> bool:
    """The cookie of before opens nothing any more: it leads to the login."""
    answer = browser.get("/me")
    return answer.status_int == 302 and "/me/devices" not in answer.location


def test_the_list_says_which_device_how_when_and_from_where(portal: Portal) -> None:
    browser = log_in(portal)
    another(portal, "qr", PC)
    portal.site.clock.advance(minutes=30)

    page = browser.get("/me").click("登录设备")

    for words in ("Windows · Edge", "扫码登录", "10.1.2.3", "最近使用", "本机"):
        assert words in page.text
    assert "Windows · Chrome" not in page.text


def test_one_device_is_signed_out_at_once_and_the_others_stay(portal: Portal) -> None:
    browser = log_in(portal)
    lost, kept = another(portal, "wecom", PHONE), another(portal, "qr", PC)
    page = browser.get("/me/devices")
    assert "iPhone · 企业微信" in page.text
    rows = page.html.find_all("li")
    row = next(one for one in rows if "iPhone" in one.get_text())
    form = next(
        one for one in page.forms.values() if "session" in one.fields and one["session"].value in str(row)
    )

    form.submit().follow()

    assert is_out(lost)
    assert not is_out(kept)
    assert not is_out(browser)


def test_all_others_are_signed_out_at_once(portal: Portal) -> None:
    browser = log_in(portal)
    others = [another(portal, "wecom", PHONE), another(portal, "qr", PC)]
    form = next(one for one in browser.get("/me/devices").forms.values() if one.action.endswith("others"))

    page = form.submit().follow()

    assert all(map(is_out, others))
    assert "退出其他所有设备" not in page.text
    with portal.session() as (session, _audit):
        ended = select(AuditRecord.actor_name).where(AuditRecord.action == "session.end")
        assert session.scalars(ended).all() == ["李护士", "李护士"]


def test_a_device_of_somebody_else_cannot_be_named(portal: Portal) -> None:
    browser = log_in(portal)
    victim_device = another(portal, "wecom", PHONE)
    stranger = log_in(portal, "1002", name="王医生")
    form = next(one for one in browser.get("/me/devices").forms.values() if "session" in one.fields)
    own = stranger.get("/me/devices")
    token = stranger.get("/me").forms[0]["csrf_token"].value
    assert own.html.find_all("li")

    answer = stranger.post(
        form.action, {"csrf_token": token, "session": form["session"].value}, expect_errors=True
    )

    assert answer.status_int == 422
    assert not is_out(victim_device)


def test_an_administrator_signs_a_person_out_everywhere(portal: Portal, clock: Any) -> None:
    browser = log_in(portal)
    other = another(portal, "qr", PC)
    tool = tool_of(portal, clock, AdministratorRole.SECURITY)
    tool.log_in()
    person = tool.person("李护士")

    assert tool.post(f"people/{person}/sessions/end", {}).status_int == 204

    assert is_out(browser)
    assert is_out(other)
    assert tool.post("people/nobody/sessions/end", {}).status_int == 404
    with portal.session() as (session, _audit):
        rows = session.scalars(select(AuditRecord).where(AuditRecord.action == "person.sign_out")).all()
        assert [(row.actor_kind, row.object_id) for row in rows] == [("administrator", person)]


@pytest.mark.settings(public_url="https://oa.hospital.example")
def test_on_https_every_cookie_is_bound_to_the_host_and_hidden_from_scripts(portal: Portal) -> None:
    answer = portal.browser().get("/login/wecom")
    cookies = answer.headers.getall("Set-Cookie")
    assert cookies
    for cookie in cookies:
        name, *attributes = [part.strip() for part in cookie.split(";")]
        assert name.startswith("__Host-xinglin_")
        assert {"secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)
        assert not any(attribute.lower().startswith("domain") for attribute in attributes)
