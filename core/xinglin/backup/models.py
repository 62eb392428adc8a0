"""What backups and drills were done, and how they ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from xinglin.kernel.orm import Base, Identifier

BACKUP, DRILL = "backup", "drill"
DETAIL = 512


class BackupRun(Base):
    """One backup or drill, with what it found. A restored database knows those before its own backup."""

    __tablename__ = "core_backup_run"
    __table_args__ = (Index("ix_core_backup_run_kind_started_at", "kind", "started_at"),)

    id: Mapped[Identifier]
    kind: Mapped[str] = mapped_column(String(16))
    backup: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    is_well: Mapped[bool]
    detail: Mapped[str] = mapped_column(String(DETAIL))
