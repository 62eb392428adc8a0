"""Login sessions: a random token in the browser, its hash in the database, an end that works at once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, cast

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from xinglin.audit.service import Actor, AuditTrail
from xinglin.auth import session_seal
from xinglin.auth.grant_seal import keyring_of
from xinglin.auth.models import Administrator, LoginSession
from xinglin.kernel.orm import new_public_id
from xinglin.kernel.settings import CoreSettings
from xinglin.people.models import Person
from xinglin.types import Clock

TOKEN_BYTES = 32
ADMINISTRATOR_LONGEST = timedelta(hours=8)
MOST_SESSIONS = 20
"""More sessions of one owner at once than anyone has devices: beginning another ends the oldest."""

Method = Literal["wecom", "qr", "code", "password", "api"]


class SessionTimes(Protocol):
    """The columns of `LoginSession` that say whether it is alive."""

    administrator_id: int | None
    last_seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Lifetimes:
    """`person`: from login to end. `administrator_idle`: from the last request; 8 hours from login at most."""

    person: timedelta
    administrator_idle: timedelta

    @classmethod
    def of(cls, settings: CoreSettings) -> Lifetimes:
        return cls(settings.session_phone, settings.session_admin)


@dataclass(frozen=True)
class Origin:
    """Where a session begins: the address and the browser, as far as known."""

    ip: str = ""
    user_agent: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class Begun:
    """A new session. The token goes to the browser and is nowhere stored."""

    token: str
    session_id: str
    expires_at: datetime


def hash_token(token: str) -> str:
    """What is stored of a token: SHA-256, enough for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_alive(row: SessionTimes | Any, now: datetime, lifetimes: Lifetimes) -> bool:
    """Not ended, not over its time, and (administrators) not idle for too long."""
    is_idle = row.administrator_id is not None and now - row.last_seen_at >= lifetimes.administrator_idle
    return row.ended_at is None and now < row.expires_at and not is_idle


class SessionService:
    """Begins, lists and ends sessions; each is audited under the name of its owner or of who acts."""

    def __init__(self, session: Session, clock: Clock, audit: AuditTrail, lifetimes: Lifetimes) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._lifetimes = lifetimes

    def begin_person(self, person: Person, method: Method, origin: Origin) -> Begun:
        """Log `person` in; the caller has checked that the person is active."""
        row, token = self._new_row(method, origin, self._lifetimes.person)
        row.person_id = person.id
        return self._begin(row, token, Actor("person", person.public_id, person.name), origin)

    def begin_administrator(self, administrator: Administrator, method: Method, origin: Origin) -> Begun:
        """Log `administrator` in: `password` for the web, `api` for a bearer token."""
        row, token = self._new_row(method, origin, ADMINISTRATOR_LONGEST)
        row.administrator_id = administrator.id
        actor = Actor("administrator", administrator.public_id, administrator.name)
        return self._begin(row, token, actor, origin)

    def list_of(self, person_id: int) -> Sequence[LoginSession]:
        """The living sessions of a person, the youngest first."""
        return self._living(LoginSession.person_id == person_id)

    def list_of_administrator(self, administrator_id: int) -> Sequence[LoginSession]:
        """The living sessions of an administrator, the youngest first."""
        return self._living(LoginSession.administrator_id == administrator_id)

    def method_of(self, session_id: str) -> Method:
        """How the session with this public id began."""
        query = select(LoginSession.method).where(LoginSession.public_id == session_id)
        return cast("Method", self._session.scalars(query).one())

    def end(self, session_id: str, reason: str, *, person_id: int | None = None) -> bool:
        """End the session with this public id (of that person, if given); False when there is none alive."""
        condition = LoginSession.public_id == session_id
        if person_id is not None:
            condition = and_(condition, LoginSession.person_id == person_id)
        return self._end_where(condition, reason) == 1

    def end_all_of(self, person_id: int, reason: str, *, but_not: str = "") -> int:
        """End every session of a person, `but_not` the one with that public id; returns how many ended."""
        return self._end_where(
            and_(LoginSession.person_id == person_id, LoginSession.public_id != but_not), reason
        )

    def end_all_of_administrator(self, administrator_id: int, reason: str) -> int:
        """End every session of an administrator; returns how many ended."""
        return self._end_where(LoginSession.administrator_id == administrator_id, reason)

    def touch(self, session_id: str) -> None:
        """Remember that the session was used just now."""
        self._session.execute(
            update(LoginSession)
            .where(LoginSession.public_id == session_id, LoginSession.ended_at.is_(None))
            .values(last_seen_at=self._clock.now())
        )

    def _new_row(self, method: Method, origin: Origin, longest: timedelta) -> tuple[LoginSession, str]:
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self._clock.now()
        row = LoginSession(
            public_id=new_public_id(),
            token_hash=hash_token(token),
            method=method,
            created_at=now,
            last_seen_at=now,
            expires_at=now + longest,
            ip=origin.ip[:64],
            user_agent=origin.user_agent[:255],
        )
        return row, token

    def _begin(self, row: LoginSession, token: str, owner: Actor, origin: Origin) -> Begun:
        session_seal.bind(row, owner.id, keyring_of(self._session))
        self._session.add(row)
        self._session.flush()
        actor = Actor(owner.kind, owner.id, owner.name, row.public_id, row.ip, origin.request_id)
        audit = self._audit.acting_as(actor)
        audit.record("session.begin", "session", row.public_id, after={"method": row.method})
        self._end_surplus(row)
        return Begun(token, row.public_id, row.expires_at)

    def _end_surplus(self, row: LoginSession) -> None:
        same_owner = (
            LoginSession.person_id == row.person_id
            if row.person_id is not None
            else LoginSession.administrator_id == row.administrator_id
        )
        for old in self._living(same_owner)[MOST_SESSIONS:]:
            self.end(old.public_id, "surplus")

    def _living(self, condition: ColumnElement[bool]) -> Sequence[LoginSession]:
        rows = self._session.scalars(
            select(LoginSession)
            .where(condition, LoginSession.ended_at.is_(None))
            .order_by(LoginSession.created_at.desc(), LoginSession.id.desc())
        )
        now = self._clock.now()
        return [row for row in rows if is_alive(row, now, self._lifetimes)]

    def _end_where(self, condition: ColumnElement[bool], reason: str) -> int:
        rows = self._living(condition)
        for row in rows:
            row.ended_at = self._clock.now()
            row.end_reason = reason[:32]
            self._audit.record("session.end", "session", row.public_id, after={"reason": reason})
        self._session.flush()
        return len(rows)


def factory(context: Any, request: Any) -> SessionService:
    return SessionService(request.db, request.clock, request.audit, Lifetimes.of(request.settings))
