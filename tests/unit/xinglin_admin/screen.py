"""What a person in front of the tool does and sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QTreeView,
    QWidget,
)
from pytestqt.qtbot import QtBot

T = TypeVar("T", bound=QObject)


class Screen:
    def __init__(self, window: QWidget, qtbot: QtBot) -> None:
        self.window = window
        self.qtbot = qtbot

    def part(self, kind: type[T], name: str, inside: QWidget | None = None) -> T:
        found = (inside or self.window).findChild(kind, name)
        assert found is not None, f"no {kind.__name__} called {name}"
        return found

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=30_000)

    def write(self, name: str, text: str) -> None:
        field = self.part(QLineEdit, name)
        field.clear()
        self.qtbot.keyClicks(field, text) if text.isascii() else field.setText(text)

    def press(self, name: str, inside: QWidget | None = None) -> None:
        self.qtbot.mouseClick(self.part(QPushButton, name, inside), Qt.MouseButton.LeftButton)

    def log_in(self, password: str, code: str, login: str = "zhoumin") -> None:
        """Ends with Enter in the last field."""
        for name, text in {"loginField": login, "passwordField": password, "codeField": code}.items():
            self.write(name, text)
        self.qtbot.keyClick(self.part(QLineEdit, "codeField"), Qt.Key.Key_Return)

    def column(self, name: str, column: int = 0) -> list[str]:
        model = self.part(QTableView, name).model()
        return [model.index(row, column).data() for row in range(model.rowCount())]

    def pick(self, name: str, row: int) -> None:
        view = self.part(QAbstractItemView, name)
        view.setCurrentIndex(view.model().index(row, 0))

    def choose(self, name: str, text: str) -> None:
        box = self.part(QComboBox, name)
        position = box.findText(text)
        assert position >= 0, f"{name} does not offer {text}"
        box.setCurrentIndex(position)

    def visible_text(self) -> str:
        """All labels that a person can read now, in any window of the tool."""
        return "\n".join(shown.text() for shown in self.window.findChildren(QLabel) if shown.isVisible())

    def sees(self, text: str) -> bool:
        return text in self.visible_text()

    def is_at_login(self) -> bool:
        return self.part(QPushButton, "loginButton").isVisible()

    def open_dialog(self) -> QDialog:
        self.press("newGrantButton")
        dialog = self.part(QDialog, "grantDialog")
        self.until(lambda: self.part(QComboBox, "permissionBox").count() > 1)
        self.until(lambda: self.part(QTreeView, "departmentTree").model().rowCount() > 0)
        return dialog

    def is_dialog_gone(self) -> bool:
        return self.window.findChild(QDialog, "grantDialog") is None
