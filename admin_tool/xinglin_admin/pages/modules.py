"""The portal's modules and what is wrong with the quarantined ones."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSplitter

from xinglin_admin.api.models import Module, ModuleState, Role
from xinglin_admin.context import Context
from xinglin_admin.locale.texts import Texts
from xinglin_admin.models.modules import module_columns, module_state_text
from xinglin_admin.models.rows import ROW_ROLE, RowsModel
from xinglin_admin.pages.page import Page
from xinglin_admin.theme import Tone
from xinglin_admin.widgets.button import button
from xinglin_admin.widgets.facts import FactsCard
from xinglin_admin.widgets.labels import label
from xinglin_admin.widgets.named import named
from xinglin_admin.widgets.table import table


class ModulesPage(Page):
    nav_name = "navModules"
    roles = frozenset({Role.SYSTEM})

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        words = context.texts.modules
        self._model: RowsModel[Module] = RowsModel(module_columns(context.texts))
        self._shown = QSortFilterProxyModel(self, filterKeyColumn=-1)
        self._shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._shown.setSourceModel(self._model)
        self._filter = named("moduleFilter", QLineEdit(placeholderText=words.filter_hint))
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(self._shown.setFilterFixedString)
        self._table = table("modulesTable", self._shown, context.settings, [150, 130, 90, 110], wide=0)
        self._table.selectionModel().selectionChanged.connect(self._on_selection)
        self._facts = FactsCard(words.detail, words.choose_row, "moduleFacts")
        self._counts = label(role="small", name="moduleCounts")
        self._lay_out()

    @staticmethod
    def title(texts: Texts) -> str:
        return texts.modules.title

    @staticmethod
    def subtitle(texts: Texts) -> str:
        return texts.modules.subtitle

    def refresh(self) -> None:
        self.load(self.context.client.modules, self._show, self.refresh)

    def focus_filter(self) -> None:
        self._filter.setFocus()
        self._filter.selectAll()

    def _show(self, modules: tuple[Module, ...]) -> None:
        words = self.context.texts.modules
        faulty_first = sorted(modules, key=lambda module: module.state is not ModuleState.QUARANTINED)
        counts = Counter(module.state for module in modules)
        faulty = counts[ModuleState.QUARANTINED]
        self._model.show(faulty_first)
        self._counts.setText(
            words.counts.format(total=len(modules), **{state.value: counts[state] for state in ModuleState})
        )
        self.notice.setVisible(faulty > 0)
        if faulty:
            self.notice.say(words.alarm.format(count=faulty), Tone.WARNING)
        if faulty and not self._filter.text():
            self._table.selectRow(0)

    def _on_selection(self) -> None:
        rows = self._table.selectionModel().selectedRows()
        module = rows[0].data(ROW_ROLE) if rows else None
        self._facts.show_facts(_facts(module, self.context.texts) if module else ())

    def _lay_out(self) -> None:
        texts = self.context.texts
        refresh = button(texts.common.refresh, "refreshModules", self.refresh, tip=texts.common.refresh_tip)
        bar = QHBoxLayout()
        bar.addWidget(self._filter, 1)
        bar.addWidget(refresh)
        self.body.addLayout(bar)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(12)
        split.addWidget(self._table)
        split.addWidget(self._facts)
        split.setStretchFactor(0, 1)
        split.setSizes([560, 290])
        split.setChildrenCollapsible(False)
        self.body.addWidget(split, 1)
        self.body.addWidget(self._counts)


def _facts(module: Module, texts: Texts) -> list[tuple[str, str]]:
    words = texts.modules
    facts = [
        (words.module, f"{module.title} · {module.name} {module.version}"),
        (words.state, module_state_text(module, texts)),
        (words.error, module.error or ""),
        (words.cure, module.cure or ""),
        (words.summary, module.summary),
    ]
    return [(title, value) for title, value in facts if value]
