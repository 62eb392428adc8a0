"""Names on widgets: tests and screen readers find them by it."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QWidget

W = TypeVar("W", bound=QWidget)


def named(name: str, widget: W) -> W:
    widget.setObjectName(name)
    return widget
