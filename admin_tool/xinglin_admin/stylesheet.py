"""The style sheet: shapes, spacing and type sizes. Colours come from ``theme.py``."""

from __future__ import annotations

import importlib.resources
import string
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xinglin_admin.theme import Colours

_SHEET = string.Template("""
QLabel#pageTitle { font-size: 18pt; font-weight: 600; }
QLabel#pageSubtitle, QLabel[role="quiet"] { color: $quiet; }
QLabel[role="small"] { color: $quiet; font-size: 9.5pt; }
QLabel[role="heading"] { font-weight: 600; }
QLabel[role="fieldError"] { color: $bad; font-size: 9.5pt; }

QFrame#facts { background: transparent; }
QFrame[role="card"] { background: $surface; border: 1px solid $line; border-radius: 8px; }
QFrame#errorBanner { background: $bad_soft; border: 1px solid $bad; border-radius: 6px; }
QFrame#errorBanner QLabel { color: $bad; }
QFrame#noticeBar { background: $accent_soft; border: 1px solid $accent; border-radius: 6px; }
QFrame#noticeBar[tone="warning"] { background: $warning_soft; border-color: $warning; }
QFrame#noticeBar[tone="warning"] QLabel { color: $warning; }
QFrame#noticeBar[tone="bad"] { background: $bad_soft; border-color: $bad; }
QFrame#noticeBar[tone="bad"] QLabel { color: $bad; }
QLabel#grantSummary { background: $accent_soft; border-radius: 6px; padding: 10px 12px; }
QLabel#grantSummary[complete="false"] { background: $quiet_soft; color: $quiet; }

QWidget#sideBar { background: $side; border-right: 1px solid $line; }
QWidget#sideBar QLabel { padding-left: 11px; }
QWidget#sideBar QLabel#brandPicture, QWidget#sideBar QLabel#brandName { padding-left: 0; }
QWidget#sideBar QPushButton { border: none; background: transparent; text-align: left;
    padding: 9px 14px; border-radius: 6px; }
QWidget#sideBar QPushButton:hover { background: $quiet_soft; }
QWidget#sideBar QPushButton:checked { background: $accent_soft; color: $accent; font-weight: 600; }
QWidget#sideBar QPushButton:focus { border: 1px solid $accent; }

QPushButton { background: $surface; border: 1px solid $line; border-radius: 6px; padding: 6px 14px; }
QPushButton:hover { background: $quiet_soft; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $quiet; background: $window; }
QPushButton[role="primary"] { background: $accent; color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton[role="primary"]:hover, QPushButton[role="primary"]:focus { background: $accent_hover; }
QPushButton[role="primary"]:disabled { background: $quiet_soft; color: $quiet; border-color: $line; }
QPushButton[role="danger"] { color: $bad; }
QPushButton[role="danger"]:enabled { border-color: $bad; }
QPushButton[role="danger"]:hover { background: $bad_soft; }
QPushButton[role="danger"]:disabled { color: $quiet; }

QLineEdit { background: $surface; border: 1px solid $line; border-radius: 6px; padding: 6px 9px;
    selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus { border-color: $accent; }
QComboBox, QDateEdit { background: $surface; border: 1px solid $line; border-radius: 6px; padding: 6px 9px; }
QComboBox:focus, QDateEdit:focus { border-color: $accent; }
QComboBox:disabled, QDateEdit:disabled { background: $window; color: $quiet; }
QComboBox::drop-down, QDateEdit::drop-down { border: none; width: 26px; }
QComboBox::down-arrow, QDateEdit::down-arrow { image: url("$static/chevron.svg"); width: 14px; height: 14px; }
QComboBox QAbstractItemView { background: $surface; border: 1px solid $line; outline: none; padding: 4px; }
QTreeView::indicator, QCheckBox::indicator { width: 15px; height: 15px; border: 1px solid $quiet;
    border-radius: 4px; background: $surface; }
QTreeView::indicator:checked, QCheckBox::indicator:checked { background: $accent; border-color: $accent;
    image: url("$static/$tick"); }
QTreeView::indicator:checked:disabled { background: $accent_soft; border-color: $accent_soft;
    image: url("$static/dash.svg"); }
QTreeView::indicator:indeterminate { border-color: $accent; image: url("$static/dash.svg"); }
QTreeView:disabled, QLineEdit:disabled { background: $window; color: $quiet; }

QTableView, QTreeView, QListView { background: $surface; border: 1px solid $line; border-radius: 8px;
    outline: none; }
QTableView::item { padding: 0 8px; border-bottom: 1px solid $line; }
QTableView::item:selected, QListView::item:selected, QTreeView::item:selected {
    background: $accent_soft; }
QListView::item { padding: 5px 8px; }
QTreeView::item { padding: 3px 0; }
QHeaderView { background: transparent; }
QHeaderView::section { background: transparent; color: $quiet; border: none; border-bottom: 1px solid $line;
    padding: 8px 11px; font-weight: 600; }
QSplitter::handle { background: transparent; }
QProgressBar#busyBar { border: none; background: transparent; max-height: 3px; min-height: 3px; }
QProgressBar#busyBar::chunk { background: $accent; }
QScrollBar:vertical { background: transparent; width: 10px; }
QScrollBar::handle:vertical { background: $line; border-radius: 5px; min-height: 32px; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; width: 0; }
QToolTip { background: $surface; color: $text; border: 1px solid $line; padding: 4px; }
""")


def stylesheet(colours: Colours) -> str:
    static = importlib.resources.files("xinglin_admin").joinpath("static")
    return _SHEET.substitute(asdict(colours), static=Path(str(static)).as_posix())
