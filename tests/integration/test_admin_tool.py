"""The real desktop tool at the real portal: an administrator gives a head nurse a column for her ward."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import func, select
from webtest.http import StopableWSGIServer

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QDate, QSettings, Qt
from PySide6.QtWidgets import QApplication, QDateEdit, QLabel, QTreeView
from pytestqt.qtbot import QtBot
from tests.unit.xinglin_admin.screen import Screen

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.auth.breakglass import create_administrator
from xinglin.auth.models import Grant
from xinglin.people.importing import ImportService, read_file
from xinglin.people.models import Person, PersonState
from xinglin.people.service import PeopleService
from xinglin.testing.clock import FrozenClock
from xinglin.testing.databases import SQLiteMaker
from xinglin.testing.portal import Portal
from xinglin_admin import background, theme
from xinglin_admin.locale import Language
from xinglin_admin.settings import Settings
from xinglin_admin.theme import Scheme
from xinglin_admin.window import MainWindow
from xinglin_news.models import Column
from xinglin_simulators.hospital import load_hospital
from xinglin_simulators.hospital.workbook import write_workbook

PASSWORD = "correct horse battery"
HEAD_NURSE = "10011"
WRONG = "登录名、密码或动态验证码不正确。"
NOBODY = "没有找到，请换一个写法。"
DRAIN_MILLISECONDS = 5000


@pytest.fixture
def clock() -> FrozenClock:
    """The portal's clock begins now, because the tool offers no day before its own today."""
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
def hospital(make_portal, sqlite_maker: SQLiteMaker, clock: FrozenClock, tmp_path: Path) -> Portal:
    """The fictional hospital of 1,632 people, imported from its workbook; one module is broken."""
    portal = make_portal(
        database=sqlite_maker.fresh(), plugins=("portal", "news", "ghost"), strict="false", required="portal"
    )
    workbook = tmp_path / "hospital.xlsx"
    write_workbook(load_hospital(), workbook)
    with portal.session() as (session, audit):
        importing = ImportService(session, clock, audit)
        importing.apply(importing.plan(read_file(workbook)))
        session.add_all(
            [
                Column(key="notices", title="通知公告", reach="hospital", sort_order=1),
                Column(key="wards", title="科室动态", reach="own_departments", sort_order=2),
            ]
        )
    return portal


@pytest.fixture
def server(hospital: Portal) -> Iterator[str]:
    """The portal behind waitress on a port of its own."""
    running = StopableWSGIServer.create(hospital.wsgi, host="127.0.0.1", threads=4)
    yield running.application_url.rstrip("/")
    running.shutdown()


@pytest.fixture
def secret(hospital: Portal, clock: FrozenClock) -> str:
    with hospital.session() as (session, audit):
        keyring = hospital.site.keyring
        made = create_administrator(session, audit, keyring, "zhou.min", "周敏", PASSWORD, clock=clock)
    return made.secret


@pytest.fixture
def screen(server: str, qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Screen]:
    """The tool's window at its login page."""
    theme.apply(qapp, Scheme.LIGHT)
    kept = QSettings(str(tmp_path / "tool.ini"), QSettings.Format.IniFormat)
    window = MainWindow(Settings(kept), Language.CHINESE, server)
    qtbot.addWidget(window)
    window.show()
    yield Screen(window, qtbot)
    window.close()
    assert background.finish(DRAIN_MILLISECONDS)


def records(portal: Portal, action: str) -> list[AuditRecord]:
    with portal.site.database.read_session() as session:
        return list(session.scalars(select(AuditRecord).where(AuditRecord.action == action)))


def tick(screen: Screen, name: str) -> None:
    model = screen.part(QTreeView, "departmentTree").model()
    flags = Qt.MatchFlag.MatchStartsWith | Qt.MatchFlag.MatchRecursive
    found = model.match(model.index(0, 0), Qt.ItemDataRole.DisplayRole, name, 1, flags)
    assert model.setData(found[0], Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)


