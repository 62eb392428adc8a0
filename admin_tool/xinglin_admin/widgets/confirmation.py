"""A question before something that cannot be taken back."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget


def ask(
    parent: QWidget,
    *,
    title: str,
    question: str,
    consequence: str,
    yes: str,
    no: str,
    act: Callable[[], None],
) -> None:
    """Opens and returns at once; ``act`` is called on ``yes``. Enter and Esc mean ``no``."""
    box = QMessageBox(QMessageBox.Icon.Warning, title, question, parent=parent)
    box.setObjectName("confirmation")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(consequence)
    agree = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    agree.setObjectName("confirmButton")
    agree.setProperty("role", "danger")
    agree.style().polish(agree)
    refuse = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    refuse.setObjectName("cancelButton")
    box.setDefaultButton(refuse)
    box.setEscapeButton(refuse)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    agree.clicked.connect(act)
    box.open()
