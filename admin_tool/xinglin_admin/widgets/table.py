"""The tables of the pages: whole rows, quiet lines, columns remembered."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractItemModel
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from xinglin_admin.settings import Settings
from xinglin_admin.widgets.named import named
from xinglin_admin.widgets.tone_delegate import PillDelegate, ToneDelegate

_ROW_HEIGHT = 38
_STATE_WIDTH = 96


def table(
    name: str, model: QAbstractItemModel, settings: Settings, widths: list[int], wide: int
) -> QTableView:
    """``widths`` of all columns but the last, which shows the state; column ``wide`` takes the room that is left."""
    view = named(name, QTableView())
    view.setModel(model)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.setItemDelegate(ToneDelegate(view))
    view.setItemDelegateForColumn(model.columnCount() - 1, PillDelegate(view))
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
    _remember_columns(view.horizontalHeader(), name, settings, widths, wide)
    return view


def _remember_columns(
    header: QHeaderView, name: str, settings: Settings, widths: list[int], wide: int
) -> None:
    header.setHighlightSections(False)
    for column, width in enumerate([*widths, _STATE_WIDTH]):
        header.resizeSection(column, width)
    header.restoreState(settings.layout(name))
    header.setSectionResizeMode(wide, QHeaderView.ResizeMode.Stretch)

    def keep(*_sizes: Any) -> None:
        settings.keep_layout(name, header.saveState())

    header.sectionResized.connect(keep)
