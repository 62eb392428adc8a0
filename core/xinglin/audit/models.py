"""The append-only table of the audit trail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from xinglin.kernel.orm import Base, Identifier


class AuditRecord(Base):
    """Who, when, from where, what, before → after; `mac` binds all other columns under a key outside the database."""

    __tablename__ = "core_audit_record"
    __table_args__ = (
        Index("ix_core_audit_record_object", "object_kind", "object_id"),
        Index("ix_core_audit_record_actor_at", "actor_kind", "actor_id", "at"),
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
    details: Mapped[str] = mapped_column(Text, default="{}")
    key_id: Mapped[str] = mapped_column(String(16))
    mac: Mapped[str] = mapped_column(String(64))
