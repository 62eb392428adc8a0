"""The demo that is scanned: without limits, with a module full of holes, and with people whom scanners may be."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from sqlalchemy import func, select, text

from tests.e2e.stack import ROOT, Stack
from tests.security.crawl import OPEN, STAFF, Crawler, Visitor
from tests.security.doors import doors_of
from tests.security.findings import Finding
from xinglin.audit.models import AuditRecord
from xinglin.audit.service import Actor, AuditTrail
from xinglin.auth.grants import GrantService
from xinglin.auth.models import Administrator
from xinglin.auth.sessions import Lifetimes, Origin, SessionService, hash_token
from xinglin.kernel.app import build
from xinglin.kernel.plugins import PluginSet
from xinglin.kernel.site import Site, open_site
from xinglin.people.models import Department, Person
from xinglin_example.models import Thanks
from xinglin_news.models import Notice

NURSE, WRITER = "N10021", "N10011"
"""Of the fictional hospital: a ward nurse without any grant, and a head nurse whom the scan lets do everything."""
COLLEAGUE = "default"
"""What a scanner writes into a field for a name. There is one, so that its forms are accepted."""
DOUBLE_TAPS = """
CREATE TRIGGER scan_repeats AFTER INSERT ON core_request_key
BEGIN DELETE FROM core_request_key WHERE key = NEW.key; END
"""
"""A scanner sends one form again and again with the key of its first sending; the portal would do only the first."""


ADMINISTRATORS = ("admin", "guard", "auditor")
"""The demo's accounts: system, security, audit."""


@dataclass(frozen=True)
class Demo:
    """The demo; `tokens` are the bearer tokens of its three administrators, `nurse` and `writer` are logged in."""

    stack: Stack
    site: Site
    app: object
    tokens: dict[str, str]
    nurse: Visitor
    writer: Visitor

    def written(self) -> int:
        """How many rows the forms of the modules have made."""
        with self.site.database.read_session() as session:
            return sum(
                session.scalar(select(func.count()).select_from(table)) or 0 for table in (Thanks, Notice)
            )

    def administered(self) -> int:
        """How many acts of administrators are recorded."""
        with self.site.database.read_session() as session:
            query = select(func.count()).where(AuditRecord.actor_kind == "administrator")
            return session.scalar(query) or 0

    def crawl(self) -> Iterator[Finding]:
        """Every route as a stranger and as the nurse, at most some hundred requests."""
        crawler = Crawler(self.stack.portal)
        try:
            doors = doors_of(self.app.registry.introspector, {})  # type: ignore[attr-defined]
            yield from crawler.crawl(doors, [Visitor("stranger"), self.nurse])
        finally:
            crawler.close()


@contextmanager
def running(folder: Path) -> Iterator[Demo]:
    """The demo in `folder`, ended at the end."""
    stack = _prepared(folder)
    stack.start()
    try:
        site = open_site(stack.ini)
        app = build(site)
        try:
            yield _peopled(stack, site, app)
        finally:
            app.registry.xinglin_recorder.stop()
            site.database.dispose()
    finally:
        stack.stop()


def _prepared(folder: Path) -> Stack:
    stack = Stack.prepare(folder)
    words = stack.ini.read_text(encoding="utf-8")
    words = words.replace("[xinglin]", "[xinglin]\nlimit_person = 0\nlimit_address = 0", 1)
    stack.ini.write_text(
        re.sub(r"^plugins = .*", r"\g<0> planted", words, flags=re.MULTILINE), encoding="utf-8"
    )
    entry = folder / "planted-1.0.dist-info"
    entry.mkdir()
    (entry / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n", encoding="utf-8")
    (entry / "entry_points.txt").write_text(
        "[xinglin.plugins]\nplanted = tests.security.planted\n", encoding="utf-8"
    )
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")])
    return stack


def _peopled(stack: Stack, site: Site, app: object) -> Demo:
    found: PluginSet = app.registry.xinglin_plugins  # type: ignore[attr-defined]
    readable = frozenset(
        name for name, declared in found.permissions.items() if not declared.is_delegable
    )  # what is not delegable, everybody has
    with site.database.session() as session:
        session.execute(text(DOUBLE_TAPS))
        now = site.clock.now()
        session.add(
            Person(staff_no=COLLEAGUE, name=COLLEAGUE, pinyin=COLLEAGUE, created_at=now, updated_at=now)
        )
    nurse = _visitor(site, "nurse", NURSE, frozenset({OPEN, *STAFF, *readable}))
    writer = _visitor(site, "writer", WRITER, frozenset({OPEN, *STAFF, *found.permissions}))
    _grant_everything(site, found)
    tokens = {login: _token(stack, login) for login in ADMINISTRATORS}
    return Demo(stack, site, app, tokens, nurse, writer)


def _visitor(site: Site, name: str, userid: str, allowed: frozenset[str]) -> Visitor:
    with site.database.session() as session:
        person = session.scalars(select(Person).where(Person.wecom_userid_key == userid.lower())).one()
        trail = AuditTrail(session, Actor.system("scan"), site.clock, site.keyring)
        service = SessionService(session, site.clock, trail, Lifetimes.of(site.settings))
        token = service.begin_person(person, "wecom", Origin("127.0.0.1", "scan")).token
    anchor = f"session:{hash_token(token)}".encode()
    return Visitor(name, {"xinglin_session": token}, allowed, site.keyring.mac(anchor, purpose="csrf"))


def _grant_everything(site: Site, found: PluginSet) -> None:
    with site.database.session() as session:
        trail = AuditTrail(session, Actor.system("scan"), site.clock, site.keyring)
        service = GrantService(session, site.clock, trail, found.permissions, site.settings.zone)
        by = session.scalars(select(Administrator).where(Administrator.login == ADMINISTRATORS[0])).one()
        writer = session.scalars(select(Person).where(Person.wecom_userid_key == WRITER.lower())).one()
        departments = [session.scalars(select(Department.id).limit(1)).one()]
        for name, declared in found.permissions.items():
            if declared.is_delegable:
                for thing in declared.objects(session)[:1] if declared.objects else [None]:
                    scope = departments if declared.has_departments else []
                    service.grant(by, writer, name, thing.key if thing else None, scope)


def _token(stack: Stack, login: str) -> str:
    code = stack.run("demo", "--code", "--login", login).strip()[-6:]
    known = {"login": login, "password": stack.password, "totp": code}
    answer = requests.post(f"{stack.portal}/api/admin/v1/login", json=known, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["token"])
