"""First use: a code by mail or short message."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from xinglin.auth.models import ConfirmationCode
from xinglin.people.models import Person
from xinglin.testing.portal import PORTAL_URL

from .journeys import (
    actions,
    add_fault,
    confirm_page,
    newest_code,
    send,
    send_anyway,
    token_of,
)

pytestmark = pytest.mark.plugins("portal")


def test_first_use_by_mail(hospital, starter):
    page = confirm_page(starter)
    assert "n***@hospital.example" in page.text
    assert "138****0061" in page.text
    old_cookie = starter.cookies["xinglin_session"]

    page = send(starter, "mail").follow()
    mails = hospital.simulator.get("mail", to="n10061@hospital.example")["mails"]
    assert hospital.site.settings.site_name in mails[0]["text"]
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
    again = confirm_page(starter)
    assert "已发送" in again.text

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
