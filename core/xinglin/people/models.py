"""Tables of people. `core_person_facet` is derived from the others in the same transaction."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from xinglin.crypto.columns import BlindIndex, EncryptedJson, EncryptedText
from xinglin.kernel.orm import Base, Identifier, PublicId

SOURCE_IMPORT = "import"
SOURCE_WECOM = "wecom"


class PersonState(enum.StrEnum):
    """Only an active person may log in or receive messages."""

    ACTIVE = "active"
    DISABLED = "disabled"
    LEFT = "left"


class Unreachable(enum.StrEnum):
    """Why an active person gets no message through WeCom (`Person.unreachable_reason`)."""

    NO_ACCOUNT = "no_account"
    NOT_IN_WECOM = "not_in_wecom"
    NOT_ACTIVATED = "not_activated"
    DISABLED_IN_WECOM = "disabled_in_wecom"
    UNLICENSED = "unlicensed"


SHUT_OUT = (Unreachable.NOT_IN_WECOM, Unreachable.DISABLED_IN_WECOM)
"""Whom WeCom does not let in any more: a login through it is no longer worth anything."""


class Department(Base):
    """A node of the organisation tree; `path` is `/1/12/40/`, ids from the root down to itself."""

    __tablename__ = "core_department"

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    code: Mapped[str] = mapped_column(String(64), unique=True)
    wecom_id: Mapped[int | None] = mapped_column(unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("core_department.id"), index=True)
    path: Mapped[str] = mapped_column(String(255), index=True, default="/")
    name: Mapped[str] = mapped_column(String(64))
    name_en: Mapped[str] = mapped_column(String(128), default="")
    campus: Mapped[str] = mapped_column(String(64), default="")
    sort_order: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    source: Mapped[str] = mapped_column(String(16), default=SOURCE_IMPORT)


class Person(Base):
    """One human being who works here. `staff_no` never changes; `wecom_userid` maps 1:1 and is compared in lower case.

    `pinyin` and `initials` hold every reading of the name, apart by spaces, the usual one first.
    `source` says which list the person is on: only that list may declare that the person left.
    """

    __tablename__ = "core_person"
    __table_args__ = (Index("ix_core_person_state_name", "state", "name"),)

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    staff_no: Mapped[str] = mapped_column(String(64), unique=True)
    wecom_userid: Mapped[str | None] = mapped_column(String(64))
    wecom_userid_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    pinyin: Mapped[str] = mapped_column(String(255), default="")
    initials: Mapped[str] = mapped_column(String(64), default="")
    title: Mapped[str] = mapped_column(String(64), default="")
    position: Mapped[str] = mapped_column(String(128), default="")
    mobile = EncryptedText()
    mobile_index = BlindIndex("mobile")
    email = EncryptedText()
    state: Mapped[PersonState] = mapped_column(String(16), default=PersonState.ACTIVE)
    source: Mapped[str] = mapped_column(String(16), default=SOURCE_IMPORT)
    is_reachable: Mapped[bool] = mapped_column(default=True)
    unreachable_reason: Mapped[str] = mapped_column(String(64), default="")
    confirmed_at: Mapped[datetime | None]
    locale: Mapped[str] = mapped_column(String(8), default="zh_CN")
    has_large_text: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    memberships: Mapped[list[Membership]] = relationship(
        back_populates="person", cascade="all, delete-orphan", order_by="Membership.sort_order"
    )


class Membership(Base):
    """A person in a department; one of them is the primary one."""

    __tablename__ = "core_membership"

    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id", ondelete="CASCADE"), primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("core_department.id"), primary_key=True, index=True)
    is_primary: Mapped[bool] = mapped_column(default=False)
    is_leader: Mapped[bool] = mapped_column(default=False)
    sort_order: Mapped[int] = mapped_column(default=0)

    person: Mapped[Person] = relationship(back_populates="memberships")
    department: Mapped[Department] = relationship()


class Role(Base):
    """A role of work, such as nurse (护士): key is what audiences and imports name."""

    __tablename__ = "core_role"

    id: Mapped[Identifier]
    key: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)


class PersonRole(Base):
    __tablename__ = "core_person_role"

    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id", ondelete="CASCADE"), primary_key=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("core_role.id"), primary_key=True, index=True)


class Tag(Base):
    """A free label on persons, here or in WeCom."""

    __tablename__ = "core_tag"

    id: Mapped[Identifier]
    name: Mapped[str] = mapped_column(String(64), unique=True)
    wecom_id: Mapped[int | None] = mapped_column(unique=True)


class PersonTag(Base):
    __tablename__ = "core_person_tag"

    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("core_tag.id"), primary_key=True, index=True)


class PersonFacet(Base):
    """What an audience term can match: `*`, `p:<id>`, `d:<department>` (own), `D:<department>` (own or above), `r:<role>`, `t:<tag>`.

    All are ids. Only an active person has facets, so whoever joins this table reaches nobody else.
    """

    __tablename__ = "core_person_facet"
    __table_args__ = (Index("ix_core_person_facet_facet_person_id", "facet", "person_id"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id", ondelete="CASCADE"), primary_key=True)
    facet: Mapped[str] = mapped_column(String(32), primary_key=True)


class Audience(Base):
    """A stored rule of who may see a thing (知悉范围)."""

    __tablename__ = "core_audience"

    id: Mapped[Identifier]
    created_at: Mapped[datetime]


class AudienceTerm(Base):
    """One include or exclude term of an audience, in the words of `PersonFacet.facet`."""

    __tablename__ = "core_audience_term"
    __table_args__ = (UniqueConstraint("audience_id", "facet", "is_exclusion"),)

    id: Mapped[Identifier]
    audience_id: Mapped[int] = mapped_column(ForeignKey("core_audience.id", ondelete="CASCADE"))
    facet: Mapped[str] = mapped_column(String(32), index=True)
    is_exclusion: Mapped[bool] = mapped_column(default=False)


class ImportRun(Base):
    """One applied import or sync: the differences it made, so that it can be undone."""

    __tablename__ = "core_import_run"

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    source: Mapped[str] = mapped_column(String(255))
    digest: Mapped[str] = mapped_column(String(64))
    applied_at: Mapped[datetime]
    applied_by: Mapped[str] = mapped_column(String(128))
    changes = EncryptedJson()
    undone_at: Mapped[datetime | None]
