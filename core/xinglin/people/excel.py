"""The staff workbook: the template that we hand out, and reading one without trusting it."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation

from xinglin.api.i18n import translator
from xinglin.people import guard, tables
from xinglin.people.checks import BadValue
from xinglin.people.layout import DEPARTMENT_SHEET, NO, PERSON_SHEET, SHEETS, YES
from xinglin.people.problems import Problems
from xinglin.people.progress import Progress, scaled, silent

_ = translator("core")
ROWS_READ = 200_000
ROWS_FILLED = 60_000
EXACT_NUMBER = 10**15
TEXT_FORMAT = "@"
HEADER_FILL = PatternFill("solid", fgColor="DDEBF7")
UNREADABLE = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    SyntaxError,
    InvalidFileException,
    OSError,
)


def write_template(path: Path) -> None:
    """An empty workbook with the two sheets, hints on the headings, choices, and text format against lost zeros."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, columns in SHEETS.items():
        sheet = book.create_sheet(name)
        for number, column in enumerate((column for column in columns if not column.is_extra), 1):
            cell = sheet.cell(1, number, column.header)
            cell.font, cell.fill = Font(bold=column.is_required), HEADER_FILL
            if column.hint:
                cell.comment = Comment(column.hint, "杏林")
            letter = get_column_letter(number)
            sheet.column_dimensions[letter].width = 16
            sheet.column_dimensions[letter].number_format = TEXT_FORMAT
            if column.choices:
                choice = DataValidation(
                    type="list", formula1=f'"{",".join(column.choices)}"', allow_blank=True
                )
                choice.add(f"{letter}2:{letter}{ROWS_FILLED}")
                sheet.add_data_validation(choice)
        sheet.freeze_panes = "A2"
    book.save(path)


def read(path: Path, progress: Progress = silent) -> tables.StaffFile:
    """Read the sheets 部门 and 人员 (either may be missing), `progress` in 100 points.

    Cells that cannot be read are in the answer's `problems`. Raises `FileRefused` when the rows as a whole cannot.
    """
    problems = Problems()
    guard.check(path, problems)
    try:
        with path.open("rb") as stream, contextlib.closing(_Book(path, stream)) as book:
            found = _read_sheets(book, problems, progress)
    except UNREADABLE as error:
        raise problems.stop("", _("The workbook is damaged."), guard.CURE_SAVE_AGAIN) from error
    if not found:
        raise problems.stop(
            "",
            _(
                "The workbook has neither a sheet ${departments} nor a sheet ${people}.",
                mapping={"departments": DEPARTMENT_SHEET, "people": PERSON_SHEET},
            ),
            _("Use the template: xinglin people template FILE"),
        )
    by_name = {table.name: table for table, _notes in found}
    return tables.StaffFile(
        path.name,
        hashlib.sha256(path.read_bytes()).hexdigest(),
        by_name.get(DEPARTMENT_SHEET),
        by_name.get(PERSON_SHEET),
        tuple(note for _table, notes in found for note in notes),
        problems,
    )


class _Book:
    """An open workbook, read row by row; `parts` are the names of the sheets' files inside it.

    The caller opens the stream: the library would leave it open when reading stops half-way.
    """

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self.path = path
        self._reader = ExcelReader(stream, read_only=True, data_only=False, keep_links=False)
        self._reader.read()
        self.parts: dict[str, str] = {
            sheet.name: rel.target for sheet, rel in self._reader.parser.find_sheets()
        }

    def rows(self, sheet: str) -> Iterator[tuple[Any, ...]]:
        found = self._reader.wb[sheet]
        found.reset_dimensions()  # the size that the file claims is often wrong, and rows beyond it would be lost
        rows: Iterator[tuple[Any, ...]] = found.iter_rows(max_col=tables.COLUMNS_READ)
        return rows

    def close(self) -> None:
        self._reader.wb.close()


def _read_sheets(book: _Book, problems: Problems, progress: Progress) -> list[tuple[tables.Table, list[str]]]:
    names = [name for name in SHEETS if name in book.parts]
    merged = [_add_merged(book, name, problems) for name in names]
    step = scaled(progress, sum(guard.row_count(book.path, book.parts[name]) for name in names))
    found = [_read_sheet(book, name, problems, step) for name in names]
    if any(merged):  # the empty cells below a merged one would be taken for mistakes of their own
        problems.raise_any()
    return found


def _add_merged(book: _Book, name: str, problems: Problems) -> bool:
    ranges = guard.merged_ranges(book.path, book.parts[name])
    for merged in ranges:
        message = _("Merged cells: what is meant for each row is only in the first.")
        problems.add(f"{name}!{merged}", message, _("Unmerge them and fill in every cell."))
    return bool(ranges)


def _read_sheet(
    book: _Book, name: str, problems: Problems, progress: Progress
) -> tuple[tables.Table, list[str]]:
    rows = book.rows(name)
    texts = [_header_text(cell) for cell in next(rows, ())]
    header = tables.read_header(name, texts, problems)
    letters = header.letters
    found: list[tables.Row] = []
    for number, row in enumerate(rows, 2):
        if number > ROWS_READ or len(found) > ROWS_FILLED:
            raise problems.stop(
                f"{name}!A{number}",
                _("The sheet is too long."),
                _("Delete the empty rows below the last person."),
            )
        cells, unreadable = _texts(name, number, row, header, problems)
        if any(cells.values()):
            found.append(tables.Row(name, number, cells, letters, unreadable))
        progress(1)
    return tables.Table(name, frozenset(letters), tuple(found)), list(tables.notes_of(name, header))


def _header_text(cell: Any) -> str:
    return "" if cell.value is None else str(cell.value)


def _texts(
    sheet: str, number: int, row: tuple[Any, ...], header: tables.Header, problems: Problems
) -> tuple[dict[str, str], frozenset[str]]:
    texts = {}
    unreadable = set()
    for position, column in header.positions.items():
        cell = row[position] if position < len(row) else None
        try:
            texts[column.field] = "" if cell is None or cell.value is None else cell_text(cell)
        except BadValue as bad:
            problems.add(f"{sheet}!{get_column_letter(position + 1)}{number}", bad.message, bad.cure)
            texts[column.field] = ""
            unreadable.add(column.field)
    return texts, frozenset(unreadable)


def cell_text(cell: Any) -> str:
    """What a person sees in the cell. Raises `BadValue` for formulas, errors, dates and numbers that lost digits."""
    value = cell.value
    if cell.data_type == "f":
        raise BadValue(_("The cell holds a formula."), _("Copy the column and paste it as values."))
    if cell.data_type == "e":
        raise BadValue(
            _("The cell shows the error ${value}.", mapping={"value": str(value)}), _("Type the value.")
        )
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, int | float):
        return _number_text(value, cell.number_format)
    if isinstance(value, datetime | date | time | timedelta):
        raise BadValue(_("The cell holds a date."), _("Set the column to text and type the value again."))
    return str(value)


def _number_text(value: float, number_format: str) -> str:
    """A number without decimals; a format of zeros (00000) shows leading zeros, which belong to a staff number."""
    if value != int(value) or abs(value) >= EXACT_NUMBER:
        raise BadValue(
            _(
                "The cell holds the number ${value}, whose digits may be wrong.",
                mapping={"value": str(value)},
            ),
            _("Set the column to text and type the value again."),
        )
    text = str(int(value))
    return text.zfill(len(number_format)) if re.fullmatch("0+", number_format) else text
