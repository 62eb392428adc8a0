"""Tables of official documents (公文): numbers, register, distribution with receipts, supervision, archive."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from xinglin.api.crypto import EncryptedText
from xinglin.api.db import Base, Identifier, PublicId
from xinglin_documents.models.items import TITLE_LENGTH, Item


class Direction(enum.StrEnum):
    """发文 or 收文."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"


class NumberState(enum.StrEnum):
    """A voided number stays in the register and is never issued again; a reserved one waits for its document."""

    ISSUED = "issued"
    RESERVED = "reserved"
    VOIDED = "voided"


class Series(Base):
    """A number series such as 院发: `院发〔2026〕12号` is made from `pattern` `院发〔{year}〕{number}号`."""

    __tablename__ = "documents_series"

    id: Mapped[Identifier]
    key: Mapped[str] = mapped_column(String(32), unique=True)
    title: Mapped[str] = mapped_column(String(64))
    pattern: Mapped[str] = mapped_column(String(64))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("core_department.id"))
    sort_order: Mapped[int] = mapped_column(default=100)
    is_active: Mapped[bool] = mapped_column(default=True)


class DocumentNumber(Base):
    """A line of the register of numbers. `year` is the hospital's local one. `folded` is what a search compares."""

    __tablename__ = "documents_number"
    __table_args__ = (UniqueConstraint("series_id", "year", "number"),)

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    series_id: Mapped[int] = mapped_column(ForeignKey("documents_series.id"))
    year: Mapped[int]
    number: Mapped[int]
    text: Mapped[str] = mapped_column(String(64))
    folded: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[NumberState] = mapped_column(String(16), default=NumberState.ISSUED)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("documents_item.id"), index=True)
    issued_by_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    issued_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200), default="")
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"))

    series: Mapped[Series] = relationship()


class OfficialDocument(Base):
    """The register: one line for each official document, in or out. `digest`: SHA-256 of the final PDF, once locked.

    `signatory` approved it at `signed_at`. `head_due_at`: when the worker makes (or tries again to make) the red head,
    None when it need not; `head_problem` says why the last try made none. `head_digest`: of what the red head prints, see
    `service.official.heads`. `archive_asked_at`: to be archived at its end.
    """

    __tablename__ = "documents_official"
    __table_args__ = (Index("ix_documents_official_direction_registered_at", "direction", "registered_at"),)

    id: Mapped[int] = mapped_column(ForeignKey("documents_item.id", ondelete="CASCADE"), primary_key=True)
    direction: Mapped[Direction] = mapped_column(String(16))
    type: Mapped[str] = mapped_column(String(16), default="")
    series_id: Mapped[int | None] = mapped_column(ForeignKey("documents_series.id"))
    origin: Mapped[str] = mapped_column(String(128), default="")
    origin_number: Mapped[str] = mapped_column(String(64), default="")
    origin_folded: Mapped[str] = mapped_column(String(64), default="", index=True)
    recipients: Mapped[str] = mapped_column(String(TITLE_LENGTH), default="")
    copies_to: Mapped[str] = mapped_column(String(TITLE_LENGTH), default="")
    copies: Mapped[int] = mapped_column(default=1)
    signatory: Mapped[str] = mapped_column(String(64), default="")
    signed_at: Mapped[datetime | None]
    registered_at: Mapped[datetime]
    head_asked_by: Mapped[str] = mapped_column(String(64), default="")
    head_due_at: Mapped[datetime | None] = mapped_column(index=True)
    head_attempts: Mapped[int] = mapped_column(default=0)
    head_problem: Mapped[str] = mapped_column(String(200), default="")
    head_digest: Mapped[str] = mapped_column(String(64), default="")
    final_file_id: Mapped[int | None] = mapped_column(ForeignKey("core_stored_file.id"))
    digest: Mapped[str] = mapped_column(String(64), default="")
    locked_at: Mapped[datetime | None]
    distributed_at: Mapped[datetime | None]
    chased_on: Mapped[str] = mapped_column(String(10), default="")
    archive_asked_at: Mapped[datetime | None] = mapped_column(index=True)
    archived_at: Mapped[datetime | None]

    item: Mapped[Item] = relationship()


class FormerHead(Base):
    """A red head that another replaced, or that lost its number, before the seal: kept as history, never final."""

    __tablename__ = "documents_former_head"

    id: Mapped[Identifier]
    item_id: Mapped[int] = mapped_column(ForeignKey("documents_item.id", ondelete="CASCADE"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("core_stored_file.id"))
    replaced_at: Mapped[datetime]


class Distribution(Base):
    """That an official document was sent to a department or a person (exactly one of the two).

    `is_heads`: of the department only those who lead it. `received_at`: the first of them signed for it.
    """

    __tablename__ = "documents_distribution"
    __table_args__ = (
        UniqueConstraint("item_id", "department_id"),
        UniqueConstraint("item_id", "person_id"),
    )

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    item_id: Mapped[int] = mapped_column(ForeignKey("documents_item.id", ondelete="CASCADE"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("core_department.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"))
    is_heads: Mapped[bool] = mapped_column(default=False)
    sent_at: Mapped[datetime]
    sent_by_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    received_at: Mapped[datetime | None]
    received_by_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"))


class Receipt(Base):
    """That a person opened, and when signed for, a distributed document."""

    __tablename__ = "documents_receipt"

    distribution_id: Mapped[int] = mapped_column(
        ForeignKey("documents_distribution.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), primary_key=True)
    opened_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]


class SupervisionState(enum.StrEnum):
    """open → reported → closed; a report may be sent back to open."""

    OPEN = "open"
    REPORTED = "reported"
    CLOSED = "closed"


class Supervision(Base):
    """A supervision task (督办) split from a document: what, by whom, until when; its report and its closing.

    `remark` is why a report was sent back, or what was said at the closing.
    """

    __tablename__ = "documents_supervision"
    __table_args__ = (Index("ix_documents_supervision_state_due_at", "state", "due_at"),)

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    item_id: Mapped[int] = mapped_column(ForeignKey("documents_item.id", ondelete="CASCADE"), index=True)
    duty = EncryptedText()
    owner_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("core_department.id"))
    set_by_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    set_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[SupervisionState] = mapped_column(String(16), default=SupervisionState.OPEN)
    report = EncryptedText()
    remark = EncryptedText()
    reported_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"))
    reminded_at: Mapped[datetime | None]


class Archive(Base):
    """A sealed package of an ended document: `digest` is the SHA-256 of the ZIP, `retain_until` None: for ever."""

    __tablename__ = "documents_archive"

    id: Mapped[Identifier]
    item_id: Mapped[int] = mapped_column(ForeignKey("documents_item.id"), unique=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("core_stored_file.id"), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    archived_at: Mapped[datetime]
    archived_by_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"))
    retain_until: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    held_reason: Mapped[str] = mapped_column(String(200), default="")
