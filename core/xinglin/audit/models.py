"""The append-only tables of the audit trail: the records, and the seals over them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from xinglin.crypto.columns import sealed_by_hand
from xinglin.kernel.orm import Base, Identifier


class AuditRecord(Base):
    """Who, when, from where, what, before → after; `mac` binds these columns under a key outside the database.

    `details` is sealed to the event; empty when there are none. `transaction_id` is PostgreSQL's, by which records of
    transactions that end late find their seal; 0 on SQLite, whose writers follow one another.
    """

    __tablename__ = "core_audit_record"
    __table_args__ = (
        Index("ix_core_audit_record_object", "object_kind", "object_id"),
        Index("ix_core_audit_record_actor_at", "actor_kind", "actor_id", "at"),
        Index(
            "ix_core_audit_record_transaction",
            "transaction_id",
            "id",
            sqlite_where=text("transaction_id > 0"),
        ),
        {"sqlite_autoincrement": True},  # the id of an archived record is never given again
    )

    id: Mapped[Identifier]
    event_id: Mapped[str] = mapped_column(String(32), unique=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(64))
    actor_name: Mapped[str] = mapped_column(String(64))
    session_id: Mapped[str] = mapped_column(String(24), default="")
    ip: Mapped[str] = mapped_column(String(64), default="")
    request_id: Mapped[str] = mapped_column(String(32), default="")
    action: Mapped[str] = mapped_column(String(64), index=True)
    object_kind: Mapped[str] = mapped_column(String(64), default="")
    object_id: Mapped[str] = mapped_column(String(64), default="")
    result: Mapped[str] = mapped_column(String(16), default="ok")
    details: Mapped[bytes] = mapped_column(LargeBinary, default=b"", info=sealed_by_hand(""))
    transaction_id: Mapped[int] = mapped_column(BigInteger, default=0)
    key_id: Mapped[str] = mapped_column(String(16))
    mac: Mapped[str] = mapped_column(String(64))


class AuditSeal(Base):
    """One batch of records under a Merkle root, chained to the seal before it; a batch may be empty.

    `members` holds 40 bytes a record (`canonical.member`) in the order of sealing. The cursor is the place of the last
    sealed record in the order (transaction_id, id), among the records whose id is greater than `floor_id`.
    `tombstone` is empty, or says what was archived and deleted.
    """

    __tablename__ = "core_audit_seal"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    first_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger, index=True)
    count: Mapped[int]
    root: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    cursor_transaction: Mapped[int] = mapped_column(BigInteger)
    cursor_id: Mapped[int] = mapped_column(BigInteger)
    floor_id: Mapped[int] = mapped_column(BigInteger)
    tombstone: Mapped[str] = mapped_column(Text, default="")
    members: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(String(16))
    mac: Mapped[str] = mapped_column(String(64))
