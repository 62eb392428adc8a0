"""Tables of identity. Secrets are stored hashed (tokens, codes) or sealed (TOTP seeds), never plain."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from xinglin.crypto.columns import sealed_by_hand
from xinglin.kernel.orm import Base, Identifier, PublicId
from xinglin.people.models import Department, Person


class AdministratorRole(StrEnum):
    """Three powers that no one person holds together (GB/T 22239 level 3): running, protecting, watching."""

    SYSTEM = "system"
    SECURITY = "security"
    AUDIT = "audit"


class Administrator(Base):
    """A local account for break-glass and for the desktop tool: argon2id password and TOTP.

    `person_id` is the member of staff behind it, when there is one; `role_mac` binds the role, see `role_seal`.
    `last_used_at` is the last login, or when the account was made or switched on again.
    """

    __tablename__ = "core_administrator"

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    password_hash: Mapped[str] = mapped_column(String(255))
    totp_sealed: Mapped[bytes] = mapped_column(
        LargeBinary, info=sealed_by_hand("core_administrator:{public_id}:totp_sealed")
    )
    totp_last_step: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    role: Mapped[AdministratorRole] = mapped_column(String(16), default=AdministratorRole.SYSTEM)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    role_mac: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class LoginSession(Base):
    """A session of the portal (person) or of an administrator; the cookie's or bearer's hash is the key.

    `mac` binds whose it is and until when, see `session_seal`.
    """

    __tablename__ = "core_login_session"

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    administrator_id: Mapped[int | None] = mapped_column(ForeignKey("core_administrator.id"), index=True)
    method: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(String(32), default="")
    ip: Mapped[str] = mapped_column(String(64), default="")
    user_agent: Mapped[str] = mapped_column(String(255), default="")
    mac: Mapped[str] = mapped_column(String(64), default="")


class OAuthState(Base):
    """A login under way: single use, bound to the browser by a cookie, ten minutes."""

    __tablename__ = "core_oauth_state"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    next_path: Mapped[str] = mapped_column(String(2048))
    method: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class ConfirmationCode(Base):
    """The code of a first use, sent to the e-mail or mobile known to the hospital."""

    __tablename__ = "core_confirmation_code"

    id: Mapped[Identifier]
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(String(8))
    code_hash: Mapped[str] = mapped_column(String(64))
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class LoginFailure(Base):
    """A failed local login, for the lock-out by account and by address."""

    __tablename__ = "core_login_failure"
    __table_args__ = (
        Index("ix_core_login_failure_login_at", "login", "at"),
        Index("ix_core_login_failure_ip_at", "ip", "at"),
    )

    id: Mapped[Identifier]
    login: Mapped[str] = mapped_column(String(64))
    ip: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class Grant(Base):
    """A permission for a person, narrowed to an object and departments, until a day; no departments = none needed.

    `parent_grant_id` is the grant from which a person passed this one on: it ends at the latest with that one.
    `mac` binds what the grant allows, see `grant_seal`.
    """

    __tablename__ = "core_grant"

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), index=True)
    permission: Mapped[str] = mapped_column(String(64), index=True)
    object_key: Mapped[str | None] = mapped_column(String(64))
    can_pass_on: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[datetime | None]
    granted_at: Mapped[datetime]
    granted_by_administrator_id: Mapped[int | None] = mapped_column(ForeignKey("core_administrator.id"))
    granted_by_person_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    parent_grant_id: Mapped[int | None] = mapped_column(ForeignKey("core_grant.id"), index=True)
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str] = mapped_column(String(128), default="")
    mac: Mapped[str] = mapped_column(String(64), default="")

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    departments: Mapped[list[Department]] = relationship(secondary="core_grant_department")


class GrantDepartment(Base):
    """A department of a grant's scope; its children are included."""

    __tablename__ = "core_grant_department"

    grant_id: Mapped[int] = mapped_column(ForeignKey("core_grant.id", ondelete="CASCADE"), primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("core_department.id"), primary_key=True)
