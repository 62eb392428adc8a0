"""One CSV of people, as older systems export it: UTF-8, or GB18030 when it is not that."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

from xinglin.api.i18n import translator
from xinglin.people import guard, tables
from xinglin.people.layout import PERSON_SHEET
from xinglin.people.problems import Problems

_ = translator("core")
ENCODINGS = {"utf-8-sig": "UTF-8", "gb18030": "GBK / GB18030"}


def read(path: Path) -> tables.StaffFile:
    """Read the people of a CSV with the headings of the sheet 人员. Raises `FileRefused` when that is impossible."""
    problems = Problems()
    if path.stat().st_size > guard.FILE_BYTES:
        raise problems.stop("", _("The file is too large."), _("16 MB is the most."))
    content = path.read_bytes()
    text, encoding = _decoded(content, problems)
    table, notes = _table(text, problems)
    used = _("The file was read as ${encoding}.", mapping={"encoding": encoding})
    digest = hashlib.sha256(content).hexdigest()
    return tables.StaffFile(path.name, digest, None, table, (used, *notes), problems)


def _decoded(content: bytes, problems: Problems) -> tuple[str, str]:
    for codec, name in ENCODINGS.items():
        try:
            return content.decode(codec), name
        except UnicodeDecodeError:
            continue
    raise problems.stop(
        "", _("The file is neither UTF-8 nor GBK."), _("Save it as “CSV UTF-8” in Excel or WPS, or as .xlsx.")
    )


def _table(text: str, problems: Problems) -> tuple[tables.Table, tuple[str, ...]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows = []
    try:
        header = tables.read_header(PERSON_SHEET, next(reader, []), problems)
        for number, texts in enumerate(reader, 2):
            row = _row(number, texts, header, problems)
            if any(row.cells.values()):
                rows.append(row)
    except csv.Error as error:
        raise problems.stop(
            f"{PERSON_SHEET}!A{reader.line_num}",
            _("The line cannot be read as CSV."),
            _("Look for a quotation mark without its partner."),
        ) from error
    table = tables.Table(PERSON_SHEET, frozenset(header.letters), tuple(rows))
    return table, tuple(tables.notes_of(PERSON_SHEET, header))


def _row(number: int, texts: list[str], header: tables.Header, problems: Problems) -> tables.Row:
    cells = {}
    unreadable = set()
    for position, column in header.positions.items():
        text = texts[position].strip() if position < len(texts) else ""
        if text.startswith("="):
            address = f"{PERSON_SHEET}!{header.letters[column.field]}{number}"
            problems.add(
                address, _("The cell holds a formula."), _("Copy the column and paste it as values.")
            )
            text = ""
            unreadable.add(column.field)
        cells[column.field] = text
    return tables.Row(PERSON_SHEET, number, cells, header.letters, frozenset(unreadable))
