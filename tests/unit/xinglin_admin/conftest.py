"""The tool's real window against a real server in this process, drawn offscreen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from tests.unit.xinglin_admin.contract_portal import CODE, PASSWORD, ContractPortal
from tests.unit.xinglin_admin.screen import Screen

from xinglin_admin import background, theme
from xinglin_admin.locale import Language
from xinglin_admin.settings import Settings
from xinglin_admin.theme import Scheme
from xinglin_admin.window import MainWindow

DRAIN_MILLISECONDS = 5000


@pytest.fixture
def portal() -> Iterator[ContractPortal]:
    server = ContractPortal()
    server.start()
    yield server
    server.stop()
    assert server.complaints == []


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def open_screen(qtbot: QtBot, qapp: QApplication, settings: Settings) -> Iterator[Callable[[str], Screen]]:
    """Opens the tool for a server address."""
    theme.apply(qapp, Scheme.LIGHT)

    windows: list[MainWindow] = []

    def build(server: str) -> Screen:
        window = MainWindow(settings, Language.CHINESE, server)
        qtbot.addWidget(window)
        windows.append(window)
        window.show()
        return Screen(window, qtbot)

    yield build
    for window in windows:
        window.close()
    assert background.finish(DRAIN_MILLISECONDS)


@pytest.fixture
def screen(portal: ContractPortal, open_screen: Callable[[str], Screen]) -> Iterator[Screen]:
    """The login page of the tool."""
    yield open_screen(portal.url)
    portal.gate.set()


@pytest.fixture
def signed_in(screen: Screen) -> Screen:
    """The list of grants, loaded."""
    screen.log_in(PASSWORD, CODE)
    screen.until(lambda: len(screen.column("grantTable")) == 3)
    return screen


@pytest.fixture
def auditor(screen: Screen, portal: ContractPortal) -> Screen:
    """The audit administrator's list of records, loaded."""
    portal.role = "audit"
    screen.log_in(PASSWORD, CODE)
    screen.until(lambda: len(screen.column("auditTable")) == 100)
    return screen


@pytest.fixture
def guard(screen: Screen, portal: ContractPortal) -> Screen:
    """The security administrator's networks, loaded."""
    portal.role = "security"
    screen.log_in(PASSWORD, CODE)
    screen.until(lambda: len(screen.column("zoneTable")) == 1)
    return screen
