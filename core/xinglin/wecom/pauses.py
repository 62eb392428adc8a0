"""APIs of WeCom that every process leaves alone for a while, and the alerts that go with it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from xinglin.audit.service import Actor, AuditTrail
from xinglin.wecom.errors import CURES, Action, WeComError
from xinglin.wecom.models import WeComPause

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from xinglin.crypto.service import Keyring
    from xinglin.kernel.db import Database
    from xinglin.types import Clock

FIRST_PAUSE = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(hours=1)
FORGIVEN_AFTER = timedelta(minutes=10)
logger = logging.getLogger(__name__)


def growing(first: timedelta, count: int, longest: timedelta) -> timedelta:
    """`first`, then twice as long with every further `count`, at most `longest`."""
    return min(longest, first * (1 << min(max(count - 1, 0), 16)))


class PauseBook:
    """The pauses, shared over the database: 60 s (WeCom's shortest window), longer when it happens again."""

    def __init__(self, database: Database, clock: Clock, keyring: Keyring) -> None:
        self._database = database
        self._clock = clock
        self._keyring = keyring

    def until(self, api: str) -> datetime | None:
        """When `api` may be called again; None = now."""
        with self._database.read_session() as session:
            until = session.scalar(select(WeComPause.until).where(WeComPause.api == api))
        return until if until is not None and until > self._clock.now() else None

    def check(self, api: str) -> None:
        """Raise `WeComError(PAUSE)` while `api` is paused."""
        until = self.until(api)
        if until is not None:
            raise WeComError(None, Action.PAUSE, f"paused until {until.isoformat()}", api=api)

    def pause(self, error: WeComError) -> None:
        """Pause the API of this error. Several workers that hear the same error make one pause and one alert."""
        with self._database.session() as session:
            row = self._row(session, error.api)
            now = self._clock.now()
            if row.until > now:
                return
            row.strikes = row.strikes + 1 if row.strikes and now - row.until < FORGIVEN_AFTER else 1
            row.until = now + growing(FIRST_PAUSE, row.strikes, LONGEST_PAUSE)
            row.reason = str(error)[:255]
            self._alert(session, error)

    def alert(self, error: WeComError) -> None:
        """Record the error for the administrator without a pause."""
        with self._database.session() as session:
            self._alert(session, error)

    def _row(self, session: Session, api: str) -> WeComPause:
        query = select(WeComPause).where(WeComPause.api == api).with_for_update()
        row = session.scalar(query)
        if row is not None:
            return row
        try:
            with session.begin_nested():
                session.add(WeComPause(api=api, until=self._clock.now(), strikes=0, reason=""))
        except IntegrityError:
            logger.debug("another process paused %s at the same moment", api)
        return session.scalars(query).one()

    def _alert(self, session: Session, error: WeComError) -> None:
        cure = CURES.get(error.code or 0, "")
        logger.error("%s. Cure: %s", error, cure or "see the message of WeCom")
        record_alert(session, self._clock, self._keyring, error)


def record_alert(session: Session, clock: Clock, keyring: Keyring, error: WeComError) -> None:
    """One audit record "wecom.alert" with code, text and cure."""
    trail = AuditTrail(session, Actor.system("wecom"), clock, keyring)
    after = {"code": error.code, "message": error.message[:255], "cure": CURES.get(error.code or 0, "")}
    trail.record("wecom.alert", "wecom_api", error.api, after=after, result="alert")
