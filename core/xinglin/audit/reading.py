"""Records as the driver gives them: the ORM would cost ten times as much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Text, cast, select, type_coerce
from sqlalchemy.types import NullType

from xinglin.audit import canonical
from xinglin.audit.models import AuditRecord

COLUMNS = ("id", *canonical.TEXTS, "details", "key_id", "mac", "transaction_id")
PAGE = 10_000
AT = COLUMNS.index("at")
FIRST_TEXT, DETAILS = 1, -4


class Stored(NamedTuple):
    """A record with the bytes that its MAC covers. A tuple: a million of them are made in a check."""

    id: int
    event_id: str
    body: bytes
    key_id: str
    mac: str
    transaction_id: int

    @property
    def member(self) -> bytes:
        return canonical.member(self.id, self.body, self.key_id, self.mac)


def query() -> Select[Any]:
    """All columns of `COLUMNS` without conversion; a moment is text, which spares two conversions a record."""
    columns = AuditRecord.__table__.c
    raw = [
        cast(columns[name], Text) if name == "at" else type_coerce(columns[name], NullType)
        for name in COLUMNS
    ]
    chosen: Any = select(*raw)
    found: Select[Any] = chosen
    return found


def stored(connection: Connection, chosen: Select[Any]) -> Iterator[Stored]:
    """The records of a `query`, streamed a page at a time."""
    for page in pages(connection, chosen):
        yield from map(from_values, page)


def pages(connection: Connection, chosen: Select[Any]) -> Iterator[Sequence[Any]]:
    """The rows of a `query`, `PAGE` of them at a time."""
    # Options of the statement: those of a connection would stay with it.
    result = connection.execute(chosen.execution_options(stream_results=True, max_row_buffer=PAGE))
    yield from result.partitions(PAGE)


def from_values(row: Any) -> Stored:
    """A record from values in the order of `COLUMNS`; one that is no text, or no bytes, makes a body that no MAC fits."""
    number, *texts, details, key_id, mac, transaction = row
    texts[AT - FIRST_TEXT] = canonical.moment(row[AT])
    try:
        body = canonical.bound(texts, details)
    except (TypeError, ValueError):  # SQLite keeps whatever was put into a column
        body = repr(row).encode()
    return Stored(number, texts[0], body, key_id, mac, transaction)
