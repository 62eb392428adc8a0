"""Find a person while typing and choose one."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QListView, QVBoxLayout, QWidget

from xinglin_admin import background
from xinglin_admin.api.errors import ApiError
from xinglin_admin.api.models import People, Person
from xinglin_admin.context import Context
from xinglin_admin.models.people import is_active, person_columns
from xinglin_admin.models.rows import ROW_ROLE, RowsModel
from xinglin_admin.widgets.debounce import when_typing_pauses
from xinglin_admin.widgets.labels import label
from xinglin_admin.widgets.named import named

LIMIT = 20


class PersonPicker(QWidget):
    """``failed`` carries an `ApiError`; `search` tries again."""

    chosen = Signal()
    failed = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._wanted = ""
        words = context.texts.dialog
        self.field = named("personSearch", QLineEdit(placeholderText=words.person_hint, maxLength=100))
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName(words.person)
        when_typing_pauses(self.field, self.search)
        self._model: RowsModel[Person] = RowsModel(person_columns(context.texts), is_usable=is_active)
        self._list = named("personResults", QListView(uniformItemSizes=True))
        self._list.setModel(self._model)
        self._list.setAccessibleName(words.person)
        self._list.selectionModel().selectionChanged.connect(self._on_selection)
        self._found = label(role="small", name="peopleFound")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.field)
        column.addWidget(self._list, 1)
        column.addWidget(self._found)

    def person(self) -> Person | None:
        rows = self._list.selectionModel().selectedIndexes()
        return rows[0].data(ROW_ROLE) if rows else None

    def search(self) -> None:
        text = self._wanted = self.field.text().strip()
        if not text:
            self._show(text, People((), 0))
            return
        background.run(partial(self._context.client.people, text, LIMIT), owner=self).success(
            partial(self._show, text)
        ).failure(partial(self._explain, text))

    def _on_selection(self) -> None:
        self.chosen.emit()

    def _show(self, text: str, found: People) -> None:
        """An answer to text that was typed before is dropped."""
        if text != self._wanted:
            return
        words = self._context.texts.dialog
        self._model.show(found.people)
        counts = words.people_found.format(total=found.total, shown=len(found.people))
        self._found.setText((counts if found.people else words.nobody_found) if text else "")
        if len(found.people) == 1 and is_active(found.people[0]):
            self._list.setCurrentIndex(self._model.index(0, 0))
        self.chosen.emit()

    def _explain(self, text: str, error: ApiError) -> None:
        if text == self._wanted:
            self.failed.emit(error)
