"""Three administrators, three powers: who may call what, and what becomes of who tries more."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from tests.functional.admin_api.caller import PASSWORD, WHO, acts, refused, tool_of

from xinglin.auth.administrators import AdministratorService
from xinglin.auth.failures import FailureBook
from xinglin.auth.models import Administrator, AdministratorRole, LoginFailure, LoginSession
from xinglin.auth.sessions import Lifetimes

pytestmark = pytest.mark.plugins("portal", "news")

READS = {
    "modules": {"system"},
    "permissions": {"system"},
    "departments": {"system"},
    "people": {"system", "security"},
    "grants": {"system", "audit"},
    "zones": {"security"},
    "administrators": {"security", "audit"},
    "keys": {"security"},
    "audit": {"audit"},
    "audit/verify": {"audit"},
    "audit/export?reason=x": {"audit"},
}


@pytest.fixture
def three(tool, guard, auditor):
    return {"system": tool, "security": guard, "audit": auditor}


def test_each_reads_what_is_its_own_and_nothing_else(three):
    found = {
        path: {role for role, tool in three.items() if tool.get(path).status_int == 200} for path in READS
    }
    assert found == READS


def test_who_tries_more_is_told_whose_it_is_and_stands_in_the_trail(hospital, three):
    answer = refused(three["system"].get("audit"), 403)
    assert answer.json["detail"].startswith("只有审计管理员")
    assert "安全管理员" in refused(three["audit"].get("zones"), 403).json["detail"]
    assert "系统管理员或审计管理员" in refused(three["security"].get("grants"), 403).json["detail"]
    three["system"].language = "en"
    assert "Only the audit administrator" in three["system"].get("audit").json["detail"]

    recorded = acts(hospital, "permission.refuse")
    assert [(actor, result) for actor, result, _details in recorded] == [
        ("周敏", "denied"), ("孙丽", "denied"), ("钱伟", "denied"), ("周敏", "denied"),
    ]  # fmt: skip
    assert '"needed": ["audit"]' in recorded[0][2]


def test_nobody_changes_what_belongs_to_another(three):
    for role in ("security", "audit"):
        refused(three[role].post("grants", {}), 403)
        refused(three[role].delete("grants/x"), 403)
    for role in ("system", "audit"):
        refused(
            three[role].http.put_json("/api/admin/v1/zones", {}, headers=three[role].headers(), status="*"),
            403,
        )
        refused(three[role].post("people/x/sessions/end", {}), 403)
        refused(three[role].post("administrators/x/unlock", {}), 403)
    for role in ("system", "security"):
        refused(three[role].post("audit/verify", {}), 403)


def test_the_audit_administrator_sees_grants_and_changes_none(three):
    made = three["system"].grant().json
    assert three["audit"].get("grants").json["grants"] == [made]
    refused(three["audit"].delete(f"grants/{made['id']}"), 403)
    assert three["system"].get("grants").json["total"] == 1


def test_a_role_changed_in_the_database_opens_nothing_and_is_recorded(hospital, tool, clock):
    with hospital.session() as (session, _audit):
        session.execute(update(Administrator).values(role="audit"))

    refused(tool.get("audit"), 401)
    refused(tool.get("modules"), 401)
    clock.advance(minutes=1)
    refused(tool.log_in(), 401)

    assert [result for _actor, result, _details in acts(hospital, "administrator.changed")] == ["error"] * 2
    with hospital.site.database.read_session() as session:
        assert session.scalars(select(LoginSession.end_reason)).all() == ["account changed"]


def test_administrators_are_listed_with_role_and_state(hospital, guard, auditor, stranger):
    with hospital.session() as (session, _audit):
        session.execute(
            update(Administrator).where(Administrator.login == "zhou.min").values(name="x", role="audit")
        )
    for who in (guard, auditor):
        found = who.get("administrators").json["administrators"]
        assert [(one["login"], one["role"], one["is_intact"]) for one in found] == [
            ("qian.wei", "security", True), ("sun.li", "audit", True), ("zhou.min", "audit", False),
        ]  # fmt: skip


def test_the_security_administrator_unlocks_an_account(hospital, guard, stranger, clock):
    with hospital.session() as (session, _audit):
        book = FailureBook(session, clock)
        for _count in range(5):
            book.note("zhou.min", "10.0.0.9")
    refused(stranger.log_in(), 429)
    locked = next(
        one["id"] for one in guard.get("administrators").json["administrators"] if one["login"] == "zhou.min"
    )

    assert guard.post(f"administrators/{locked}/unlock", {}).status_int == 204

    assert stranger.log_in().status_int == 200
    assert [actor for actor, _result, _details in acts(hospital, "administrator.unlock")] == ["钱伟"]
    refused(guard.post("administrators/nobody/unlock", {}), 404)
    with hospital.site.database.read_session() as session:
        assert session.scalars(select(LoginFailure)).all() == []


def test_keys_are_shown_by_their_state_only(guard):
    keys = guard.get("keys").json["keys"]
    assert [(key["version"], key["state"]) for key in keys] == [(1, "active")]
    assert set(keys[0]) == {"version", "suite", "state", "created_at", "ended_at"}


def test_a_switched_off_account_is_out_at_once(hospital, guard, clock):
    with hospital.session() as (session, audit):
        lifetimes = Lifetimes.of(hospital.site.settings)
        service = AdministratorService(
            session, clock, audit, hospital.site.keyring, site_name="", lifetimes=lifetimes
        )
        service.disable(service.find("qian.wei"))
    refused(guard.get("zones"), 401)


@pytest.mark.parametrize("role", list(AdministratorRole))
def test_the_audit_administrator_lets_nobody_in_while_wecom_is_down(hospital, clock, role):
    tool = tool_of(hospital, clock, role)
    browser = hospital.browser()
    form = browser.get("/login/break-glass").forms[0]
    form["login"], form["password"], form["code"] = WHO[role][0], PASSWORD, tool.code()

    answer = form.submit(status="*")

    if role is AdministratorRole.AUDIT:
        assert (answer.status_int, "桌面管理工具" in answer.text) == (403, True)
        assert acts(hospital, "session.begin") == []
    else:
        assert "/login/emergency" in answer.location
        browser.get("/login/emergency", status=200)
