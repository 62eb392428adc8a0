"""Wait until somebody stops typing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLineEdit

DELAY_MILLISECONDS = 250


def when_typing_pauses(field: QLineEdit, act: Callable[[], None]) -> None:
    """Call ``act`` once after the last change, and at once on Enter."""
    timer = QTimer(field, singleShot=True, interval=DELAY_MILLISECONDS)
    timer.timeout.connect(act)
    field.textChanged.connect(lambda _text: timer.start())
    field.returnPressed.connect(timer.stop)
    field.returnPressed.connect(act)
