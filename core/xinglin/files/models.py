"""Stored files and uploads under way; the bytes lie in the file store under `storage_key`."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from xinglin.crypto.columns import sealed_by_hand
from xinglin.kernel.orm import Base, Identifier, PublicId


class FileState(enum.StrEnum):
    """What the virus check says. Only CLEAN and UNSCANNED are given to readers."""

    PENDING = "pending"
    CLEAN = "clean"
    INFECTED = "infected"
    REFUSED = "refused"
    """The scanner cannot look into it, or it is not what was announced."""
    UNSCANNED = "unscanned"
    """Stored while the check was switched off."""
    REMOVED = "removed"
    """The bytes are gone, after quarantine or by the security administrator; the row tells what was there."""


READABLE = frozenset({FileState.CLEAN, FileState.UNSCANNED})
QUARANTINED = frozenset({FileState.INFECTED, FileState.REFUSED})


class StoredFile(Base):
    """A file that someone uploaded. Its name is for people only and never a path."""

    __tablename__ = "core_stored_file"
    __table_args__ = (Index("ix_core_stored_file_state_scan_at", "state", "scan_at"),)

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    plugin: Mapped[str] = mapped_column(String(32), index=True)
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(128))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int | None]
    height: Mapped[int | None]
    thumb_size: Mapped[int | None]
    storage_key: Mapped[str] = mapped_column(String(64), unique=True)
    key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed_by_hand("file {public_id}"))
    uploaded_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16))
    finding: Mapped[str] = mapped_column(String(255), default="")
    checked_at: Mapped[datetime | None]
    scan_at: Mapped[datetime | None]
    """When the worker looks at it next; None: it need not."""
    attempts: Mapped[int] = mapped_column(default=0)
    alarmed_at: Mapped[datetime | None]


class PreviewState(enum.StrEnum):
    """How far the pictures of a file's pages are."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


class FilePreview(Base):
    """The pictures of a file's pages, objects of the store beside the file, sealed with its key."""

    __tablename__ = "core_file_preview"
    __table_args__ = (Index("ix_core_file_preview_state_due_at", "state", "due_at"),)

    id: Mapped[Identifier]
    file_id: Mapped[int] = mapped_column(ForeignKey("core_stored_file.id", ondelete="CASCADE"), unique=True)
    state: Mapped[str] = mapped_column(String(16), default=PreviewState.WAITING)
    due_at: Mapped[datetime]
    """When the worker looks at it next; under work: when its lease is over."""
    attempts: Mapped[int] = mapped_column(default=0)
    """The number of the last attempt, which is part of the names of its pages."""
    pages: Mapped[list[Any]] = mapped_column(default=list)
    """Of each page, in order: bytes, width and height in pixels."""
    has_more: Mapped[bool] = mapped_column(default=False)
    """The file has more pages than are shown."""
    problem: Mapped[str] = mapped_column(String(32), default="")


class FileUpload(Base):
    """A file that arrives in pieces. Its `public_id` and key become those of the stored file."""

    __tablename__ = "core_file_upload"

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    plugin: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    arrived: Mapped[int] = mapped_column(BigInteger, default=0)
    pieces: Mapped[list[Any]]
    """Pairs of an object's name and its plain size, in order."""
    storage_key: Mapped[str] = mapped_column(String(64), unique=True)
    key_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_by_hand("file {public_id}"))
    uploaded_by: Mapped[str] = mapped_column(String(64))
    touched_at: Mapped[datetime] = mapped_column(index=True)
    file_id: Mapped[int | None] = mapped_column(
        ForeignKey("core_stored_file.id", ondelete="CASCADE"), unique=True
    )
