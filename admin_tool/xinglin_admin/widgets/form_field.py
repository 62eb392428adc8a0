"""A form field with its title above and, when the server refuses the value, the reason below."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from xinglin_admin.widgets.labels import label


class FormField(QWidget):
    def __init__(self, name: str, title: str, *content: QWidget) -> None:
        super().__init__()
        self._complaint = label(role="fieldError", name=f"error_{name}", is_wrapped=True)
        self._complaint.hide()
        above = label(title, role="heading")
        above.setBuddy(content[0])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (above, *content, self._complaint):
            column.addWidget(widget)

    def complain(self, message: str) -> None:
        """Show ``message``; an empty one takes the complaint away."""
        self._complaint.setText(message)
        self._complaint.setVisible(bool(message))
