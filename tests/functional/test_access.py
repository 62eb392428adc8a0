"""Who may come from where, and how often, through the whole portal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.conftest import log_in
from tests.functional.admin_api.caller import Tool, tool_of

from xinglin.access.groups import RouteGroup, Zone
from xinglin.access.service import AccessService
from xinglin.audit.models import AuditRecord
from xinglin.auth.models import AdministratorRole
from xinglin.kernel.settings import CoreSettings
from xinglin.testing.portal import Portal

DEFAULTS = CoreSettings.__dataclass_fields__
OFFICE, HOME, PROXY = "10.1.2.3", "203.0.113.7", "10.20.0.9"


def change(portal: Portal, work: Callable[[AccessService], Any]) -> None:
    """As `xinglin access` does on the machine; afterwards the five seconds have passed."""
    with portal.session() as (session, audit):
        work(AccessService(session, portal.site.clock, audit))
    portal.site.clock.advance(seconds=5)


def status(browser: Any, path: str, ip: str, **headers: str) -> int:
    return ask(browser, path, ip, **headers).status_int


def ask(browser: Any, path: str, ip: str, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return browser.get(path, extra_environ={"REMOTE_ADDR": ip}, headers=named, expect_errors=True)


def records(portal: Portal, action: str) -> list[AuditRecord]:
    with portal.session() as (session, _audit):
        return list(session.scalars(select(AuditRecord).where(AuditRecord.action == action)))


def test_a_fresh_install_lets_everybody_in(portal: Portal) -> None:
    assert status(log_in(portal), "/me", HOME) == 200


def test_from_outside_the_zone_there_is_a_page_that_says_why(portal: Portal) -> None:
    browser = log_in(portal)
    change(portal, lambda service: service.allow(Zone.OFFICE, "10.0.0.0/8"))

    assert status(browser, "/me", OFFICE) == 200
    page = ask(browser, "/me", HOME)

    assert page.status_int == 403
    assert HOME in page.text
    assert "信息科" in page.text
    assert "李护士" not in page.text
    assert "frame-ancestors" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert HOME not in ask(browser, "/wecom/callback", HOME).text
    assert ask(browser, "/health", HOME).content_type == "application/json"
    assert ask(portal.browser(), "/api/admin/v1/modules", HOME).status_int == 401


def test_the_style_of_the_refusal_is_served_to_everybody(portal: Portal) -> None:
    change(portal, lambda service: service.allow(Zone.OFFICE, "10.0.0.0/8"))
    page = ask(portal.browser(), "/", HOME)
    style = page.html.find("link", rel="stylesheet")["href"]
    assert status(portal.browser(), style, HOME) == 200


def test_refusals_of_one_address_are_recorded_once_a_minute(portal: Portal) -> None:
    browser = portal.browser()
    change(portal, lambda service: service.allow(Zone.OFFICE, "10.0.0.0/8"))
    for _number in range(20):
        ask(browser, "/news", HOME)
    ask(browser, "/news", "203.0.113.8")
    assert [row.ip for row in records(portal, "access.refuse")] == [HOME, "203.0.113.8"]

    portal.site.clock.advance(minutes=1)
    ask(browser, "/news", HOME)
    assert len(records(portal, "access.refuse")) == 3


@pytest.mark.settings(trusted_proxy="10.20.0.0/24, 10.30.0.5")
def test_what_a_client_claims_about_its_address_is_worth_nothing(portal: Portal) -> None:
    browser = log_in(portal)
    change(portal, lambda service: service.allow(Zone.OFFICE, "10.1.0.0/16"))

    assert status(browser, "/me", HOME, X_Forwarded_For=OFFICE) == 403
    assert status(browser, "/me", PROXY, X_Forwarded_For=f"{OFFICE}, {HOME}") == 403
    assert status(browser, "/me", PROXY, X_Forwarded_For=f"{HOME}, {OFFICE}") == 200
    assert status(browser, "/me", PROXY, X_Forwarded_For=f"{HOME}, {OFFICE}, 10.30.0.5") == 200
    refused = records(portal, "access.refuse")
    assert {row.ip for row in refused} == {HOME}


def test_an_opening_on_the_machine_lets_in_and_ends_by_itself(portal: Portal) -> None:
    browser = log_in(portal)
    change(portal, lambda service: service.allow(Zone.OFFICE, "10.0.0.0/8"))
    change(portal, lambda service: service.open(RouteGroup, timedelta(minutes=60)))
    assert status(browser, "/me", HOME) == 200
    portal.site.clock.advance(minutes=60)
    assert status(browser, "/me", HOME) == 403
    assert len(records(portal, "access.open")) == len(RouteGroup)


@pytest.fixture
def tool(portal: Portal, clock: Any) -> Tool:
    found = tool_of(portal, clock, AdministratorRole.SECURITY)
    assert found.log_in().status_int == 200
    return found


def put(tool: Tool, zones: list[dict[str, Any]], ip: str = OFFICE) -> Any:
    return tool.http.put_json(
        "/api/admin/v1/zones",
        {"zones": zones},
        headers=tool.headers(),
        extra_environ={"REMOTE_ADDR": ip},
        status="*",
    )


def zone(name: str, *networks: str) -> dict[str, Any]:
    return {"zone": name, "rules": [{"cidr": network, "note": "楼内"} for network in networks]}


def test_an_administrator_changes_zones_and_the_next_request_feels_it(portal: Portal, tool: Tool) -> None:
    browser = log_in(portal)
    answer = put(tool, [zone("office", "10.1.2.3/16", "2001:db8::/32"), zone("bus", "10.0.5.1")])

    assert answer.status_int == 200
    by_name = {one["zone"]: one for one in answer.json["zones"]}
    assert [rule["cidr"] for rule in by_name["office"]["rules"]] == ["10.1.0.0/16", "2001:db8::/32"]
    assert by_name["office"]["rules"][0]["created_by"] == "钱伟"
    assert by_name["administration"]["rules"] == []
    assert answer.json["your_address"] == OFFICE
    assert status(browser, "/me", HOME) == 403
    assert [row.object_id for row in records(portal, "access.zone")] == ["office", "bus"]


def test_rules_that_lock_out_their_author_are_refused_in_a_sentence(portal: Portal, tool: Tool) -> None:
    answer = put(tool, [zone("office", "10.0.0.0/8"), zone("administration", "10.9.0.0/16")])
    assert answer.status_int == 422
    assert OFFICE in answer.json["detail"]
    assert put(tool, [zone("administration", "10.1.0.0/33")]).status_int == 422
    assert records(portal, "access.zone") == []

    assert put(tool, [zone("administration", "10.1.0.0/16")]).status_int == 200
    refused = put(tool, [zone("administration")], ip=HOME)
    assert refused.status_int == 403
    assert HOME in refused.json["detail"]
    assert refused.content_type == "application/problem+json"


@pytest.mark.settings(limit_person=2)
def test_who_asks_too_often_is_told_how_long_to_wait(portal: Portal, clock: Any) -> None:
    browser, colleague = log_in(portal), log_in(portal, "1002", name="王医生")
    answers = [ask(browser, "/me", OFFICE) for _number in range(7)]

    assert [answer.status_int for answer in answers] == [200] * 6 + [429]
    assert int(answers[-1].headers["Retry-After"]) == 1
    assert "请求过多" in answers[-1].text
    assert "Content-Security-Policy" in answers[-1].headers
    assert status(colleague, "/me", OFFICE) == 200
    assert [row.actor_name for row in records(portal, "access.limit")] == ["李护士"]
    clock.advance(seconds=1)
    assert status(browser, "/me", OFFICE) == 200


@pytest.mark.settings(limit_address=1)
def test_strangers_are_limited_by_address_and_a_made_up_cookie_does_not_help(portal: Portal) -> None:
    stranger, known = portal.browser(), log_in(portal)
    found = []
    for number in range(12):
        stranger.set_cookie("xinglin_session", f"madeup{number}")
        found.append(status(stranger, "/login/out", OFFICE))
    assert found[-2:] == [429, 429]
    assert status(portal.browser(), "/login/out", HOME) != 429
    assert status(known, "/me", OFFICE) == 200
    assert ask(portal.browser(), "/health", OFFICE).content_type == "application/json"


@pytest.mark.settings(limit_login=3)
def test_logins_of_administrators_are_limited_by_address(portal: Portal, clock: Any) -> None:
    found = tool_of(portal, clock)
    answers = [found.log_in(login=f"nobody{number}") for number in range(4)]
    assert [answer.status_int for answer in answers] == [401, 401, 401, 429]
    assert int(answers[-1].headers["Retry-After"]) == 20
    assert "20" in answers[-1].json["detail"]


@pytest.mark.settings(**{name: DEFAULTS[name].default for name in ("limit_person", "limit_address")})
def test_three_thousand_staff_behind_one_address_are_not_limited(portal: Portal, clock: Any) -> None:
    """A must-read notice rings all phones: within a minute all log in (three steps) and read four pages each."""
    gate = portal.wsgi.registry.xinglin_gate
    waits = 0
    for second in range(60):
        for number in range(50):
            person = second * 50 + number
            now = clock.now()
            waits += sum(gate.addresses.take(f"{OFFICE} phone", now) for _step in range(3))
            waits += sum(gate.persons.take(f"person:{person}:phone", now) for _page in range(4))
        clock.advance(seconds=1)
    assert waits == 0
