"""Which columns are encrypted, as the models declare it, and under which keys their rows lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy
from sqlalchemy import Column, ColumnElement, MetaData, Table, func, literal_column, select
from sqlalchemy.orm import Session

from xinglin.crypto.columns import SEALED
from xinglin.crypto.errors import KeyRefused
from xinglin.crypto.keys import KeyFile
from xinglin.crypto.service import HEADER_BYTES, version_of
from xinglin.crypto.suites import BY_NUMBER

NEWEST_KEYS = (
    "copy the newest keys-….json of this site from backup_keys_folder to keys.json in the secrets folder"
)


@dataclass(frozen=True)
class SealedColumn:
    """A column of ciphertext; `template` is its context, empty when its rows may not be changed."""

    table: Table
    column: Column[Any]
    template: str

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.column.name}"

    @property
    def header(self) -> ColumnElement[bytes]:
        """The suite and the version, in SQL."""
        return func.substr(self.column, literal_column("1"), literal_column(str(HEADER_BYTES)))


def sealed_columns(metadata: MetaData, session: Session) -> tuple[SealedColumn, ...]:
    """All that the models declare and the database has (modules that are off have no tables)."""
    present = set(sqlalchemy.inspect(session.connection()).get_table_names())
    return tuple(
        SealedColumn(table, column, column.info[SEALED])
        for table in sorted(metadata.tables.values(), key=lambda table: table.name)
        if table.name in present
        for column in table.columns
        if SEALED in column.info
    )


def rows_by_version(session: Session, column: SealedColumn) -> dict[int, int]:
    """Key version → rows; 0 is what no key sealed. Nothing at all, such as an act without details, is not counted."""
    found: dict[int, int] = defaultdict(int)
    for header, count in _headers(session, column).items():
        found[version_of(header)] += count
    return dict(found)


def _headers(session: Session, column: SealedColumn) -> dict[bytes, int]:
    header = column.header.label("header")
    query = select(header, func.count()).where(func.length(column.column) > 0).group_by("header")
    return {bytes(value): count for value, count in session.execute(query)}


@dataclass(frozen=True)
class Lost:
    """Values under keys that are newer than every key of `keys.json`: that file is older than the data."""

    rows: int
    newest: int

    @property
    def sentence(self) -> str:
        return f"{self.rows} values lie under newer keys (up to key {self.newest}) than keys.json has"

    def refuse(self) -> None:
        """Raise `KeyRefused` when there are any: a new key would get a number that another key has."""
        if self.rows:
            raise KeyRefused(f"{self.sentence}. Cure: {NEWEST_KEYS}")


def lost(session: Session, columns: Iterable[SealedColumn], keys: KeyFile) -> Lost:
    """What an old `keys.json` cannot open. A value that no suite begins like that is damaged, not lost, and not counted."""
    newest = keys.keys[-1].version
    found = [
        (version_of(header), count)
        for column in columns
        for header, count in _headers(session, column).items()
        if len(header) == HEADER_BYTES and header[0] in BY_NUMBER and version_of(header) > newest
    ]
    return Lost(
        sum(count for _version, count in found), max((version for version, _count in found), default=0)
    )


def rows_under(session: Session, columns: Iterable[SealedColumn], version: int) -> dict[str, int]:
    """Column → rows that this version sealed; only columns that have any."""
    counted = {column.name: rows_by_version(session, column).get(version, 0) for column in columns}
    return {name: count for name, count in counted.items() if count}
