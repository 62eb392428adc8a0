"""Tick departments in the organisation tree."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QTreeView, QVBoxLayout, QWidget

from xinglin_admin.api.models import Department
from xinglin_admin.locale.texts import Texts
from xinglin_admin.models.departments import DepartmentTreeModel
from xinglin_admin.widgets.labels import label
from xinglin_admin.widgets.named import named


class DepartmentPicker(QWidget):
    ticked = Signal()

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._words = texts.dialog
        self.model = DepartmentTreeModel(texts)
        self.model.ticked.connect(self.ticked)
        self._shown = QSortFilterProxyModel(self, recursiveFilteringEnabled=True)
        self._shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._shown.setSourceModel(self.model)
        self._filter = named("departmentFilter", QLineEdit(placeholderText=self._words.department_filter))
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(self._on_filter)
        self._tree = named("departmentTree", QTreeView(headerHidden=True, uniformRowHeights=True))
        self._tree.setAccessibleName(self._words.departments)
        self._tree.setModel(self._shown)
        self._hint = label(role="small", is_wrapped=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._filter)
        column.addWidget(self._tree, 1)
        column.addWidget(self._hint)
        self.set_used(is_used=True)

    def show_departments(self, departments: Sequence[Department]) -> None:
        self.model.show(departments)
        self._tree.expandToDepth(0)

    def chosen(self) -> tuple[Department, ...]:
        return self.model.chosen() if self._tree.isEnabled() else ()

    def set_used(self, *, is_used: bool) -> None:
        """Ticks are kept while unused, in case the permission is changed back."""
        self._tree.setEnabled(is_used)
        self._filter.setEnabled(is_used)
        self._hint.setText(self._words.departments_hint if is_used else self._words.departments_unused)

    def _on_filter(self, text: str) -> None:
        self._shown.setFilterFixedString(text.strip())
        if text.strip():
            self._tree.expandAll()
