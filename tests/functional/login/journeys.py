"""What people and programs do when they log in, for all tests of this folder."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
import requests
from sqlalchemy import select

from xinglin.audit.models import AuditRecord
from xinglin.people.models import Person

PC = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"
PASSWORD = "correct horse battery"
WARD_NURSE, STARTER = "N10021", "N10061"


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


def problem(response, sentence, status=400):
    assert response.status_int == status
    assert sentence in response.text
    assert "/login?next=" in response.text
    assert "Traceback" not in response.text
    return response


def break_wecom(portal, **fault):
    add_fault(portal, {"path": "auth/getuserinfo", **fault})


def add_fault(portal, fault):
    requests.post(f"{portal.simulator.control}/faults", json=fault, timeout=5).raise_for_status()


def come_back_refused(portal, browser, userid):
    return back(browser, begin(browser)["state"][0], code_of(portal, userid), status="*")


def log_out(browser, path="/login/logout"):
    return browser.post(path, {"csrf_token": token_of(browser)})


def token_of(browser, path="/me"):
    """The token that a page gave to this browser."""
    return re.search(
        r'csrf_token" value="([0-9a-f]{64})"|X-CSRF-Token": "([0-9a-f]{64})', browser.get(path).text
    )[0][-64:]


def confirm_page(browser):
    return browser.get("/me", status=302).follow(status=200)


def newest_code(texts):
    return re.search(r"\b\d{6}\b", texts[-1]["text"])[0]


def send(browser, channel):
    form = confirm_page(browser).forms[0]
    form["channel"] = channel
    return form.submit()


def send_anyway(browser, channel):
    form = confirm_page(browser).forms[0]
    form["channel"] = channel
    return form.submit(status="*")


def break_glass(browser, secret, clock, **fields):
    form = browser.get("/login/break-glass").forms[0]
    form["login"] = fields.get("login", "boss")
    form["password"] = fields.get("password", PASSWORD)
    form["code"] = fields.get("code") or pyotp.TOTP(secret).at(clock.now())
    return form.submit(status="*")


def sentence_of(page):
    return re.search(r'role="alert"[^>]*>([^<]*)<', page.text)[1]
