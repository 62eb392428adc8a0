"""An audit trail of any length on a real database, made in seconds: rows and seals as the portal makes them, in bulk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy
from sqlalchemy import insert

from xinglin.audit import canonical, seals
from xinglin.audit.models import AuditRecord, AuditSeal
from xinglin.audit.seals import Cursor
from xinglin.audit.service import Act, Actor, mac_of, row_of
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database

SEALED_AT_ONCE = 10_000
DETAILS = {"before": {"title": "值班表"}, "after": {"title": "春节值班表", "departments": [1, 2, 3]}}
LI = Actor("person", "p-1", "李护士", session_id="s-1", ip="10.0.0.8", request_id="r-1")
NAMES = (
    "id",
    *canonical.TEXTS,
    "details",
    "transaction_id",
    "key_id",
    "mac",
)
AT = NAMES.index("at")


def fill(database: Database, keyring: Keyring, records: int, began: datetime) -> AuditSeal:
    """Write records 1 to `records` into empty tables, a hundred a second from `began` on; the last seal."""
    table = AuditRecord.__table__
    indexes = list(table.indexes)  # type: ignore[attr-defined]
    write = _into_sqlite if database.is_sqlite else _into_postgresql
    members: list[bytes] = []
    with database.writer.begin() as connection:
        for index in indexes:
            index.drop(connection)
        write(connection, _rows(records, began, keyring, members))
        last = _seal(connection, members, began, keyring)
        for index in indexes:
            index.create(connection)
    with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return last


def _rows(records: int, began: datetime, keyring: Keyring, members: list[bytes]) -> Iterator[tuple[Any, ...]]:
    """Copies of one act with a moment, an event id and a MAC of their own: sealing its details anew would take time."""
    model = row_of(LI, Act("notice.save", "notice", "n-1", details=DETAILS), began, keyring)
    texts = [str(model[name]) for name in canonical.TEXTS]
    place = canonical.TEXTS.index("at")
    for number in range(1, records + 1):
        at = began + timedelta(milliseconds=10 * number)
        texts[0], texts[place] = f"{number:032x}", canonical.moment(at)
        body = canonical.bound(texts, model["details"])
        mac = mac_of(body, keyring)
        members.append(canonical.member(number, body, keyring.key_id, mac))
        yield number, *texts, model["details"], 0, keyring.key_id, mac


def _into_sqlite(connection: sqlalchemy.Connection, rows: Iterator[tuple[Any, ...]]) -> None:
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    marks = ", ".join("?" * len(NAMES))
    plain = (_as_sqlite_stores(row) for row in rows)
    driver.executemany(f"INSERT INTO core_audit_record ({', '.join(NAMES)}) VALUES ({marks})", plain)


def _as_sqlite_stores(row: tuple[Any, ...]) -> tuple[Any, ...]:
    at = row[AT].removesuffix("+00:00").replace("T", " ")
    return (*row[:AT], at, *row[AT + 1 :])


def _into_postgresql(connection: sqlalchemy.Connection, rows: Iterator[tuple[Any, ...]]) -> None:
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY core_audit_record ({', '.join(NAMES)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
    connection.exec_driver_sql(
        "SELECT setval('core_audit_record_id_seq', (SELECT max(id) FROM core_audit_record))"
    )


def _seal(
    connection: sqlalchemy.Connection, members: list[bytes], began: datetime, keyring: Keyring
) -> AuditSeal:
    last: AuditSeal | None = None
    table = AuditSeal.__table__
    for start in range(0, len(members), SEALED_AT_ONCE):
        some = members[start : start + SEALED_AT_ONCE]
        end = start + len(some)
        made_at = began + timedelta(milliseconds=10 * end)
        last = seals.make(last, some, Cursor(0, end), made_at, keyring)
        values = {column.name: getattr(last, column.name) for column in table.columns}
        connection.execute(insert(table), values)  # type: ignore[arg-type]
    if last is None:
        raise ValueError("a trail without records has no seal")
    return last
