"""A table that somebody sends, CSV or XLSX, as rows of texts; nothing in it is trusted."""

from __future__ import annotations

import contextlib
import csv
import io
from datetime import date, datetime
from typing import Any, BinaryIO
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from xinglin.api.files import FileRefused
from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin.api.tables import check_archive
from xinglin_documents.service.board.baseline import HEADINGS, ROWS_MAX

_ = translator("documents")

BYTES_MAX = 4 * 2**20
COLUMNS_MAX = 2 * len(HEADINGS)
ENCODINGS = ("utf-8-sig", "gb18030")
UNREADABLE = (BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, AttributeError, OSError)


class Unreadable(DomainError):
    """The file is no table."""

    def __init__(self) -> None:
        super().__init__(
            _("The file cannot be read as a table."),
            _("Save it as .xlsx without a password, or as CSV, and send it again."),
        )


def rows_of(stream: BinaryIO) -> list[list[str]]:
    """At most one row more than may be taken. Raises `DomainError`."""
    content = stream.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise DomainError(_("The file is larger than 4 MB."), _("Copy only the rows into a new file."))
    return _rows_of_workbook(content) if content.startswith(b"PK") else _rows_of_csv(content)


def _rows_of_csv(content: bytes) -> list[list[str]]:
    for encoding in ENCODINGS:
        with contextlib.suppress(UnicodeDecodeError):
            text = content.decode(encoding)
            break
    else:
        raise Unreadable
    if "\0" in text:
        raise Unreadable
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        return [row[:COLUMNS_MAX] for _number, row in zip(range(ROWS_MAX + 2), reader, strict=False)]
    except csv.Error as error:
        raise Unreadable from error


def _rows_of_workbook(content: bytes) -> list[list[str]]:
    try:
        check_archive(io.BytesIO(content), "xlsx")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
    except FileRefused as refused:
        raise DomainError(refused.message, refused.cure) from refused
    except UNREADABLE as error:
        raise Unreadable from error
    with contextlib.closing(book):
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        try:
            rows = sheet.iter_rows(max_row=ROWS_MAX + 2, max_col=COLUMNS_MAX)
            return [[_text(cell) for cell in row] for row in rows]
        except UNREADABLE as error:
            raise Unreadable from error


def _text(cell: Any) -> str:
    """What a person sees: Excel makes a date of `2025-11`, and a fraction of `30 %`."""
    value = cell.value
    if isinstance(value, datetime | date):
        return f"{value:%Y-%m}"
    if isinstance(value, float | int) and "%" in str(cell.number_format):
        return f"{value * 100:g}"
    if isinstance(value, float):
        return f"{value:.12g}"
    return "" if value is None else str(value)
