"""Tables of the approval engine: definitions, instances and their events; and what persons keep for their work."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from xinglin.api.crypto import EncryptedJson, EncryptedText
from xinglin.api.db import Base, Identifier, PublicId
from xinglin.api.files import StoredFile
from xinglin_documents.models.items import Item

KEY_LENGTH = 64


class DefinitionState(enum.StrEnum):
    """draft → live → retired; exactly one version of a process that may be started is live."""

    DRAFT = "draft"
    LIVE = "live"
    RETIRED = "retired"


class Process(Base):
    """A process by its key, such as `leave`; titles and category are those of its live definition."""

    __tablename__ = "documents_process"

    id: Mapped[Identifier]
    key: Mapped[str] = mapped_column(String(KEY_LENGTH), unique=True)
    title: Mapped[str] = mapped_column(String(64))
    title_en: Mapped[str] = mapped_column(String(128), default="")
    category: Mapped[str] = mapped_column(String(32), default="")
    icon: Mapped[str] = mapped_column(String(32), default="document")
    sort_order: Mapped[int] = mapped_column(default=100)
    is_active: Mapped[bool] = mapped_column(default=True)


class Definition(Base):
    """One version of a process as text (YAML); a version that has been live never changes."""

    __tablename__ = "documents_definition"
    __table_args__ = (UniqueConstraint("process_id", "version"),)

    id: Mapped[Identifier]
    process_id: Mapped[int] = mapped_column(ForeignKey("documents_process.id"))
    version: Mapped[int]
    state: Mapped[DefinitionState] = mapped_column(String(16), default=DefinitionState.DRAFT)
    source: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    written_by: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    process: Mapped[Process] = relationship()


class Instance(Base):
    """A running or ended process. `state` is the fold of its events (ids and node keys only), `values` its form.

    `sequence` is that of the last event: whoever acts on an older one is told so. `public_id` is the item's.
    """

    __tablename__ = "documents_instance"

    id: Mapped[int] = mapped_column(ForeignKey("documents_item.id", ondelete="CASCADE"), primary_key=True)
    public_id: Mapped[PublicId]
    definition_id: Mapped[int] = mapped_column(ForeignKey("documents_definition.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("documents_instance.id"), index=True)
    parent_node: Mapped[str] = mapped_column(String(KEY_LENGTH), default="")
    sequence: Mapped[int] = mapped_column(default=0)
    state: Mapped[dict[str, Any]]
    values = EncryptedJson()

    item: Mapped[Item] = relationship()
    definition: Mapped[Definition] = relationship()


class FlowEvent(Base):
    """One act on an instance, with all it caused (`effects`); never changed. `actor_id` None: the system by the clock.

    `for_id` is the approver in whose name a deputy acted. `changes` are the new values of form fields.
    """

    __tablename__ = "documents_event"
    __table_args__ = (
        UniqueConstraint("instance_id", "sequence"),
        Index("ix_documents_event_at", "at"),
    )

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    instance_id: Mapped[int] = mapped_column(ForeignKey("documents_instance.id", ondelete="CASCADE"))
    sequence: Mapped[int]
    at: Mapped[datetime]
    act: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    for_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"))
    node: Mapped[str] = mapped_column(String(KEY_LENGTH), default="")
    task: Mapped[int] = mapped_column(default=0)
    opinion = EncryptedText()
    changes = EncryptedJson()
    effects: Mapped[list[Any]]


class InstanceFile(Base):
    """A file of an instance: of the form's file field `field`, added at the step `node`; `position` counts from 1."""

    __tablename__ = "documents_file"

    id: Mapped[Identifier]
    instance_id: Mapped[int] = mapped_column(
        ForeignKey("documents_instance.id", ondelete="CASCADE"), index=True
    )
    file_id: Mapped[int] = mapped_column(ForeignKey("core_stored_file.id"), unique=True)
    field: Mapped[str] = mapped_column(String(KEY_LENGTH))
    node: Mapped[str] = mapped_column(String(KEY_LENGTH), default="")
    position: Mapped[int]
    added_by_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    added_at: Mapped[datetime]

    file: Mapped[StoredFile] = relationship()


class Draft(Base):
    """A form that is not sent yet, saved by itself: of a new document (`process_id`) or of a task (`entry_id`)."""

    __tablename__ = "documents_draft"
    __table_args__ = (UniqueConstraint("person_id", "process_id"), UniqueConstraint("person_id", "entry_id"))

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    process_id: Mapped[int | None] = mapped_column(ForeignKey("documents_process.id"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("documents_entry.id", ondelete="CASCADE"))
    values = EncryptedJson()
    saved_at: Mapped[datetime]


class DraftFile(Base):
    """A file uploaded to a draft."""

    __tablename__ = "documents_draft_file"

    id: Mapped[Identifier]
    draft_id: Mapped[int] = mapped_column(ForeignKey("documents_draft.id", ondelete="CASCADE"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("core_stored_file.id"), unique=True)
    field: Mapped[str] = mapped_column(String(KEY_LENGTH))
    position: Mapped[int]

    file: Mapped[StoredFile] = relationship()


class Phrase(Base):
    """A common phrase (常用意见); of nobody: offered to all."""

    __tablename__ = "documents_phrase"

    id: Mapped[Identifier]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    text: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(default=0)


class Signature(Base):
    """A handwritten signature under an act, bound to what was signed: `digest` is the SHA-256 of form, files and act.

    `parts` are the SHA-256 of each of them, so that what was changed can be named.
    """

    __tablename__ = "documents_signature"

    id: Mapped[Identifier]
    event_id: Mapped[int] = mapped_column(ForeignKey("documents_event.id", ondelete="CASCADE"), unique=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("core_stored_file.id"), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    parts: Mapped[dict[str, Any]]
    mac: Mapped[str] = mapped_column(String(128))

    file: Mapped[StoredFile] = relationship()


class Deputy(Base):
    """`deputy` acts for `principal` from `starts_at` (inclusive) to `ends_at` (exclusive); no `processes`: in all.

    `told_at`: when the deputy was told that it began; `end_told_at`: when the principal was told that it ended.
    """

    __tablename__ = "documents_deputy"
    __table_args__ = (Index("ix_documents_deputy_deputy_id_ends_at", "deputy_id", "ends_at"),)

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    principal_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), index=True)
    deputy_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    processes: Mapped[list[Any]]
    told_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    end_told_at: Mapped[datetime | None]


class WorkingDay(Base):
    """A day that differs from the week's rule: a holiday, or a Saturday that is worked (调休)."""

    __tablename__ = "documents_working_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    is_working: Mapped[bool]
    note: Mapped[str] = mapped_column(String(64), default="")
