"""What a database holds, in a form that two databases can be compared by: rows and their hashes per table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Numeric, Select, Text, cast, func, inspect, literal_column, select, table

from xinglin.backup.manifest import TableState

MODULUS = 2**128


def table_states(connection: Connection) -> dict[str, TableState]:
    """Every table, those of modules that are off too."""
    count = _sqlite if connection.dialect.name == "sqlite" else _postgresql
    return {name: count(connection, name) for name in sorted(inspect(connection).get_table_names())}


def differences(expected: Mapping[str, TableState], found: Mapping[str, TableState]) -> list[str]:
    """What is not the same, a sentence per table."""
    told = []
    for name in sorted(expected.keys() | found.keys()):
        was, is_now = expected.get(name), found.get(name)
        if was is None or is_now is None:
            told.append(f"{name}: {'not in the backup' if was is None else 'missing'}")
        elif was.rows != is_now.rows:
            told.append(f"{name}: {is_now.rows} rows instead of {was.rows}")
        elif was != is_now:
            told.append(f"{name}: {was.rows} rows, but not the same ones")
    return told


def _sqlite(connection: Connection, name: str) -> TableState:
    rows, total = 0, 0
    # Without columns nothing is decoded or decrypted: the row as it is stored.
    query: Select[Any] = select(literal_column("*")).select_from(table(name))
    for row in connection.execute(query):
        rows += 1
        total += int.from_bytes(hashlib.sha256(repr(tuple(row)).encode()).digest()[:16], "big")
    return TableState(rows, f"{total % MODULUS:032x}")


def _postgresql(connection: Connection, name: str) -> TableState:
    whole = table(name).alias("whole_row")
    row_hash = func.hashtextextended(cast(whole.table_valued(), Text), 0)
    query = select(func.count(), cast(func.coalesce(func.sum(cast(row_hash, Numeric)), 0), Text))
    rows, total = connection.execute(query.select_from(whole)).one()
    return TableState(rows, total)
