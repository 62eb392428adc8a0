"""Tables of the outbox. A message is written with the business rows; the worker does the rest."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from xinglin.kernel.orm import Base, Identifier, PublicId


class DeliveryState(enum.StrEnum):
    """The life of one message for one person."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    MUTED = "muted"
    UNDELIVERABLE = "undeliverable"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class CallState(enum.StrEnum):
    """The life of one call to WeCom. PLANNED: surely not carried out; SENDING: perhaps."""

    PLANNED = "planned"
    SENDING = "sending"
    DONE = "done"
    DEAD = "dead"
    UNKNOWN = "unknown"


class Message(Base):
    """One message to many persons; `dedupe_key` makes writing it twice impossible."""

    __tablename__ = "core_message"

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    kind: Mapped[str] = mapped_column(String(64), index=True)
    source_id: Mapped[str] = mapped_column(String(64), index=True)
    dedupe_key: Mapped[str] = mapped_column(String(128), unique=True)
    title: Mapped[str] = mapped_column(String(128))
    description: Mapped[str] = mapped_column(String(512))
    path: Mapped[str] = mapped_column(String(1024))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]


class MessageCall(Base):
    """One call to WeCom, stored word for word before it is made, so that a crash can repeat exactly the same call.

    `uncertain_since`: when the first attempt whose outcome we do not know began. `response_code`: by which WeCom lets
    the card be changed once; `card_text` is what it shall say, from `card_due_at` on (None: nothing to do).
    """

    __tablename__ = "core_message_call"
    __table_args__ = (Index("ix_core_message_call_state_retry_at", "state", "retry_at"),)

    id: Mapped[Identifier]
    message_id: Mapped[int] = mapped_column(ForeignKey("core_message.id"), index=True)
    body: Mapped[dict[str, Any]]
    state: Mapped[CallState] = mapped_column(String(16), default=CallState.PLANNED)
    attempts: Mapped[int] = mapped_column(default=0)
    planned_at: Mapped[datetime]
    retry_at: Mapped[datetime]
    uncertain_since: Mapped[datetime | None]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    wecom_msgid: Mapped[str] = mapped_column(String(255), default="")
    response_code: Mapped[str] = mapped_column(String(255), default="")
    card_text: Mapped[str] = mapped_column(String(64), default="")
    card_due_at: Mapped[datetime | None] = mapped_column(index=True)
    error: Mapped[str] = mapped_column(String(512), default="")

    message: Mapped[Message] = relationship()


class Delivery(Base):
    """One message for one person."""

    __tablename__ = "core_delivery"
    __table_args__ = (
        UniqueConstraint("message_id", "person_id"),
        Index("ix_core_delivery_state_due_at", "state", "due_at"),
        Index("ix_core_delivery_person_id_sent_at", "person_id", "sent_at"),
    )

    id: Mapped[Identifier]
    message_id: Mapped[int] = mapped_column(ForeignKey("core_message.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("core_message_call.id"), index=True)
    state: Mapped[DeliveryState] = mapped_column(String(16), default=DeliveryState.QUEUED)
    reason: Mapped[str] = mapped_column(String(64), default="")
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class MutedKind(Base):
    """A person does not want this kind of message."""

    __tablename__ = "core_muted_kind"

    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64), primary_key=True)


class QuietHours(Base):
    """Minutes after midnight in the hospital's time zone, start inclusive, end exclusive; may wrap over midnight."""

    __tablename__ = "core_quiet_hours"

    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id", ondelete="CASCADE"), primary_key=True)
    starts_minute: Mapped[int]
    ends_minute: Mapped[int]
