"""Where the file goes and what it is for, asked before records leave the portal."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xinglin_admin.context import Context
from xinglin_admin.widgets.button import button
from xinglin_admin.widgets.form_field import FormField
from xinglin_admin.widgets.labels import label
from xinglin_admin.widgets.named import named

_LEAST_WIDTH = 460
_LONGEST_REASON = 200


class ExportDialog(QDialog):
    """``wanted`` carries the path and the reason."""

    wanted = Signal(str, str)

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("exportDialog")
        words, common = context.texts.audit, context.texts.common
        self.setWindowTitle(words.export)
        self.setMinimumWidth(_LEAST_WIDTH)
        self._reason = named(
            "exportReason", QLineEdit(placeholderText=words.reason_hint, maxLength=_LONGEST_REASON)
        )
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        name = f"audit-{context.today():%Y%m%d}.csv"
        self._path = named("exportPath", QLineEdit(str(Path(folder) / name)))
        self._save = button(words.export, "saveExport", self._on_save, role="primary")
        self._reason.textChanged.connect(lambda _text: self._check())
        self._path.textChanged.connect(lambda _text: self._check())
        path_row = QWidget()
        row = QHBoxLayout(path_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._path, 1)
        row.addWidget(button(words.browse, "browseButton", self._browse))
        column = QVBoxLayout(self)
        column.addWidget(label(words.export_hint, role="quiet", is_wrapped=True))
        column.addWidget(FormField("reason", words.reason, self._reason))
        column.addWidget(FormField("path", words.path, path_row))
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(button(common.cancel, "cancelExport", self.reject))
        buttons.addWidget(self._save)
        column.addLayout(buttons)
        self._check()

    def _check(self) -> None:
        self._save.setEnabled(bool(self._reason.text().strip() and self._path.text().strip()))

    def _browse(self) -> None:
        chooser = QFileDialog(self, self.windowTitle(), self._path.text(), "CSV (*.csv)")
        chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        chooser.fileSelected.connect(self._path.setText)
        chooser.open()

    def _on_save(self) -> None:
        self.accept()
        self.wanted.emit(self._path.text().strip(), self._reason.text().strip())
