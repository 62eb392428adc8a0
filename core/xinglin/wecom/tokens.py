"""Tokens and tickets, one for all processes: a cold cache or a refused token costs exactly one fetch.

Within a process a lock lets one thread ask; between processes a lease row, taken by compare-and-swap in
a short transaction, lets one process ask. The network call itself runs outside any transaction.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, or_, update
from sqlalchemy.exc import IntegrityError

from xinglin.crypto.service import SealBroken
from xinglin.wecom.errors import Action, WeComError
from xinglin.wecom.models import WeComToken
from xinglin.wecom.pauses import growing, record_alert

if TYPE_CHECKING:
    from xinglin.crypto.service import Keyring
    from xinglin.kernel.db import Database
    from xinglin.types import Clock

EARLY = timedelta(seconds=60)
LEASE = timedelta(seconds=15)
FIRST_REFUSAL = timedelta(seconds=60)
LONGEST_REFUSAL = timedelta(hours=1)
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Fetched:
    """What a fetch brought: the value and its life in seconds."""

    value: str
    expires_in: int


@dataclass(frozen=True)
class Token:
    """A token to use. On probation = WeCom refused its predecessor; tell `confirm` or `refuse` how it went."""

    value: str
    is_on_probation: bool


@dataclass(frozen=True)
class _Known:
    token: Token
    expires_at: datetime


def token_key(corp_id: str, secret: str, kind: str = "access_token") -> str:
    """The key of a token: the whole secret counts, so two apps never share one; 64 hex digits."""
    return hashlib.sha256(f"{corp_id}\0{secret}\0{kind}".encode()).hexdigest()


class TokenStore:
    """Safe for threads and processes. All times are the injected clock's, in UTC."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        clock: Clock,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._sleep = sleep
        self._known: dict[str, _Known] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._locks_lock = threading.Lock()

    def get(self, key: str, fetch: Callable[[float], Fetched], *, seconds: float = 5.0) -> Token:
        """The token of `key`; `fetch(seconds)` is called when nobody has one. Raises `WeComError`.

        While WeCom refuses us, raises STOP without asking: first for 60 s, then twice as long each time.
        """
        ends = time.monotonic() + seconds
        lock = self._lock_of(key)
        if not lock.acquire(timeout=max(seconds, 0.01)):
            raise WeComError(
                None, Action.RETRY, "another thread is still asking for the token", api="gettoken"
            )
        try:
            known = self._known.get(key)
            if known is not None and known.expires_at - EARLY > self._clock.now():
                return known.token
            return self._shared(key, fetch, ends)
        finally:
            lock.release()

    def refused_until(self, key: str) -> datetime | None:
        """Until when nobody asks for this token because WeCom refused us; None = it is not refused."""
        with self._database.read_session() as session:
            row = session.get(WeComToken, key)
        until = _refused_until(row) if row is not None else None
        return until if until is not None and until > self._clock.now() else None

    def drop(self, key: str, value: str) -> None:
        """WeCom refused `value`: forget it, unless another worker has replaced it meanwhile."""
        self._known.pop(key, None)
        with self._database.session() as session:
            row = session.get(WeComToken, key, with_for_update=True)
            if row is not None and row.doubted_at is None and self._open(row) == value:
                row.value_sealed = None
                row.doubted_at = self._clock.now()

    def confirm(self, key: str) -> None:
        """A call with a token on probation succeeded."""
        known = self._known.get(key)
        if known is not None:
            self._known[key] = _Known(Token(known.token.value, is_on_probation=False), known.expires_at)
        clean = {"doubted_at": None, "refused_at": None, "refused_count": 0, "refused_reason": ""}
        self._update(WeComToken.key == key, **clean)

    def refuse(self, key: str, value: str, error: WeComError) -> WeComError:
        """WeCom refused a fresh token too: wait before the next fetch, alert once. Returns the error to raise."""
        stop = WeComError(
            error.code, Action.STOP, f"refused again after a refresh: {error.message}", api=error.api
        )
        self._known.pop(key, None)
        with self._database.session() as session:
            row = session.get(WeComToken, key, with_for_update=True)
            if row is not None and self._open(row) == value:
                self._refuse_row(row, stop)
                record_alert(session, self._clock, self._keyring, stop)
        return stop

    def _refuse_row(self, row: WeComToken, error: WeComError) -> None:
        row.value_sealed = None
        row.lease_until = None
        row.refused_at = self._clock.now()
        row.refused_count += 1
        row.refused_reason = str(error)[:255]

    def _lock_of(self, key: str) -> threading.Lock:
        with self._locks_lock:
            return self._locks.setdefault(key, threading.Lock())

    def _shared(self, key: str, fetch: Callable[[float], Fetched], ends: float) -> Token:
        while True:
            token = self._stored(key)
            if token is not None:
                return token
            holder = secrets.token_hex(16)
            if self._take_lease(key, holder):
                return self._fetch(key, holder, fetch, ends)
            if time.monotonic() > ends:
                raise WeComError(None, Action.RETRY, "another process is still asking for it", api="gettoken")
            self._sleep(POLL_SECONDS)

    def _stored(self, key: str) -> Token | None:
        with self._database.read_session() as session:
            row = session.get(WeComToken, key)
        if row is None:
            return None
        now = self._clock.now()
        if row.value_sealed is not None and row.expires_at is not None and row.expires_at - EARLY > now:
            value = self._open(row)
            if value is None:
                self._update(
                    WeComToken.key == key, WeComToken.value_sealed == row.value_sealed, value_sealed=None
                )
                return None
            return self._remember(row, value, row.expires_at)
        until = _refused_until(row)
        if until is not None and now < until:
            text = f"not asking before {until.isoformat()}: {row.refused_reason}"
            raise WeComError(None, Action.STOP, text, api="gettoken")
        return None

    def _remember(self, row: WeComToken, value: str, expires_at: datetime) -> Token:
        token = Token(value, is_on_probation=row.doubted_at is not None or row.refused_count > 0)
        self._known[row.key] = _Known(token, expires_at)
        return token

    def _take_lease(self, key: str, holder: str) -> bool:
        now = self._clock.now()
        self._make_row(key)
        is_stale = or_(
            WeComToken.value_sealed.is_(None),
            WeComToken.expires_at.is_(None),
            WeComToken.expires_at <= now + EARLY,
        )
        is_free = or_(WeComToken.lease_until.is_(None), WeComToken.lease_until <= now)
        return self._update(
            WeComToken.key == key, is_stale, is_free, lease_holder=holder, lease_until=now + LEASE
        )

    def _make_row(self, key: str) -> None:
        with self._database.read_session() as session:
            if session.get(WeComToken, key) is not None:
                return
        try:
            with self._database.session() as session:
                session.add(WeComToken(key=key))
        except IntegrityError:
            return  # another process made it at the same moment: all we want is that it exists

    def _fetch(self, key: str, holder: str, fetch: Callable[[float], Fetched], ends: float) -> Token:
        try:
            fetched = fetch(max(ends - time.monotonic(), 0.5))
        except WeComError as error:
            self._give_up(key, holder, error)
            raise
        with self._database.session() as session:
            row = session.get_one(WeComToken, key, with_for_update=True)
            expires_at = self._clock.now() + timedelta(seconds=fetched.expires_in)
            if row.lease_holder == holder:
                row.value_sealed = self._keyring.seal(fetched.value.encode(), context=_context(key))
                row.expires_at = expires_at
                row.lease_until = None
        return self._remember(row, fetched.value, expires_at)

    def _give_up(self, key: str, holder: str, error: WeComError) -> None:
        with self._database.session() as session:
            row = session.get_one(WeComToken, key, with_for_update=True)
            if row.lease_holder != holder:
                return
            row.lease_until = None
            if error.action is Action.STOP:
                self._refuse_row(row, error)
                record_alert(session, self._clock, self._keyring, error)

    def _open(self, row: WeComToken) -> str | None:
        if row.value_sealed is None:
            return None
        try:
            return self._keyring.open(row.value_sealed, context=_context(row.key)).decode()
        except SealBroken:
            return None  # sealed under a lost key: as good as none, WeCom gives another

    def _update(self, *where: ColumnElement[bool], **values: object) -> bool:
        with self._database.session() as session:
            result = session.connection().execute(update(WeComToken).where(*where).values(**values))
            return result.rowcount == 1


def _refused_until(row: WeComToken) -> datetime | None:
    if row.refused_at is None:
        return None
    return row.refused_at + growing(FIRST_REFUSAL, row.refused_count, LONGEST_REFUSAL)


def _context(key: str) -> str:
    return f"core_wecom_token.value_sealed:{key}"
