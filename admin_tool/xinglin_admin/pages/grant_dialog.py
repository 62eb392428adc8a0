"""Giving a new grant."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QDate, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateEdit,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from xinglin_admin import background
from xinglin_admin.api import errors
from xinglin_admin.api.models import Department, Grant, GrantRequest, Permission
from xinglin_admin.context import Context
from xinglin_admin.pages.grant_draft import GrantDraft
from xinglin_admin.widgets.banner import ErrorBanner
from xinglin_admin.widgets.button import button
from xinglin_admin.widgets.department_picker import DepartmentPicker
from xinglin_admin.widgets.form_field import FormField
from xinglin_admin.widgets.labels import label
from xinglin_admin.widgets.named import named
from xinglin_admin.widgets.person_picker import PersonPicker

_SIZE = (900, 640)
_USUAL_YEARS = 1


class GrantDialog(QDialog):
    """``granted`` carries the new `Grant`. Stays usable over a renewed session."""

    granted = Signal(object)

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("grantDialog")
        self._context = context
        self._words = context.texts.dialog
        self._attempt: tuple[GrantRequest, uuid.UUID] | None = None
        self.banner = ErrorBanner(context.texts)
        self._person = PersonPicker(context)
        self._person.chosen.connect(self._on_changed)
        self._person.failed.connect(lambda error: self._explain(error, self._person.search))
        self._permission = named("permissionBox", QComboBox())
        self._permission.currentIndexChanged.connect(self._on_permission)
        self._object = named("objectBox", QComboBox())
        self._object.currentIndexChanged.connect(self._on_changed)
        self._departments = DepartmentPicker(context.texts)
        self._departments.ticked.connect(self._on_changed)
        self._last_day = _date_field(context.today())
        self._last_day.dateChanged.connect(self._on_changed)
        self._no_end = named("noExpiryBox", QCheckBox(self._words.no_expiry))
        self._no_end.toggled.connect(self._on_no_end)
        self._pass_on = named("passOnBox", QCheckBox(self._words.hand_on))
        self._pass_on.toggled.connect(self._on_changed)
        self._summary = label(name="grantSummary", is_wrapped=True)
        self._save = button(self._words.save, "saveGrantButton", self._on_save, role="primary")
        self._save.setDefault(True)
        self._permission_summary = label(role="small", is_wrapped=True)
        self._fields = self._named_fields()
        self._lay_out()
        self._on_permission()
        self._load_choices()

    def draft(self) -> GrantDraft:
        permission = self._permission.currentData()
        has_object = permission is not None and permission.has_object
        day = self._last_day.date()
        return GrantDraft(
            person=self._person.person(),
            permission=permission,
            object=self._object.currentData() if has_object else None,
            departments=self._departments.chosen(),
            last_day=None if self._no_end.isChecked() else dt.date(day.year(), day.month(), day.day()),
            can_pass_on=self._pass_on.isChecked(),
        )

    def _load_choices(self) -> None:
        client = self._context.client
        retry = self._load_choices
        background.run(client.permissions, owner=self).success(self._show_permissions).failure(
            lambda error: self._explain(error, retry)
        )
        background.run(client.departments, owner=self).success(self._show_departments).failure(
            lambda error: self._explain(error, retry)
        )

    def _show_permissions(self, permissions: tuple[Permission, ...]) -> None:
        _fill(self._permission, self._words.choose_permission, [(item.title, item) for item in permissions])
        self._on_permission()

    def _show_departments(self, departments: tuple[Department, ...]) -> None:
        self._departments.show_departments(departments)
        self._on_changed()

    def _on_permission(self) -> None:
        permission = self._permission.currentData()
        objects = permission.objects if permission else ()
        _fill(self._object, self._words.choose_object, [(item.title, item) for item in objects])
        self._fields["object"].setVisible(permission is not None and permission.has_object)
        self._departments.set_used(is_used=permission is None or permission.has_departments)
        self._permission_summary.setText(permission.summary if permission else "")
        self._on_changed()

    def _on_no_end(self, checked: bool) -> None:
        self._last_day.setEnabled(not checked)
        self._on_changed()

    def _on_changed(self) -> None:
        draft = self.draft()
        is_complete = not draft.missing(self._context.texts)
        self._summary.setText(draft.sentence(self._context.texts))
        self._summary.setProperty("complete", "true" if is_complete else "false")
        self._summary.style().unpolish(self._summary)
        self._summary.style().polish(self._summary)
        self._save.setEnabled(is_complete)

    def _on_save(self) -> None:
        self._clear_messages()
        self._save.setEnabled(False)
        self._save.setText(self._words.saving)
        request = self.draft().request()
        operation = partial(self._context.client.create_grant, request, self._key_of(request))
        background.run(operation, owner=self).success(self._on_granted).failure(self._on_refused)

    def _key_of(self, request: GrantRequest) -> uuid.UUID:
        """The same key as long as the same thing is asked for, so that trying again never grants twice."""
        if self._attempt is None or self._attempt[0] != request:
            self._attempt = (request, uuid.uuid4())
        return self._attempt[1]

    def _on_granted(self, grant: Grant) -> None:
        self.granted.emit(grant)
        self.accept()

    def _on_refused(self, error: errors.ApiError) -> None:
        self._save.setText(self._words.save)
        self._on_changed()
        if isinstance(error, errors.InvalidFields):
            error = self._mark_fields(error)
        self._explain(error, None if isinstance(error, errors.Refusal) else self._on_save)

    def _mark_fields(self, error: errors.InvalidFields) -> errors.InvalidFields:
        """Put each message below its field; what remains has no field here and belongs into the banner."""
        for item in error.errors:
            if item.field in self._fields:
                self._fields[item.field].complain(item.message)
        rest = tuple(item for item in error.errors if item.field not in self._fields)
        return errors.InvalidFields(error.detail, rest)

    def _explain(self, error: errors.ApiError, retry: Callable[[], None] | None) -> None:
        if isinstance(error, errors.SessionEnded):
            self._context.session.ended.emit(error.detail)
        else:
            self.banner.explain(error, retry)

    def _clear_messages(self) -> None:
        self.banner.hide()
        for field in self._fields.values():
            field.complain("")

    def _named_fields(self) -> dict[str, FormField]:
        """By the names that the contract's 422 uses."""
        words = self._words
        return {
            "person_id": FormField("person_id", words.person, self._person),
            "permission": FormField(
                "permission", words.permission, self._permission, self._permission_summary
            ),
            "object": FormField("object", words.object, self._object),
            "expires_on": FormField(
                "expires_on", words.expiry, self._expiry_row(), label(words.expiry_hint, role="small")
            ),
            "department_ids": FormField("department_ids", words.departments, self._departments),
        }

    def _expiry_row(self) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self._last_day, 1)
        line.addWidget(self._no_end)
        return row

    def _lay_out(self) -> None:
        self.setWindowTitle(self._words.title)
        self.resize(*_SIZE)
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self._fields["person_id"], 1)
        for name in ("permission", "object", "expires_on"):
            left.addWidget(self._fields[name])
        left.addWidget(self._pass_on)
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.addLayout(left, 0, 0)
        grid.addWidget(self._fields["department_ids"], 0, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        cancel = button(self._context.texts.common.cancel, "cancelGrantButton", self.reject)
        cancel.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(cancel)
        buttons.addWidget(self._save)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(self.banner)
        column.addLayout(grid, 1)
        column.addWidget(self._summary)
        column.addLayout(buttons)
        self._person.field.setFocus()


def _date_field(today: dt.date) -> QDateEdit:
    first = QDate(today.year, today.month, today.day)
    field = named("expiryDate", QDateEdit(first.addYears(_USUAL_YEARS)))
    field.setCalendarPopup(True)
    field.setMinimumDate(first)
    field.setDisplayFormat("yyyy-MM-dd")
    return field


def _fill(box: QComboBox, first: str, items: list[tuple[str, object]]) -> None:
    """Replace the choices; the first one means that nothing is chosen."""
    was_blocked = box.blockSignals(True)
    box.clear()
    box.addItem(first, None)
    for title, item in items:
        box.addItem(title, item)
    box.blockSignals(was_blocked)
