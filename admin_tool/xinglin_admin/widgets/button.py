"""Push buttons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QPushButton


def button(text: str, name: str, act: Callable[[], None], *, role: str = "", tip: str = "") -> QPushButton:
    """``role`` picks the look in ``stylesheet.py``: empty, ``primary`` or ``danger``."""
    widget = QPushButton(text)
    widget.setObjectName(name)
    widget.setProperty("role", role)
    widget.setToolTip(tip)
    widget.clicked.connect(lambda _checked: act())
    return widget
