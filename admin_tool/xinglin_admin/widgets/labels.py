"""Labels. Text of the server is always plain: rich text could carry links or load pictures."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy


def label(text: str = "", *, role: str = "", name: str = "", is_wrapped: bool = False) -> QLabel:
    """``role`` picks the look in ``stylesheet.py``."""
    widget = QLabel(text)
    widget.setTextFormat(Qt.TextFormat.PlainText)
    widget.setWordWrap(is_wrapped)
    widget.setObjectName(name)
    if role:
        widget.setProperty("role", role)
    if is_wrapped:
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        widget.setSizePolicy(policy)
    return widget
