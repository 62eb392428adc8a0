"""Failed logins, counted by account and by address."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from xinglin.access.addresses import subscriber_of
from xinglin.auth.models import LoginFailure
from xinglin.types import Clock

LONGEST_TYPED = 64


def as_typed(login: str) -> str:
    """What somebody typed as an account, fit for the audit trail: no control characters, at most 64 others."""
    plain = (letter for letter in login if unicodedata.category(letter)[0] != "C")
    return "".join(islice(plain, LONGEST_TYPED))


class FailureBook:
    """Counts in the database, so that all processes know the same. An address of IPv6 counts with its neighbours (/64)."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    def wait(
        self, login: str, ip: str, *, of_login: int, of_address: int, within: timedelta
    ) -> timedelta | None:
        """How long this account or address must wait, None = it may try."""
        since = self._clock.now() - within
        waits = [
            self._free_at(LoginFailure.login == login, of_login, since, within),
            self._free_at(LoginFailure.ip == subscriber_of(ip), of_address, since, within) if ip else None,
        ]
        found = [moment for moment in waits if moment is not None]
        return max(found) - self._clock.now() if found else None

    def note(self, login: str, ip: str) -> None:
        """Remember a failure."""
        self._session.add(LoginFailure(login=login, ip=subscriber_of(ip), at=self._clock.now()))
        self._session.flush()

    def forgive(self, login: str) -> None:
        """A right login empties the account's count; that of the address stays."""
        self._session.execute(delete(LoginFailure).where(LoginFailure.login == login))

    def forget_before(self, moment: datetime) -> int:
        """Delete what no rule looks at any more."""
        return int(self._session.execute(delete(LoginFailure).where(LoginFailure.at < moment)).rowcount)  # type: ignore[attr-defined]

    def _free_at(
        self, condition: ColumnElement[bool], most: int, since: datetime, within: timedelta
    ) -> datetime | None:
        """When the oldest of the last `most` failures leaves the window; None when there are fewer."""
        query = (
            select(LoginFailure.at)
            .where(condition, LoginFailure.at > since)
            .order_by(LoginFailure.at.desc())
            .offset(most - 1)
            .limit(1)
        )
        moment = self._session.scalar(query)
        return moment + within if moment is not None else None
