"""The database refuses to change or delete audit records; archiving alone lifts that, inside its transaction.

A guard against mistakes and injected statements. Against the owner of the database only keys, seals and anchors help.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

ON_DELETE = """
    SELECT sql FROM sqlite_master WHERE type = 'trigger'
    AND name IN ('core_audit_record_refuse_delete', 'core_audit_seal_refuse_delete')
"""
DROPS = (
    "DROP TRIGGER IF EXISTS core_audit_record_refuse_delete",
    "DROP TRIGGER IF EXISTS core_audit_seal_refuse_delete",
)


@contextmanager
def lifted(connection: Connection) -> Iterator[None]:
    """Deletions are allowed inside; what fails rolls the whole transaction back, and the guard with it."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("SET LOCAL xinglin.audit_archive = 'on'")
        yield
        connection.exec_driver_sql("SET LOCAL xinglin.audit_archive = 'off'")
        return
    triggers = connection.exec_driver_sql(ON_DELETE).scalars().all()
    for drop in DROPS:
        connection.exec_driver_sql(drop)
    yield
    for trigger in triggers:
        connection.exec_driver_sql(trigger)
