"""Shared state of the WeCom connection: tokens (sealed), callback dedupe, unknown events."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from xinglin.crypto.columns import sealed_by_hand
from xinglin.kernel.orm import Base, Identifier


class WeComToken(Base):
    """An access token or ticket; one refresher at a time holds the lease.

    `doubted_at`: WeCom refused the token before this one, so this one is on probation until a call succeeds.
    """

    __tablename__ = "core_wecom_token"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value_sealed: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sealed_by_hand("core_wecom_token.value_sealed:{key}")
    )
    expires_at: Mapped[datetime | None]
    lease_holder: Mapped[str] = mapped_column(String(32), default="")
    lease_until: Mapped[datetime | None]
    doubted_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    refused_count: Mapped[int] = mapped_column(default=0)
    refused_reason: Mapped[str] = mapped_column(String(255), default="")


class WeComCallback(Base):
    """A callback that was accepted: the unique key makes a repeat harmless; the worker handles it later."""

    __tablename__ = "core_wecom_callback"
    __table_args__ = (Index("ix_core_wecom_callback_handled_at_retry_at", "handled_at", "retry_at"),)

    id: Mapped[Identifier]
    dedupe_key: Mapped[str] = mapped_column(String(64), unique=True)
    event: Mapped[str] = mapped_column(String(64), index=True)
    body_sealed: Mapped[bytes] = mapped_column(
        LargeBinary, info=sealed_by_hand("core_wecom_callback.body_sealed:{dedupe_key}")
    )
    received_at: Mapped[datetime]
    retry_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(String(64), default="")


class WeComPause(Base):
    """An API that WeCom told us to leave alone for a while (45009) or that an alert stopped."""

    __tablename__ = "core_wecom_pause"

    api: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime]
    strikes: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(255))
