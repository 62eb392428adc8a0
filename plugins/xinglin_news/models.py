"""Tables of news. A notice is seen only through `service.reading`, which asks the audience."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from xinglin.api.db import Base, Identifier, PublicId
from xinglin.api.files import StoredFile
from xinglin.api.people import Audience, Department, Person

TITLE_LENGTH = 60
BODY_LENGTH = 50_000
MOST_ATTACHMENTS = 20


class Reach(enum.StrEnum):
    """Whom a notice of the column may address: anyone here, or only people of the departments of the author's grant."""

    HOSPITAL = "hospital"
    OWN_DEPARTMENTS = "own_departments"


class NoticeState(enum.StrEnum):
    """draft → (scheduled →) published → withdrawn → draft again."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Returned(enum.StrEnum):
    """Why a scheduled notice went back to draft instead of being published."""

    GRANT_ENDED = "grant_ended"
    AUTHOR_LEFT = "author_left"
    OUTSIDE_REACH = "outside_reach"
    NOT_READY = "not_ready"


class Column(Base):
    """A column (栏目), such as 通知公告. Messages of a must-read column cannot be muted."""

    __tablename__ = "news_column"

    id: Mapped[Identifier]
    key: Mapped[str] = mapped_column(String(32), unique=True)
    title: Mapped[str] = mapped_column(String(32))
    title_en: Mapped[str] = mapped_column(String(64), default="")
    reach: Mapped[Reach] = mapped_column(String(16))
    is_must_read: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    sort_order: Mapped[int] = mapped_column(default=0)

    def title_in(self, locale: str) -> str:
        """The title in the reader's language, as far as there is one."""
        return self.title_en if locale == "en" and self.title_en else self.title


class Notice(Base):
    """A notice. `body` is sanitised HTML, `text` the same without marks, for search and previews.

    `version` counts saves: two editors cannot overwrite each other.
    """

    __tablename__ = "news_notice"
    __table_args__ = (
        Index("ix_news_notice_state_published_at", "state", "published_at"),
        Index("ix_news_notice_state_publish_at", "state", "publish_at"),
    )

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    column_id: Mapped[int] = mapped_column(ForeignKey("news_column.id"), index=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("core_department.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), index=True)
    audience_id: Mapped[int | None] = mapped_column(ForeignKey("core_audience.id"), index=True)
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[NoticeState] = mapped_column(String(16), default=NoticeState.DRAFT)
    returned: Mapped[Returned | None] = mapped_column(String(16))
    undeliverable_count: Mapped[int] = mapped_column(default=0)
    publish_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    column: Mapped[Column] = relationship()
    department: Mapped[Department] = relationship()
    author: Mapped[Person] = relationship()
    audience: Mapped[Audience | None] = relationship()
    pictures: Mapped[list[Picture]] = relationship(
        order_by="Picture.id", cascade="all, delete-orphan", back_populates="notice"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration

    @property
    def is_published(self) -> bool:
        return self.state == NoticeState.PUBLISHED


class Picture(Base):
    """A picture of a notice; the first one is its cover."""

    __tablename__ = "news_picture"

    id: Mapped[Identifier]
    notice_id: Mapped[int] = mapped_column(ForeignKey("news_notice.id", ondelete="CASCADE"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("core_stored_file.id"), unique=True)

    notice: Mapped[Notice] = relationship(back_populates="pictures")
    file: Mapped[StoredFile] = relationship()


class Attachment(Base):
    """A file of a notice that readers open beside the text, in the order of `position` (from 1)."""

    __tablename__ = "news_attachment"

    id: Mapped[Identifier]
    notice_id: Mapped[int] = mapped_column(ForeignKey("news_notice.id", ondelete="CASCADE"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("core_stored_file.id"), unique=True)
    position: Mapped[int]

    file: Mapped[StoredFile] = relationship()


class Read(Base):
    """The first opening of a notice by a person."""

    __tablename__ = "news_read"

    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id", ondelete="CASCADE"), primary_key=True)
    notice_id: Mapped[int] = mapped_column(
        ForeignKey("news_notice.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    read_at: Mapped[datetime]


class Reminder(Base):
    """The one reminder of a notice: the primary key makes a second one impossible."""

    __tablename__ = "news_reminder"

    notice_id: Mapped[int] = mapped_column(ForeignKey("news_notice.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    reminded_at: Mapped[datetime]
    count: Mapped[int]
