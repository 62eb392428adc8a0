"""An act that is one new row, such as a receipt: done once however often it is asked for, and recorded then only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from typing import cast as typed

from sqlalchemy import BigInteger, Insert, Table, Text, bindparam, cast, exists, func, insert, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from xinglin.audit.models import AuditRecord
from xinglin.kernel.db import ask, refuse_on_reader
from xinglin.kernel.orm import Base

INSERT = insert(AuditRecord).inline()  # nobody asks for the new id
TRANSACTION_ID = cast(cast(func.pg_current_xact_id(), Text), BigInteger)
POSTGRESQL_INSERT = INSERT.values(transaction_id=TRANSACTION_ID)
_RECORD = typed("Table", AuditRecord.__table__)


def insert_records(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of `row_of` at once; on PostgreSQL with the transaction they belong to."""
    connection = session.connection()
    connection.execute(INSERT if connection.dialect.name == "sqlite" else POSTGRESQL_INSERT, rows)


def insert_with_record(
    session: Session, model: type[Base], values: Mapping[str, Any], record: Mapping[str, Any]
) -> bool:
    """Insert `values`, and `record` of `row_of` with them; False when a row stood in the way, and nothing was done."""
    refuse_on_reader(session, model.__name__)
    table = typed("Table", model.__table__)
    if session.get_bind().dialect.name == "sqlite":
        is_new = ask(session, _row(table), **values).rowcount > 0
        if is_new:
            ask(session, INSERT, **record)
        return is_new
    found = {f"row_{name}": value for name, value in values.items()}
    found |= {f"record_{name}": value for name, value in record.items()}
    return ask(session, _both(table, tuple(values), tuple(record)), **found).rowcount > 0


@cache
def _row(table: Table) -> Insert:
    return sqlite.insert(table).on_conflict_do_nothing().inline().execution_options(preserve_rowcount=True)


@cache
def _both(table: Table, names: tuple[str, ...], record_names: tuple[str, ...]) -> Insert:
    """One statement for both rows: a journey to the database costs as much as the rows."""
    row = postgresql.insert(table).values({name: bindparam(f"row_{name}") for name in names})
    new = row.on_conflict_do_nothing().returning(literal(1)).cte("new")
    columns = [bindparam(f"record_{name}", type_=_RECORD.c[name].type) for name in record_names]
    record = select(*columns, TRANSACTION_ID).where(exists().select_from(new))
    names_with_transaction = (*record_names, "transaction_id")
    statement = insert(_RECORD).from_select(names_with_transaction, record, include_defaults=False).inline()
    return statement.execution_options(preserve_rowcount=True)
