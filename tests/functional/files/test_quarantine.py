"""The quarantine on the web: seen, released with a second code, deleted, all of it on record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

import pyotp
import pytest
from sqlalchemy import select
from tests.conftest import log_in
from webtest import TestApp, TestResponse

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.auth.breakglass import create_administrator
from xinglin.auth.models import AdministratorRole
from xinglin.files.models import FileState, StoredFile
from xinglin.files.service import FileStore
from xinglin.people.models import Person
from xinglin.testing.clock import FrozenClock
from xinglin.testing.portal import Portal

PASSWORD = "correct horse battery"
PAGE = "/login/emergency/quarantine"
PC = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"


@dataclass
class Desk:
    """The administrator at his computer, logged in."""

    browser: TestApp
    secret: str
    clock: FrozenClock

    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(self.clock.now())

    def decide(self, public_id: str, form: int, **fields: str) -> TestResponse:
        page = self.browser.get(f"{PAGE}/{public_id}").forms[form]
        for name, value in fields.items():
            page[name] = value
        return page.submit(status="*")


@pytest.fixture
def desk(portal: Portal, clock: FrozenClock) -> Desk:
    with portal.session() as (session, audit):
        keyring, role = portal.site.keyring, AdministratorRole.SECURITY
        made = create_administrator(
            session, audit, keyring, "guard", "周敏", PASSWORD, role=role, clock=clock
        )
    return at_desk(portal, clock, "guard", made.secret)


def at_desk(portal: Portal, clock: FrozenClock, login: str, secret: str) -> Desk:
    desk = Desk(portal.browser(user_agent=PC), secret, clock)
    form = desk.browser.get("/login/break-glass").forms[0]
    form["login"], form["password"], form["code"] = login, PASSWORD, desk.code()
    assert form.submit().status_int == 303
    clock.advance(seconds=30)
    return desk


@pytest.fixture
def nurse(portal: Portal) -> TestApp:
    return log_in(portal)


@pytest.fixture
def infected(portal: Portal, nurse: TestApp) -> str:
    return put(portal, "通知.txt", FileState.INFECTED, "Eicar.Test")


def put(portal: Portal, name: str, state: FileState, finding: str = "") -> str:
    site = portal.site
    with portal.session() as (session, _audit):
        owner = session.scalars(select(Person.public_id)).one()
        store = FileStore.of(site.settings, site.keyring, session, site.clock)
        stored = store.save_attachment(name, BytesIO(b"hello"), plugin="news", uploaded_by=owner)
        stored.state, stored.finding = state, finding
        stored.checked_at = site.clock.now() - timedelta(hours=1) if finding else None
        stored.scan_at = site.clock.now() + timedelta(days=1)
        return stored.public_id


def state_of(portal: Portal, public_id: str) -> str:
    with portal.site.database.read_session() as session:
        return session.scalars(select(StoredFile.state).where(StoredFile.public_id == public_id)).one()


def acts(portal: Portal, action: str) -> list[tuple[str, object]]:
    portal.wsgi.registry.xinglin_recorder.flush()
    with portal.site.database.read_session() as session:
        rows = session.scalars(select(AuditRecord).where(AuditRecord.action == action))
        return [
            (row.actor_name, json.loads(details_of(row, portal.site.keyring)).get("after")) for row in rows
        ]


def files_in(portal: Portal) -> int:
    return sum(path.is_file() for path in portal.site.settings.files_folder.rglob("*"))


def test_the_list_has_what_was_found_and_what_waits(portal: Portal, desk: Desk, infected: str) -> None:
    put(portal, "大.txt", FileState.REFUSED, "StreamMaxLength")
    put(portal, "新.txt", FileState.PENDING)
    put(portal, "好.txt", FileState.CLEAN)
    page = desk.browser.get("/login/emergency").click("隔离区")
    for words in ("通知.txt", "发现病毒", "Eicar.Test", "李护士 1001", "大.txt", "StreamMaxLength", "新.txt"):
        assert words in page.text
    assert "好.txt" not in page.text
    assert page.click("通知.txt").request.path == f"{PAGE}/{infected}"
    portal.wsgi.registry.xinglin_recorder.flush()
    with portal.site.database.read_session() as session:
        seen = select(AuditRecord.object_id).where(AuditRecord.object_kind == "file.quarantine")
        assert list(session.scalars(seen.order_by(AuditRecord.id))) == ["all", infected]


def test_it_is_the_security_administrators_alone(portal: Portal, clock: FrozenClock, desk: Desk) -> None:
    with portal.session() as (session, audit):
        made = create_administrator(
            session, audit, portal.site.keyring, "boss", "王强", PASSWORD, clock=clock
        )
    system = at_desk(portal, clock, "boss", made.secret).browser
    assert PAGE in desk.browser.get("/login/emergency").text
    assert PAGE not in system.get("/login/emergency").text
    assert system.get(PAGE, status=403)


def test_an_empty_quarantine_says_so(desk: Desk) -> None:
    assert "隔离区中没有文件。" in desk.browser.get(PAGE).text


def test_a_release_is_confirmed_by_a_new_code_and_recorded(
    portal: Portal, desk: Desk, nurse: TestApp, infected: str
) -> None:
    nurse.get(f"/files/{infected}/content", status=423)
    done = desk.decide(infected, 0, reason="误报，厂商已确认", code=desk.code())
    assert (done.status_int, done.follow().request.path) == (303, PAGE)
    assert nurse.get(f"/files/{infected}/content").body == b"hello"
    assert acts(portal, "file.release") == [("周敏", {"reason": "误报，厂商已确认"})]
    assert desk.browser.get(f"{PAGE}/{infected}", status=404)


def test_without_a_right_and_new_code_nothing_is_released(portal: Portal, desk: Desk, infected: str) -> None:
    wrong = desk.decide(infected, 0, reason="误报，厂商已确认", code="000000")
    assert (wrong.status_int, "动态码不正确" in wrong.text) == (403, True)
    assert "误报，厂商已确认" in wrong.text  # nothing is typed twice
    code = desk.code()
    assert desk.decide(infected, 0, reason="短", code=code).status_int == 422
    used = desk.decide(infected, 0, reason="误报，厂商已确认", code=code)
    assert used.status_int == 403
    assert state_of(portal, infected) == FileState.INFECTED
    failed = [after for _name, after in acts(portal, "login.fail")]
    assert failed == [{"method": "password", "login": "guard"}] * 2


def test_guessing_codes_locks(desk: Desk, infected: str) -> None:
    for _count in range(5):
        assert desk.decide(infected, 0, reason="误报，厂商已确认", code="000000").status_int == 403
    assert desk.decide(infected, 0, reason="误报，厂商已确认", code=desk.code()).status_int == 429


def test_a_deleted_one_is_gone_at_once_and_on_record(
    portal: Portal, desk: Desk, nurse: TestApp, infected: str
) -> None:
    assert desk.decide(infected, 1, reason="").status_int == 422
    assert files_in(portal) == 1
    assert desk.decide(infected, 1, reason="确认有毒").status_int == 303
    assert files_in(portal) == 0
    assert state_of(portal, infected) == FileState.REMOVED
    assert acts(portal, "file.remove") == [("周敏", {"reason": "确认有毒"})]
    nurse.get(f"/files/{infected}", status=404)


def test_staff_and_strangers_do_not_come_in(portal: Portal, nurse: TestApp, infected: str) -> None:
    for path in (PAGE, f"{PAGE}/{infected}"):
        nurse.get(path, status=403)
        assert portal.browser().get(path).status_int == 302
    assert nurse.post(f"{PAGE}/{infected}/release", status="*").status_int in (400, 403)
    assert state_of(portal, infected) == FileState.INFECTED


def test_a_post_without_its_token_is_refused(portal: Portal, desk: Desk, infected: str) -> None:
    desk.browser.post(f"{PAGE}/{infected}/delete", {"reason": "确认有毒"}, status=400)
    assert state_of(portal, infected) == FileState.INFECTED
