"""The list of grants: filter, look who gave one and when, give a new one, revoke."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSplitter

from xinglin_admin.api.models import Grant, Grants, GrantState, Role
from xinglin_admin.context import Context
from xinglin_admin.locale.texts import Texts
from xinglin_admin.models.grants import grant_columns
from xinglin_admin.models.rows import ROW_ROLE, RowsModel
from xinglin_admin.pages.grant_dialog import GrantDialog
from xinglin_admin.pages.grant_facts import grant_facts
from xinglin_admin.pages.page import Page
from xinglin_admin.widgets.button import button
from xinglin_admin.widgets.confirmation import ask
from xinglin_admin.widgets.debounce import when_typing_pauses
from xinglin_admin.widgets.facts import FactsCard
from xinglin_admin.widgets.named import named
from xinglin_admin.widgets.pager import Pager
from xinglin_admin.widgets.table import table

PAGE_SIZE = 50
_ALL = "all"


class GrantsPage(Page):
    nav_name = "navGrants"
    roles = frozenset({Role.SYSTEM, Role.AUDIT})

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        words = context.texts.grants
        self._dialog: GrantDialog | None = None
        self._asked = 0
        self._model: RowsModel[Grant] = RowsModel(grant_columns(context.texts, context.today))
        self._filter = named("grantFilter", QLineEdit(placeholderText=words.filter_hint, maxLength=100))
        self._filter.setClearButtonEnabled(True)
        when_typing_pauses(self._filter, self._from_start)
        self._state = self._state_box()
        self._table = table("grantTable", self._model, context.settings, [84, 96, 190, 100], wide=2)
        self._table.selectionModel().selectionChanged.connect(self._on_selection)
        self._facts = FactsCard(words.detail, words.choose_row, "grantFacts")
        self._pager = Pager(words, PAGE_SIZE)
        self._pager.turned.connect(self.refresh)
        self._revoke = button(words.revoke, "revokeButton", self._ask_to_revoke, role="danger")
        self._revoke.setEnabled(False)
        self._may_change = context.administrator.role is Role.SYSTEM
        self._lay_out()

    @staticmethod
    def title(texts: Texts) -> str:
        return texts.grants.title

    @staticmethod
    def subtitle(texts: Texts) -> str:
        return texts.grants.subtitle

    def refresh(self) -> None:
        """Only the newest question's answer is shown: an older one may come in later."""
        self._asked += 1
        question = partial(
            self.context.client.grants,
            self._state.currentData(),
            self._filter.text().strip(),
            PAGE_SIZE,
            self._pager.offset,
        )
        self.load(question, partial(self._show, self._asked), self.refresh)

    def focus_filter(self) -> None:
        self._filter.setFocus()
        self._filter.selectAll()

    def suspend(self) -> None:
        if self._dialog is not None:
            self._dialog.hide()

    def resume(self) -> None:
        if self._dialog is not None:
            self._dialog.open()

    def _from_start(self) -> None:
        self._pager.offset = 0
        self.refresh()

    def _show(self, question: int, found: Grants) -> None:
        if question != self._asked:
            return
        if not found.grants and self._pager.offset > 0:
            self._from_start()
            return
        self._model.show(found.grants)
        self._pager.show_total(len(found.grants), found.total)
        self._on_selection()

    def _selected(self) -> Grant | None:
        rows = self._table.selectionModel().selectedRows()
        return rows[0].data(ROW_ROLE) if rows else None

    def _on_selection(self) -> None:
        grant = self._selected()
        self._revoke.setEnabled(grant is not None and grant.state is GrantState.ACTIVE)
        self._facts.show_facts(grant_facts(grant, self.context.texts, self.context.today()) if grant else ())

    def _ask_to_revoke(self) -> None:
        grant, words = self._selected(), self.context.texts.grants
        if grant is None:
            return
        question = words.revoke_question.format(person=grant.person_name, permission=grant.permission_title)
        ask(
            self,
            title=words.revoke_title,
            question=question,
            consequence=words.revoke_consequence,
            yes=words.revoke,
            no=self.context.texts.common.cancel,
            act=lambda: self._revoke_now(grant),
        )

    def _revoke_now(self, grant: Grant) -> None:
        self.load(
            lambda: self.context.client.revoke_grant(grant.id),
            lambda _nothing: self._on_changed(self.context.texts.grants.revoked_now, grant),
            lambda: self._revoke_now(grant),
        )

    def _on_changed(self, sentence: str, grant: Grant) -> None:
        self.notice.say(sentence.format(person=grant.person_name, permission=grant.permission_title))
        self.refresh()

    def _open_dialog(self) -> None:
        self.notice.hide()
        dialog = GrantDialog(self.context, self)
        dialog.granted.connect(lambda grant: self._on_changed(self.context.texts.grants.granted_now, grant))
        dialog.finished.connect(self._on_dialog_closed)
        self._dialog = dialog
        dialog.open()

    def _on_dialog_closed(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None

    def _state_box(self) -> QComboBox:
        words = self.context.texts.grants
        box = named("grantState", QComboBox())
        for title, state in (
            (words.state_active, GrantState.ACTIVE.value),
            (words.state_expired, GrantState.EXPIRED.value),
            (words.state_revoked, GrantState.REVOKED.value),
            (words.state_all, _ALL),
        ):
            box.addItem(title, state)
        box.currentIndexChanged.connect(lambda _index: self._from_start())
        return box

    def _lay_out(self) -> None:
        texts = self.context.texts
        new = button(texts.grants.new, "newGrantButton", self._open_dialog, role="primary")
        self.actions_row.addWidget(new)
        refresh = button(texts.common.refresh, "refreshGrants", self.refresh, tip=texts.common.refresh_tip)
        bar = QHBoxLayout()
        bar.addWidget(self._filter, 1)
        for widget in (self._state, refresh, self._revoke):
            bar.addWidget(widget)
        self.body.addLayout(bar)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(12)
        split.addWidget(self._table)
        split.addWidget(self._facts)
        split.setStretchFactor(0, 1)
        split.setSizes([590, 260])
        split.setChildrenCollapsible(False)
        self.body.addWidget(split, 1)
        self.body.addWidget(self._pager)
        for changing in (new, self._revoke):
            changing.setHidden(not self._may_change)
