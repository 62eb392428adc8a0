"""The accounts of administrators: who holds which role, and letting one in again who was locked out."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout

from xinglin_admin.api.models import Role
from xinglin_admin.api.protection import Account
from xinglin_admin.context import Context
from xinglin_admin.locale.texts import Texts
from xinglin_admin.models.protection import account_columns
from xinglin_admin.models.rows import ROW_ROLE, RowsModel
from xinglin_admin.pages.page import Page
from xinglin_admin.theme import Tone
from xinglin_admin.widgets.button import button
from xinglin_admin.widgets.table import table


class AccountsPage(Page):
    nav_name = "navAccounts"
    roles = frozenset({Role.SECURITY, Role.AUDIT})

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        words = context.texts.accounts
        self._model: RowsModel[Account] = RowsModel(account_columns(context.texts))
        self._table = table("accountTable", self._model, context.settings, [120, 120, 110, 130, 150], wide=1)
        self._table.selectionModel().selectionChanged.connect(self._on_selection)
        self._unlock = button(words.unlock, "unlockButton", self._on_unlock)
        self._unlock.setEnabled(False)
        bar = QHBoxLayout()
        bar.addStretch()
        texts = context.texts.common
        bar.addWidget(button(texts.refresh, "refreshAccounts", self.refresh, tip=texts.refresh_tip))
        bar.addWidget(self._unlock)
        self.body.addLayout(bar)
        self.body.addWidget(self._table, 1)
        self._unlock.setHidden(context.administrator.role is not Role.SECURITY)

    @staticmethod
    def title(texts: Texts) -> str:
        return texts.accounts.title

    @staticmethod
    def subtitle(texts: Texts) -> str:
        return texts.accounts.subtitle

    def refresh(self) -> None:
        self.load(self.context.client.accounts, self._show, self.refresh)

    def focus_filter(self) -> None:
        self._table.setFocus()

    def _show(self, accounts: tuple[Account, ...]) -> None:
        self._model.show(accounts)
        self._on_selection()
        changed = [account.login for account in accounts if not account.is_intact]
        if changed:
            texts = self.context.texts
            names = texts.common.list_separator.join(changed)
            self.notice.say(texts.accounts.alarm.format(names=names), Tone.BAD)

    def _selected(self) -> Account | None:
        rows = self._table.selectionModel().selectedRows()
        return rows[0].data(ROW_ROLE) if rows else None

    def _on_selection(self) -> None:
        self._unlock.setEnabled(self._selected() is not None)

    def _on_unlock(self) -> None:
        account = self._selected()
        if account is None:
            return
        said = self.context.texts.accounts.unlocked.format(login=account.login)
        self.load(lambda: self.context.client.unlock(account.id), lambda _nothing: self.notice.say(said))
