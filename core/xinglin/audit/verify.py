"""Checking the audit trail: every row still carries the MAC it was written with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import mac_of
from xinglin.crypto.service import Keyring

BATCH = 5_000


@dataclass(frozen=True)
class BadRecord:
    """A record that is not what was written, and why we know."""

    id: int
    event_id: str
    reason: str


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(AuditRecord)) or 0


def verify(session: Session, keyring: Keyring) -> Iterator[BadRecord | int]:
    """Walk all records in the order of their ids: yields each bad one, and the number checked after each batch."""
    last, checked = 0, 0
    while True:
        query = select(AuditRecord).where(AuditRecord.id > last).order_by(AuditRecord.id).limit(BATCH)
        rows = session.scalars(query).all()
        for row in rows:
            reason = _fault_of(row, keyring)
            if reason:
                yield BadRecord(row.id, row.event_id, reason)
        if not rows:
            return
        last, checked = rows[-1].id, checked + len(rows)
        session.expunge_all()
        yield checked


def _fault_of(row: AuditRecord, keyring: Keyring) -> str:
    if row.key_id != keyring.key_id:
        return f"was written under the key {row.key_id}, this site has {keyring.key_id}"
    if row.mac != mac_of(row, keyring):
        return "was changed after it was written, or was not written by the portal"
    return ""
