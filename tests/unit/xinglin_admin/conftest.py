"""The tool's real window against a real server in this process, drawn offscreen."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"
sys.path.insert(0, str(Path(__file__).parent))

from contract_portal import CODE, PASSWORD, ContractPortal
from PySide6.QtCore import QObject, QSettings, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from xinglin_admin import background, theme
from xinglin_admin.locale import Language
from xinglin_admin.settings import Settings
from xinglin_admin.theme import Scheme
from xinglin_admin.window import MainWindow


@pytest.fixture
def portal() -> Iterator[ContractPortal]:
    server = ContractPortal()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.gate.set()
    server.shutdown()
    server.server_close()
    thread.join()
    assert server.complaints == []


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def open_window(qtbot: QtBot, qapp: QApplication, settings: Settings) -> Iterator[Callable[[str], MainWindow]]:
    theme.apply(qapp, Scheme.LIGHT)

    def build(server: str) -> MainWindow:
        window = MainWindow(settings, Language.CHINESE, server)
        qtbot.addWidget(window)
        window.show()
        return window

    yield build
    assert background.finish(HANG_MILLISECONDS)


HANG_MILLISECONDS = 9000


@pytest.fixture
def window(open_window: Callable[[str], MainWindow], portal: ContractPortal) -> MainWindow:
    return open_window(portal.url)


@pytest.fixture
def part() -> Callable[..., object]:
    """``part(widget, kind, name)`` finds the one child with that object name."""

    def find[T: QObject](parent: QObject, kind: type[T], name: str) -> T:
        found = parent.findChild(kind, name)
        assert found is not None, name
        return found

    return find
