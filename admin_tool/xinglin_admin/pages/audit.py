"""The audit trail: find records, look at one, check them, take them out with a reason."""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSplitter

from xinglin_admin.api.errors import NotSaved
from xinglin_admin.api.models import Role
from xinglin_admin.api.trail import AuditCheck, AuditQuery, AuditRecord, AuditRecords
from xinglin_admin.context import Context
from xinglin_admin.locale.texts import Texts
from xinglin_admin.models.grants import moment_text
from xinglin_admin.models.rows import ROW_ROLE, RowsModel
from xinglin_admin.models.trail import trail_columns, trail_facts
from xinglin_admin.pages.export_dialog import ExportDialog
from xinglin_admin.pages.page import Page
from xinglin_admin.theme import Tone
from xinglin_admin.widgets.button import button
from xinglin_admin.widgets.debounce import when_typing_pauses
from xinglin_admin.widgets.facts import FactsCard
from xinglin_admin.widgets.labels import label
from xinglin_admin.widgets.named import named
from xinglin_admin.widgets.table import table

PAGE_SIZE = 100
_NAMED = 3


class AuditPage(Page):
    nav_name = "navAudit"
    roles = frozenset({Role.AUDIT})

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        words = context.texts.audit
        self._asked = 0
        self._cursors: list[int | None] = [None]
        self._next_before: int | None = None
        self._is_last_check_known = False
        self._dialog: ExportDialog | None = None
        self._model: RowsModel[AuditRecord] = RowsModel(trail_columns(context.texts))
        self._days = self._days_box()
        self._actor = self._field("auditActor", words.actor_hint)
        self._action = self._field("auditAction", words.action_hint)
        self._object = self._field("auditObject", words.object_hint)
        self._table = table("auditTable", self._model, context.settings, [132, 70, 138, 110, 72], wide=3)
        self._table.selectionModel().selectionChanged.connect(self._on_selection)
        self._facts = FactsCard(words.detail, words.choose_row, "auditFacts")
        self._last_check = label(role="small", name="lastCheck")
        self._newer = button(words.newer, "newerButton", self._go_newer)
        self._older = button(words.older, "olderButton", self._go_older)
        self._lay_out()

    @staticmethod
    def title(texts: Texts) -> str:
        return texts.audit.title

    @staticmethod
    def subtitle(texts: Texts) -> str:
        return texts.audit.subtitle

    def refresh(self) -> None:
        """Only the newest question's answer is shown. Each question is itself a record, so nothing asks by itself."""
        self._asked += 1
        question = partial(self.context.client.audit, self._query(), PAGE_SIZE)
        self.load(question, partial(self._show, self._asked), self.refresh)
        if not self._is_last_check_known:
            self.load(self.context.client.last_audit_check, self._show_last_check)

    def focus_filter(self) -> None:
        self._actor.setFocus()
        self._actor.selectAll()

    def suspend(self) -> None:
        if self._dialog is not None:
            self._dialog.hide()

    def resume(self) -> None:
        if self._dialog is not None:
            self._dialog.open()

    def _query(self) -> AuditQuery:
        days = self._days.currentData()
        since = None
        if days is not None:
            first = self.context.today() - dt.timedelta(days=days)
            since = dt.datetime.combine(first, dt.time.min).astimezone()
        actor, action, object_ = (field.text().strip() for field in (self._actor, self._action, self._object))
        return AuditQuery(since, actor, action, object_, self._cursors[-1])

    def _from_start(self) -> None:
        self._cursors = [None]
        self.refresh()

    def _go_older(self) -> None:
        self._cursors.append(self._next_before)
        self.refresh()

    def _go_newer(self) -> None:
        self._cursors.pop()
        self.refresh()

    def _show(self, question: int, found: AuditRecords) -> None:
        if question != self._asked:
            return
        self._next_before = found.next_before
        self._newer.setEnabled(len(self._cursors) > 1)
        self._older.setEnabled(found.next_before is not None)
        self._model.show(found.records)
        self._on_selection()
        changed = sum(not record.is_intact for record in found.records)
        if changed:
            self.notice.say(self.context.texts.audit.alarm.format(count=changed), Tone.BAD)

    def _on_selection(self) -> None:
        rows = self._table.selectionModel().selectedRows()
        record: AuditRecord | None = rows[0].data(ROW_ROLE) if rows else None
        self._facts.show_facts(trail_facts(record, self.context.texts) if record else ())

    def _check(self) -> None:
        self.load(self.context.client.check_audit, self._on_checked, self._check)

    def _on_checked(self, check: AuditCheck) -> None:
        words = self.context.texts.audit
        if not check.bad_count:
            self.notice.say(words.checked_good.format(count=check.checked))
            return
        named = "; ".join(f"{number}: {reason}" for number, reason in check.bad[:_NAMED])
        sentence = words.checked_bad.format(count=check.checked, bad=check.bad_count, named=named)
        self.notice.say(sentence, Tone.BAD)

    def _show_last_check(self, check: AuditCheck | None) -> None:
        words = self.context.texts.audit
        self._is_last_check_known = True
        if check is None:
            self._last_check.setText(words.never_checked)
            return
        at = moment_text(check.at, self.context.texts)
        sentence = words.last_check.format(at=at, by=check.by, count=check.checked, bad=check.bad_count)
        self._last_check.setText(sentence)

    def _open_export(self) -> None:
        dialog = ExportDialog(self.context, self)
        dialog.wanted.connect(self._export)
        dialog.finished.connect(self._on_dialog_closed)
        self._dialog = dialog
        dialog.open()

    def _on_dialog_closed(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None

    def _export(self, path: str, reason: str) -> None:
        query = dataclasses.replace(self._query(), before=None)

        def save() -> None:
            text = self.context.client.export_audit(query, reason)
            try:
                Path(path).write_bytes(text.encode("utf-8"))
            except OSError as error:
                raise NotSaved(path, error.strerror or type(error).__name__) from error

        said = self.context.texts.audit.exported.format(path=path)
        self.load(save, lambda _nothing: self.notice.say(said), lambda: self._export(path, reason))

    def _field(self, name: str, hint: str) -> QLineEdit:
        field = named(name, QLineEdit(placeholderText=hint, maxLength=64))
        field.setClearButtonEnabled(True)
        field.setAccessibleName(hint)
        when_typing_pauses(field, self._from_start)
        return field

    def _days_box(self) -> QComboBox:
        words = self.context.texts.audit
        box = named("auditDays", QComboBox())
        for title, days in ((words.today, 0), (words.week, 6), (words.month, 29), (words.ever, None)):
            box.addItem(title, days)
        box.setCurrentIndex(1)
        box.currentIndexChanged.connect(lambda _index: self._from_start())
        return box

    def _lay_out(self) -> None:
        texts = self.context.texts
        self.actions_row.addWidget(button(texts.audit.check, "checkButton", self._check))
        self.actions_row.addWidget(
            button(texts.audit.export, "exportButton", self._open_export, role="primary")
        )
        bar = QHBoxLayout()
        bar.addWidget(self._days)
        for field in (self._actor, self._action, self._object):
            bar.addWidget(field, 1)
        bar.addWidget(
            button(texts.common.refresh, "refreshAudit", self._from_start, tip=texts.common.refresh_tip)
        )
        self.body.addLayout(bar)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(12)
        split.addWidget(self._table)
        split.addWidget(self._facts)
        split.setStretchFactor(0, 1)
        split.setSizes([620, 230])
        split.setChildrenCollapsible(False)
        self.body.addWidget(split, 1)
        foot = QHBoxLayout()
        foot.addWidget(self._last_check, 1)
        foot.addWidget(self._newer)
        foot.addWidget(self._older)
        self.body.addLayout(foot)
