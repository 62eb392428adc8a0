"""What psycopg does for every statement and SQLAlchemy needs once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import psycopg


class Cursor(psycopg.Cursor[Any]):
    """Describes the columns of a result when they are looked at: SQLAlchemy knows them after the first time."""

    @property
    def description(self) -> Any:
        result = self.pgresult
        return Columns(self) if result is not None and result.nfields else None

    def described(self) -> list[psycopg.Column]:
        return super().description or []


class Columns(Sequence[psycopg.Column]):
    """The columns of a cursor's result."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    @overload
    def __getitem__(self, index: int) -> psycopg.Column: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[psycopg.Column]: ...

    def __getitem__(self, index: int | slice) -> psycopg.Column | Sequence[psycopg.Column]:
        return self._cursor.described()[index]

    def __len__(self) -> int:
        return len(self._cursor.described())

    def __iter__(self) -> Iterator[psycopg.Column]:
        return iter(self._cursor.described())
