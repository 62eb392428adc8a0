"""What the inbox lists, whatever its source: items, and the entries of persons in their boxes."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from xinglin.api.db import Base, Identifier, PublicId
from xinglin.api.people import Audience, Department, Person

TITLE_LENGTH = 200
STEP_LENGTH = 64
BUILT_IN = "xinglin"
"""The source of what our own engine runs; another source is the name of a connector."""


class Secrecy(enum.StrEnum):
    """密级. From SECRET on nothing of it stands in a message, a search result of outsiders, or a forward."""

    OPEN = "open"
    INTERNAL = "internal"
    SECRET = "secret"  # noqa: S105 - a degree of secrecy
    CONFIDENTIAL = "confidential"

    @property
    def is_closed(self) -> bool:
        return self in (Secrecy.SECRET, Secrecy.CONFIDENTIAL)


class Urgency(enum.StrEnum):
    """紧急程度: 平件, 加急, 特急."""

    NORMAL = "normal"
    URGENT = "urgent"
    MOST_URGENT = "most_urgent"

    @property
    def rank(self) -> int:
        """What is most urgent comes first in lists: the highest."""
        return tuple(Urgency).index(self)


class ItemStatus(enum.StrEnum):
    """How a document stands as a whole."""

    RUNNING = "running"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    TERMINATED = "terminated"


class Box(enum.StrEnum):
    """待办/已办 are TO_DO open/done, 待阅/已阅 are TO_READ open/done, 我发起 STARTED, 跟踪 TRACKED.

    DONE_FOR: what a deputy did in the task of that number, which is her principal's; listed in her 已办.
    """

    TO_DO = "to_do"
    TO_READ = "to_read"
    STARTED = "started"
    TRACKED = "tracked"
    DONE_FOR = "done_for"


class EntryState(enum.StrEnum):
    """WAITING: a task that waits for others of its slot; GONE: cancelled. Neither is listed."""

    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"
    GONE = "gone"


class Item(Base):
    """A document of any source, as lists show it. Of our own engine it belongs to exactly one `Instance`.

    `external_id` is the source's own id; for `BUILT_IN` it equals `public_id`. `department` is the starter's primary
    one at the start. `step` is the title of what it waits for now. `working_minutes` is the cycle in working hours,
    written at the end.
    """

    __tablename__ = "documents_item"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_documents_item_process_key_started_at", "process_key", "started_at"),
        Index("ix_documents_item_status_started_at", "status", "started_at"),
    )

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    source: Mapped[str] = mapped_column(String(32), default=BUILT_IN)
    external_id: Mapped[str] = mapped_column(String(64))
    process_key: Mapped[str] = mapped_column(String(64), default="")
    process_title: Mapped[str] = mapped_column(String(64), default="")
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    number: Mapped[str] = mapped_column(String(64), default="")
    starter_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    starter_name: Mapped[str] = mapped_column(String(64), default="")
    department_id: Mapped[int | None] = mapped_column(ForeignKey("core_department.id"), index=True)
    audience_id: Mapped[int | None] = mapped_column(ForeignKey("core_audience.id"), index=True)
    secrecy: Mapped[Secrecy] = mapped_column(String(16), default=Secrecy.OPEN)
    urgency: Mapped[Urgency] = mapped_column(String(16), default=Urgency.NORMAL)
    status: Mapped[ItemStatus] = mapped_column(String(16), default=ItemStatus.RUNNING)
    step: Mapped[str] = mapped_column(String(STEP_LENGTH), default="")
    started_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    working_minutes: Mapped[int | None]

    starter: Mapped[Person | None] = relationship()
    department: Mapped[Department | None] = relationship()
    audience: Mapped[Audience | None] = relationship()


def _rank_of_item(context: Any) -> int:
    """For whoever writes an entry without saying its rank."""
    item_id = context.get_current_parameters()["item_id"]
    urgency = context.connection.scalar(select(Item.urgency).where(Item.id == item_id))
    return Urgency(urgency or Urgency.NORMAL).rank


class Entry(Base):
    """An item in a box of a person; in TO_DO it is a task.

    `task` is the engine's task number (as text) or what the source calls it; empty in STARTED and TRACKED. `is_latest`
    marks, among the done entries of one person for one item and box, the one that lists show. `person` is the approver
    by right; `acted_by` the deputy who did it in her name. `is_batchable`: its node is marked safe for batch approval.
    `rank` is that of the item's urgency, kept here so that the first page of a long list is read from the index alone.
    """

    __tablename__ = "documents_entry"
    __table_args__ = (
        UniqueConstraint("item_id", "person_id", "box", "task"),
        Index(
            "ix_documents_entry_person_box", "person_id", "box", "state", "is_latest", "rank", "arrived_at"
        ),
        Index("ix_documents_entry_state_due_at", "state", "due_at"),
        Index("ix_documents_entry_arrived_at", "arrived_at"),
    )

    id: Mapped[Identifier]
    item_id: Mapped[int] = mapped_column(ForeignKey("documents_item.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    box: Mapped[Box] = mapped_column(String(16))
    state: Mapped[EntryState] = mapped_column(String(16), default=EntryState.OPEN)
    is_latest: Mapped[bool] = mapped_column(default=True)
    rank: Mapped[int] = mapped_column(default=_rank_of_item)
    task: Mapped[str] = mapped_column(String(64), default="")
    node: Mapped[str] = mapped_column(String(64), default="")
    step: Mapped[str] = mapped_column(String(STEP_LENGTH), default="")
    sender_name: Mapped[str] = mapped_column(String(64), default="")
    is_batchable: Mapped[bool] = mapped_column(default=False)
    arrived_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    act: Mapped[str] = mapped_column(String(16), default="")
    acted_by_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"))
    working_minutes: Mapped[int | None]
    reminded: Mapped[int] = mapped_column(default=0)

    item: Mapped[Item] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
