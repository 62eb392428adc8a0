"""Tables of the OA behind: who is who there, what we asked it to do, and how it is. What it lists are `Item`s."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from xinglin.api.crypto import EncryptedText
from xinglin.api.db import Base, Identifier, PublicId
from xinglin.api.files import StoredFile


class OutsideOutcome(enum.StrEnum):
    """CALLING: begun, its outcome not known yet; UNKNOWN: no answer came, to be verified by reading before any retry."""

    CALLING = "calling"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"


class OutsideUser(Base):
    """The id of a person in the OA of a connector; never taken from a browser. None: the OA does not know her.

    `staff_no`: by which she was looked up at `found_at`. `known_at`: the moment of the last complete list; `counts` are
    those the OA gave then, by box. `looked_at`: when its lists were read, not only counted; `asked_at`: the last try.
    """

    __tablename__ = "documents_outside_user"
    __table_args__ = (UniqueConstraint("source", "oa_user_id"),)

    source: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), primary_key=True)
    oa_user_id: Mapped[str | None] = mapped_column(String(64))
    staff_no: Mapped[str] = mapped_column(String(64), default="")
    found_at: Mapped[datetime]
    known_at: Mapped[datetime | None] = mapped_column(index=True)
    looked_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]]


class OutsideAct(Base):
    """An act in the OA, written before it is called: the unique key makes doing it twice impossible."""

    __tablename__ = "documents_outside_act"
    __table_args__ = (
        UniqueConstraint(
            "source", "external_id", "person_id", "node", "visit", name="uq_documents_outside_act_visit"
        ),
    )

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    source: Mapped[str] = mapped_column(String(32))
    external_id: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), index=True)
    node: Mapped[str] = mapped_column(String(64))
    visit: Mapped[str] = mapped_column(String(64))
    act: Mapped[str] = mapped_column(String(16))
    remark = EncryptedText()
    outcome: Mapped[OutsideOutcome] = mapped_column(String(16))
    answer: Mapped[str] = mapped_column(String(255), default="")
    asked_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class OutsideSource(Base):
    """How the OA of a connector is: `known_at` is the moment of the last list it gave us."""

    __tablename__ = "documents_outside_source"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    known_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(String(255), default="")
    open_until: Mapped[datetime | None]
    marks: Mapped[dict[str, Any]]


class OutsideMark(Base):
    """The newest message that the OA sent about a document to a person: an older one must not undo it."""

    __tablename__ = "documents_outside_mark"

    source: Mapped[str] = mapped_column(String(32), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), primary_key=True)
    stamp: Mapped[int] = mapped_column(BigInteger)


class OutsideFile(Base):
    """A file of the OA that was fetched for a person into our store, where it is checked before she may read it."""

    __tablename__ = "documents_outside_file"

    source: Mapped[str] = mapped_column(String(32), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("core_stored_file.id"), index=True)
    fetched_at: Mapped[datetime] = mapped_column(index=True)

    file: Mapped[StoredFile] = relationship()