def test_an_administrator_gives_a_head_nurse_her_column(
    screen: Screen, hospital: Portal, secret: str, clock: FrozenClock
) -> None:
    with hospital.session() as (session, audit):
        nurse = PeopleService(session, clock, audit).by_staff_no(HEAD_NURSE)
        ward = next(place.department for place in nurse.memberships if place.is_primary)
        name, nurse_id, ward_id, ward_name = nurse.name, nurse.id, ward.id, ward.name

    code = pyotp.TOTP(secret).at(clock.now())
    screen.log_in("wrong password", code, login="zhou.min")
    screen.until(lambda: screen.sees(WRONG))
    assert screen.is_at_login()
    screen.log_in(PASSWORD, code, login="zhou.min")
    screen.until(lambda: not screen.is_at_login() and screen.sees("周敏"))

    last_day = date.today() + timedelta(days=90)
    dialog = screen.open_dialog()
    screen.write("personSearch", HEAD_NURSE)
    screen.until(lambda: screen.sees("找到 1 人"))
    screen.choose("permissionBox", "发布通知")
    screen.choose("objectBox", "科室动态")
    tick(screen, ward_name)
    screen.part(QDateEdit, "expiryDate").setDate(QDate(last_day.year, last_day.month, last_day.day))
    summary = screen.part(QLabel, "grantSummary", dialog).text()
    assert name in summary
    assert ward_name in summary
    screen.press("saveGrantButton")
    screen.until(screen.is_dialog_gone)

    screen.until(lambda: screen.column("grantTable") == [name])
    assert screen.column("grantTable", 1) == ["发布通知"]
    assert screen.column("grantTable", 2) == [f"科室动态 · {ward_name}"]
    assert screen.column("grantTable", 3) == [last_day.isoformat()]
    screen.pick("grantTable", 0)
    screen.until(lambda: screen.visible_text().count("周敏") >= 2)  # who is logged in, and who gave it

    with hospital.site.database.read_session() as session:
        grant = session.scalars(select(Grant)).one()
        assert (grant.person_id, grant.permission, grant.object_key) == (nurse_id, "news:publish", "wards")
        assert [department.id for department in grant.departments] == [ward_id]
        end = grant.expires_at.astimezone(hospital.site.settings.zone)
        assert (end.date(), end.hour) == (last_day + timedelta(days=1), 0)
    [created] = records(hospital, "grant.create")
    assert (created.actor_kind, created.actor_name, created.ip) == ("administrator", "周敏", "127.0.0.1")
    assert json.loads(details_of(created, hospital.site.keyring))["after"]["department_ids"] == [ward_id]
    assert [record.result for record in records(hospital, "login.fail")] == ["denied"]

    screen.press("navModules")
    screen.until(lambda: len(screen.column("modulesTable")) == 5)
    states = dict(zip(screen.column("modulesTable", 1), screen.column("modulesTable", 4), strict=True))
    assert states == {
        "portal": "已启用",
        "news": "已启用",
        "ghost": "已隔离",
        "documents": "已停用",
        "example": "已停用",
    }
    screen.until(lambda: screen.sees("discover: not installed."))

    screen.window.close()
    screen.until(lambda: len(records(hospital, "session.end")) == 1)


def test_people_are_found_while_one_types(
    screen: Screen, hospital: Portal, secret: str, clock: FrozenClock
) -> None:
    screen.log_in(PASSWORD, pyotp.TOTP(secret).at(clock.now()), login="zhou.min")
    screen.until(lambda: not screen.is_at_login())
    dialog = screen.open_dialog()
    for text in ("单玉梅", "10011", "shanyumei"):
        screen.write("personSearch", "nobody at all")
        screen.until(lambda: screen.sees(NOBODY))
        screen.write("personSearch", text)
        screen.until(lambda: screen.sees("找到 1 人"))
    with hospital.site.database.read_session() as session:
        active = session.scalar(select(func.count(Person.id)).where(Person.state == PersonState.ACTIVE))
    model = screen.part(QTreeView, "departmentTree", dialog).model()
    assert model.index(0, 0).data() == f"杏林妇女儿童医院（{active} 人）"
    screen.qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    screen.until(screen.is_dialog_gone)
    assert records(hospital, "grant.create") == []
