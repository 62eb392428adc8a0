"""What a staff file holds before anything is understood: rows of texts that know their cell addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from openpyxl.utils import get_column_letter

from xinglin.api.i18n import translator
from xinglin.people.layout import SHEETS, Column
from xinglin.people.problems import Problems

_ = translator("core")
COLUMNS_READ = 60


@dataclass(frozen=True)
class Row:
    """One row: texts by field, and where each field's column is.

    The cells of `unreadable` fields are among the file's problems already; nothing more is said of them.
    """

    sheet: str
    number: int
    cells: Mapping[str, str]
    letters: Mapping[str, str]
    unreadable: frozenset[str] = frozenset()

    def address(self, name: str) -> str:
        return f"{self.sheet}!{self.letters.get(name, 'A')}{self.number}"


@dataclass(frozen=True)
class Table:
    """A sheet: the fields whose columns it has (a missing column leaves its field alone) and its rows."""

    name: str
    fields: frozenset[str]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class StaffFile:
    """A file as read; `notes` are sentences for the person who imports. `digest` is the SHA-256 of its bytes.

    `problems` are cells that cannot be read (formulas, dates); planning adds its own and refuses all at once.
    """

    name: str
    digest: str
    departments: Table | None
    people: Table | None
    notes: tuple[str, ...] = ()
    problems: Problems = field(default_factory=Problems)


@dataclass(frozen=True)
class Header:
    """Which column holds which field; positions count from 0."""

    positions: Mapping[int, Column]
    unknown: tuple[str, ...]

    @property
    def letters(self) -> dict[str, str]:
        return {column.field: get_column_letter(position + 1) for position, column in self.positions.items()}


def read_header(sheet: str, texts: Sequence[str], problems: Problems) -> Header:
    """Recognise the first row. Missing required columns and repeated ones are problems; others are only noted."""
    known = {column.header: column for column in SHEETS[sheet]}
    positions: dict[int, Column] = {}
    unknown = []
    for position, text in enumerate(texts):
        title = "".join(text.split()).strip("*＊")
        if title in known and known[title] in positions.values():
            address = f"{sheet}!{get_column_letter(position + 1)}1"
            message = _("The column ${header} is there twice.", mapping={"header": title})
            problems.add(address, message, _("Delete one of the two."))
        elif title in known:
            positions[position] = known[title]
        elif title:
            unknown.append(title)
    missing = [
        column.header for column in known.values() if column.is_required and column not in positions.values()
    ]
    if missing:
        raise problems.stop(
            f"{sheet}!A1",
            _("The first row lacks the column ${headers}.", mapping={"headers": "、".join(missing)}),
            _("The first row must hold the headings of the template, one in each cell, nothing above them."),
        )
    return Header(positions, tuple(unknown))


def notes_of(sheet: str, header: Header) -> Iterable[str]:
    """What the person who imports should know about the columns."""
    if header.unknown:
        yield _(
            "Sheet ${sheet}: these columns are not part of the template and are ignored: ${headers}",
            mapping={"sheet": sheet, "headers": "、".join(header.unknown)},
        )
    present = set(header.positions.values())
    absent = [column.header for column in SHEETS[sheet] if column not in present and not column.is_extra]
    if absent:
        yield _(
            "Sheet ${sheet}: these columns are missing; what is stored stays as it is: ${headers}",
            mapping={"sheet": sheet, "headers": "、".join(absent)},
        )
