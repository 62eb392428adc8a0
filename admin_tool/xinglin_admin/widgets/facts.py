"""A card with a heading and pairs of name and value."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout

from xinglin_admin.widgets.labels import label
from xinglin_admin.widgets.named import named

Fact = tuple[str, str]


class FactsCard(QScrollArea):
    def __init__(self, heading: str, hint: str, name: str) -> None:
        super().__init__(widgetResizable=True)
        self.setObjectName(name)
        self.setProperty("role", "card")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = named("facts", QFrame())
        self.setWidget(content)
        self._hint = hint
        self._shown: list[QLabel] = []
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(16, 14, 16, 14)
        self._column.setSpacing(2)
        self._column.addWidget(label(heading, role="heading"))
        self._column.addSpacing(8)
        self._column.addStretch()  # an alignment of the layout would cut wrapped lines
        self.show_facts(())

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Without facts the hint is shown."""
        for shown in self._shown:
            self._column.removeWidget(shown)
            shown.deleteLater()
        self._shown = [label(self._hint, role="quiet", is_wrapped=True)] if not facts else []
        for title, value in facts:
            text = label(value, is_wrapped=True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            text.setContentsMargins(0, 0, 0, 8)
            self._shown += [label(title, role="small"), text]
        for shown in self._shown:
            self._column.insertWidget(self._column.count() - 1, shown)

    def text(self) -> str:
        return "\n".join(shown.text() for shown in self._shown)
