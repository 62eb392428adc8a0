"""A program that speaks the admin API as the desktop tool does, without a window."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from urllib.parse import quote

import pyotp
from sqlalchemy import select
from webtest import TestApp, TestResponse

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.auth.breakglass import create_administrator
from xinglin.auth.models import AdministratorRole, Grant
from xinglin.testing.clock import FrozenClock
from xinglin.testing.portal import Portal

API = "/api/admin/v1"
PASSWORD = "correct horse battery"
LAST_DAY = "2027-06-30"
WHO = {
    AdministratorRole.SYSTEM: ("zhou.min", "周敏"),
    AdministratorRole.SECURITY: ("qian.wei", "钱伟"),
    AdministratorRole.AUDIT: ("sun.li", "孙丽"),
}


@dataclass
class Tool:
    """What the desktop tool does, without a window."""

    http: TestApp
    secret: str
    clock: FrozenClock
    login: str = "zhou.min"
    language: str = "zh-CN"
    token: str = ""

    def log_in(self, password: str = PASSWORD, code: str | None = None, login: str = ""):
        wanted = {"login": login or self.login, "password": password, "totp": code or self.code()}
        answer = self.post("login", wanted)
        if answer.status_int == 200:
            self.token = answer.json["token"]
        return answer

    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(self.clock.now())

    def headers(self, more: dict[str, str] | None = None) -> dict[str, str]:
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"Accept-Language": self.language, **bearer, **(more or {})}

    def get(self, path: str) -> TestResponse:
        return self.http.get(f"{API}/{quote(path, safe='/?&=%')}", headers=self.headers(), status="*")

    def post(self, path: str, body: object, **more: str) -> TestResponse:
        headers = self.headers({name.replace("_", "-"): value for name, value in more.items()})
        return self.http.post_json(f"{API}/{path}", body, headers=headers, status="*")

    def delete(self, path: str) -> TestResponse:
        return self.http.delete(f"{API}/{path}", headers=self.headers(), status="*")

    def person(self, name: str) -> str:
        return self.get(f"people?q={name}").json["people"][0]["id"]

    def department(self, name: str) -> str:
        return next(one["id"] for one in self.get("departments").json["departments"] if one["name"] == name)

    def wanted(self, **fields: object) -> dict[str, object]:
        """Notices of the column 科室动态 for paediatrics, by the head nurse, until the summer."""
        return {
            "person_id": self.person("单玉梅"),
            "permission": "news:publish",
            "object": "departments",
            "department_ids": [self.department("儿科")],
            "expires_on": LAST_DAY,
            **fields,
        }

    def grant(self, key: str | None = None, **fields: object) -> TestResponse:
        return self.post("grants", self.wanted(**fields), Idempotency_Key=key or str(uuid.uuid4()))


def tool_of(portal: Portal, clock: FrozenClock, role: AdministratorRole = AdministratorRole.SYSTEM) -> Tool:
    """A new administrator's tool, not logged in."""
    login, name = WHO[role]
    with portal.session() as (session, audit):
        keyring = portal.site.keyring
        made = create_administrator(session, audit, keyring, login, name, PASSWORD, role=role, clock=clock)
    return Tool(portal.browser(user_agent="xinglin-admin"), made.secret, clock, login)


def acts(portal, action):
    """The audit records of an action, as (actor, result, details)."""
    with portal.site.database.read_session() as session:
        rows = session.scalars(select(AuditRecord).where(AuditRecord.action == action))
        return [(row.actor_name, row.result, details_of(row, portal.site.keyring)) for row in rows]


def grants_in(portal):
    with portal.site.database.read_session() as session:
        return len(session.scalars(select(Grant)).all())


def refused(answer, status, *fields):
    assert (answer.status_int, answer.content_type) == (status, "application/problem+json")
    assert answer.json["status"] == status
    assert answer.json["detail"]
    assert {one["field"] for one in answer.json.get("errors", [])} == set(fields)
    assert all(one["message"] for one in answer.json.get("errors", []))
    return answer
