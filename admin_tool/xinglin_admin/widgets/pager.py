"""Which part of a long list is shown, with buttons to the parts before and after."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from xinglin_admin.locale.texts import GrantTexts
from xinglin_admin.widgets.button import button
from xinglin_admin.widgets.labels import label


class Pager(QWidget):
    turned = Signal()

    def __init__(self, words: GrantTexts, size: int) -> None:
        super().__init__()
        self._words = words
        self._size = size
        self.offset = 0
        self._range = label(role="small", name="pageRange")
        self._previous = button(words.previous, "previousButton", lambda: self._turn(-self._size))
        self._next = button(words.next, "nextButton", lambda: self._turn(self._size))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._range, 1)
        row.addWidget(self._previous)
        row.addWidget(self._next)
        self._show_buttons(0)

    def show_total(self, shown: int, total: int) -> None:
        first, last = self.offset + 1, self.offset + shown
        text = self._words.range.format(first=first, last=last, total=total)
        self._range.setText(text if shown else self._words.empty)
        self._show_buttons(total)

    def _show_buttons(self, total: int) -> None:
        """Buttons appear only where the list has more than one part."""
        for turner in (self._previous, self._next):
            turner.setVisible(total > self._size or self.offset > 0)
        self._previous.setEnabled(self.offset > 0)
        self._next.setEnabled(self.offset + self._size < total)

    def _turn(self, step: int) -> None:
        self.offset = max(0, self.offset + step)
        self.turned.emit()
