"""Seals every stored value anew under the active key while the portal runs.

The stored header tells what is left to do, so that a run that was killed is simply started again. A row is replaced by
one statement that demands the old ciphertext: it is readable at every instant, and nobody's newer value is overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, func, or_, select, tuple_, update

from xinglin.crypto.errors import KeyMissing, SealBroken
from xinglin.crypto.inventory import SealedColumn
from xinglin.crypto.service import HEADER_BYTES, Keyring
from xinglin.kernel.db import Database

BATCH = 500


class Rekeying:
    """One run over these columns; `broken` names the values that no key opens, which are left as they are."""

    def __init__(
        self, database: Database, keyring: Keyring, columns: Iterable[SealedColumn], *, batch: int = BATCH
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._batch = batch
        changeable = [column for column in columns if column.template]
        self._tables = [list(group) for _table, group in groupby(changeable, key=lambda column: column.table)]
        self.broken: list[str] = []

    def remaining(self) -> int:
        """Rows that hold something under another key."""
        with self._database.read_session() as session:
            return sum(
                session.scalar(select(func.count()).select_from(columns[0].table).where(self._stale(columns)))
                or 0
                for columns in self._tables
            )

    def run(self, progress: Callable[[int], object]) -> None:
        """Do all of it; `progress` gets the number of rows after each batch, which is committed by then."""
        for columns in self._tables:
            for rows in self._batches(columns):
                self._replace(columns, rows)
                progress(len(rows))

    def _stale(self, columns: list[SealedColumn]) -> ColumnElement[bool]:
        active = self._keyring.active_header
        return or_(*(and_(func.length(entry.column) > 0, entry.header != active) for entry in columns))

    def _batches(self, columns: list[SealedColumn]) -> Iterator[list[Row[Any]]]:
        table = columns[0].table
        key = tuple(table.primary_key.columns)
        last: tuple[Any, ...] | None = None
        while True:
            query = select(table).where(self._stale(columns)).order_by(*key).limit(self._batch)
            if last is not None:
                query = query.where(key[0] > last[0] if len(key) == 1 else tuple_(*key) > last)
            with self._database.read_session() as session:
                rows = list(session.execute(query).all())
            if not rows:
                return
            yield rows
            last = tuple(rows[-1]._mapping[column] for column in key)  # noqa: SLF001 - SQLAlchemy's public name

    def _replace(self, columns: list[SealedColumn], rows: list[Row[Any]]) -> None:
        active = self._keyring.active_header
        with self._database.session() as session:
            connection = session.connection()
            for entry in columns:
                changes = [change for row in rows if (change := self._change(entry, row, active))]
                if changes:
                    connection.execute(_statement(entry), changes)

    def _change(self, entry: SealedColumn, row: Row[Any], active: bytes) -> dict[str, Any] | None:
        values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name
        old = values[entry.column]
        if not old or old[:HEADER_BYTES] == active:
            return None
        context = entry.template.format_map({column.name: values[column] for column in entry.table.columns})
        try:
            plain = self._keyring.open(old, context=context)
        except (SealBroken, KeyMissing) as error:
            self.broken.append(str(error))
            return None
        keys = {f"key_{column.name}": values[column] for column in entry.table.primary_key.columns}
        return {"old": old, "new": self._keyring.seal(plain, context=context), **keys}


def _statement(entry: SealedColumn) -> Any:
    return (
        update(entry.table)
        .where(*(column == bindparam(f"key_{column.name}") for column in entry.table.primary_key.columns))
        .where(entry.column == bindparam("old"))
        .values({entry.column: bindparam("new")})
    )
