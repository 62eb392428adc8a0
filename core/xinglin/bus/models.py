"""The outbox of domain events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from xinglin.kernel.orm import Base, Identifier


class OutboxEvent(Base):
    """An event to be told to every enabled plugin."""

    __tablename__ = "core_outbox_event"

    id: Mapped[Identifier]
    name: Mapped[str] = mapped_column(String(64), index=True)
    subject_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    data: Mapped[dict[str, Any]]
    told_at: Mapped[datetime | None]
    retry_at: Mapped[datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)


class EventTold(Base):
    """That this event was told to this plugin, written in the savepoint of the plugin's own work."""

    __tablename__ = "core_event_told"
    __table_args__ = (Index("ix_core_event_told_plugin", "plugin"),)

    event_id: Mapped[int] = mapped_column(
        ForeignKey("core_outbox_event.id", ondelete="CASCADE"), primary_key=True
    )
    plugin: Mapped[str] = mapped_column(String(32), primary_key=True)
