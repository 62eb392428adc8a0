"""An administrator at the desktop tool, in this process, drawn offscreen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QDate, QModelIndex, QSettings, Qt
from PySide6.QtWidgets import QApplication, QDateEdit, QTreeView
from pytestqt.qtbot import QtBot

from tests.e2e.stack import Stack
from tests.unit.xinglin_admin.screen import Screen
from xinglin_admin import background, theme
from xinglin_admin.locale import Language
from xinglin_admin.settings import Settings
from xinglin_admin.theme import Scheme
from xinglin_admin.window import MainWindow

DRAIN_MILLISECONDS = 5000


@contextmanager
def at_the_desk(stack: Stack, qtbot: QtBot, application: QApplication, folder: Path) -> Iterator[Screen]:
    """Logged in as the demo's administrator, with password and code."""
    theme.apply(application, Scheme.LIGHT)
    kept = QSettings(str(folder / "tool.ini"), QSettings.Format.IniFormat)
    window = MainWindow(Settings(kept), Language.CHINESE, stack.portal)
    qtbot.addWidget(window)
    window.resize(1100, 720)
    window.show()
    screen = Screen(window, qtbot)
    screen.log_in(stack.password, stack.run("demo", "--code").strip(), login="admin")
    screen.until(lambda: not screen.is_at_login())
    yield screen
    window.close()
    assert background.finish(DRAIN_MILLISECONDS)


def grant(screen: Screen, staff_no: str, permission: str, column: str, department: str, until: QDate) -> None:
    """Give a person a column for a department until a day, and see it in the list; empty where there is no choice."""
    screen.open_dialog()
    screen.write("personSearch", staff_no)
    screen.until(lambda: screen.sees("找到 1 人"))
    screen.choose("permissionBox", permission)
    if column:
        screen.choose("objectBox", column)
    if department:
        tick(screen, department)
    screen.part(QDateEdit, "expiryDate").setDate(until)
    screen.press("saveGrantButton")
    screen.until(screen.is_dialog_gone)


def tick(screen: Screen, department: str) -> None:
    """A department with all below it."""
    model = screen.part(QTreeView, "departmentTree").model()
    flags = Qt.MatchFlag.MatchStartsWith | Qt.MatchFlag.MatchRecursive
    found: list[QModelIndex] = model.match(
        model.index(0, 0), Qt.ItemDataRole.DisplayRole, department, 1, flags
    )
    assert model.setData(found[0], Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
