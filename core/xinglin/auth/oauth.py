"""A login at WeCom under way: the state that ties the answer to the browser that asked (RFC 6749, 10.12)."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.audit.service import AuditTrail
from xinglin.auth.errors import LoginRefused
from xinglin.auth.models import OAuthState
from xinglin.auth.sessions import Method, hash_token
from xinglin.people.models import Person, PersonState
from xinglin.types import Clock

_ = translator("core")
STATE_LIFETIME = timedelta(minutes=10)
STATE_BYTES = 24
LONGEST_PATH = 2048
UNSAFE_CHARACTERS = re.compile(r"[\x00-\x20\x7f-\x9f\\]")


@dataclass(frozen=True)
class Login:
    """What is known of a login under way. `is_used`: this browser has come back with it before."""

    next_path: str
    method: Method
    is_used: bool


def safe_next_path(path: str | None) -> str:
    r"""`path` if it leads to a page of this site outside /login, else the home page.

    Refused are other hosts in every spelling that a browser understands: //host, /\\host, a tab inside, a scheme.
    """
    if not path or len(path) > LONGEST_PATH or UNSAFE_CHARACTERS.search(path):
        return "/"
    if not path.startswith("/") or path.startswith("//"):
        return "/"
    place = urlsplit(path).path
    return "/" if place == "/login" or place.startswith("/login/") else path


class OAuthService:
    """States of logins, and the person behind a userid of WeCom."""

    def __init__(self, session: Session, clock: Clock, audit: AuditTrail) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit

    def start(self, browser: str, next_path: str | None, method: Method = "wecom") -> str:
        """A new state for this browser (its cookie's value): letters and digits, at most 128 bytes."""
        state = secrets.token_hex(STATE_BYTES)
        self._session.add(
            OAuthState(
                state_hash=hash_token(state),
                browser_hash=hash_token(browser),
                next_path=safe_next_path(next_path),
                method=method,
                created_at=self._clock.now(),
            )
        )
        self._session.flush()
        return state

    def look(self, state: str, browser: str) -> Login:
        """The login that `state` belongs to; raises `LoginRefused` if forged, of another browser, or too old."""
        row = self._session.get(OAuthState, hash_token(state))
        if row is None or not browser or row.browser_hash != hash_token(browser):
            raise LoginRefused(
                _("This login was not begun in this browser."), _("Log in again from here."), status=400
            )
        if row.created_at + STATE_LIFETIME <= self._clock.now():
            raise LoginRefused(
                _("This login took too long."), _("Log in again; you have ten minutes."), status=400
            )
        return Login(row.next_path, cast("Method", row.method), row.used_at is not None)

    def use(self, state: str) -> None:
        """Spend the state, once for all processes; raises `LoginRefused` when somebody was faster."""
        spent = self._session.execute(
            update(OAuthState)
            .where(OAuthState.state_hash == hash_token(state), OAuthState.used_at.is_(None))
            .values(used_at=self._clock.now())
        )
        if spent.rowcount != 1:  # type: ignore[attr-defined]
            raise already_used()

    def person_of(self, userid: str) -> Person | None:
        """The active person with this userid of WeCom, in any letter case; a refusal is audited."""
        person = self._session.scalar(select(Person).where(Person.wecom_userid_key == userid.lower()))
        if person is None:
            self._audit.record(
                "login.refuse", "wecom_userid", userid[:64], after={"reason": "unknown"}, result="denied"
            )
            return None
        if person.state != PersonState.ACTIVE:
            self._audit.record(
                "login.refuse",
                "person",
                person.public_id,
                after={"reason": str(person.state)},
                result="denied",
            )
        return person

    def forget_old(self) -> int:
        """Delete states that no login can use any more."""
        old = delete(OAuthState).where(OAuthState.created_at <= self._clock.now() - STATE_LIFETIME)
        return int(self._session.execute(old).rowcount)  # type: ignore[attr-defined]


def already_used() -> LoginRefused:
    """The answer to a state or code that comes a second time."""
    return LoginRefused(_("This login was already used."), _("Log in again."), status=400)


def unknown_person() -> LoginRefused:
    """WeCom knows the person, the hospital's list does not."""
    return LoginRefused(
        _("Your account is not known to the hospital yet."),
        _("Ask the information department (信息科) to add you."),
    )


def gone_person() -> LoginRefused:
    """The person was disabled or has left."""
    return LoginRefused(
        _("Your account is switched off."),
        _("If you still work here, ask the information department (信息科)."),
    )


def factory(context: Any, request: Any) -> OAuthService:
    return OAuthService(request.db, request.clock, request.audit)
