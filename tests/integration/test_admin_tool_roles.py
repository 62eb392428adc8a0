"""The real desktop tool at the real portal: an auditor finds what the others did, a guard signs somebody out."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import select
from webtest.http import StopableWSGIServer

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot
from tests.conftest import log_in
from tests.unit.xinglin_admin.screen import Screen

from xinglin.audit.models import AuditRecord
from xinglin.auth.breakglass import create_administrator
from xinglin.auth.models import AdministratorRole, LoginSession
from xinglin.testing.clock import FrozenClock
from xinglin.testing.portal import Portal
from xinglin_admin import background, theme
from xinglin_admin.locale import Language
from xinglin_admin.settings import Settings
from xinglin_admin.theme import Scheme
from xinglin_admin.window import MainWindow

PASSWORD = "correct horse battery"
DRAIN_MILLISECONDS = 5000
pytestmark = pytest.mark.plugins("portal")


@pytest.fixture
def clock() -> FrozenClock:
    """The portal's clock begins now, because the tool asks for the last days of its own clock."""
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
def server(portal: Portal) -> Iterator[str]:
    """The portal behind waitress on a port of its own."""
    running = StopableWSGIServer.create(portal.wsgi, host="127.0.0.1", threads=4)
    yield running.application_url.rstrip("/")
    running.shutdown()


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


def enter(screen: Screen, portal: Portal, clock: FrozenClock, login: str, role: AdministratorRole) -> None:
    with portal.session() as (session, audit):
        made = create_administrator(
            session, audit, portal.site.keyring, login, login.title(), PASSWORD, role=role, clock=clock
        )
    screen.log_in(PASSWORD, pyotp.TOTP(made.secret).at(clock.now()), login=login)
    screen.until(lambda: not screen.is_at_login())


def test_the_auditor_finds_checks_and_takes_out(
    screen: Screen, portal: Portal, clock: FrozenClock, tmp_path: Path
) -> None:
    with portal.session() as (_session, audit):
        audit.record("note.write", "note", "n1", after={"title": "=1+1"})
    enter(screen, portal, clock, "sun.li", AdministratorRole.AUDIT)
    screen.until(lambda: "note.write" in screen.column("auditTable", 2))
    screen.part(QLineEdit, "auditAction").setText("note.*")
    screen.until(lambda: screen.column("auditTable", 2) == ["note.write"])
    screen.pick("auditTable", 0)
    screen.until(lambda: screen.sees("title: =1+1"))
    assert screen.column("auditTable", 5) == ["完好"]

    screen.press("checkButton")
    screen.until(lambda: screen.sees("全部完好"))
    screen.press("exportButton")
    dialog, target = screen.part(QDialog, "exportDialog"), tmp_path / "audit.csv"
    screen.part(QLineEdit, "exportPath", dialog).setText(str(target))
    screen.part(QLineEdit, "exportReason", dialog).setText("年度测评")
    screen.press("saveExport", dialog)
    screen.until(target.exists)

    rows = list(csv.DictReader(io.StringIO(target.read_bytes().decode("utf-8-sig"))))
    assert [row["action"] for row in rows] == ["note.write"]
    with portal.site.database.read_session() as session:
        mine = select(AuditRecord.action).where(AuditRecord.actor_name == "Sun.Li")
        assert {"audit.read", "audit.verify", "audit.export"} <= set(session.scalars(mine))


def test_the_guard_sets_a_network_and_signs_somebody_out(
    screen: Screen, portal: Portal, clock: FrozenClock
) -> None:
    log_in(portal)
    enter(screen, portal, clock, "qian.wei", AdministratorRole.SECURITY)
    screen.until(lambda: screen.sees("您当前的地址：127.0.0.1"))
    screen.part(QLineEdit, "networkField").setText("127.0.0.0/8")
    screen.press("addNetwork")
    screen.until(lambda: screen.column("zoneTable") == ["127.0.0.0/8"])

    screen.part(QLineEdit, "personSearch").setText("李护士")
    screen.until(lambda: screen.part(QPushButton, "endSessions").isEnabled())
    screen.press("endSessions")
    screen.press("confirmButton")
    screen.until(lambda: screen.sees("李护士 已在所有设备上退出登录。"))

    with portal.site.database.read_session() as session:
        reasons = session.scalars(select(LoginSession.end_reason).where(LoginSession.person_id.is_not(None)))
        assert reasons.all() == ["ended by administrator"]
