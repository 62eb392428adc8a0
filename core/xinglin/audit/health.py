"""Whether records are sealed in time: a line of the health page, and a watch that raises the alarm by itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from xinglin.audit import sealing
from xinglin.audit.faults import RECORDED
from xinglin.audit.sealing import LATE
from xinglin.audit.service import Actor, AuditTrail
from xinglin.types import HealthCheck

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from xinglin.audit.sealing import SealingContext
    from xinglin.types import Clock

LOOK_SECONDS = 30.0
logger = logging.getLogger(__name__)


def late_since(session: Session, now: datetime) -> datetime | None:
    """Since when records have not been sealed though they should be, in UTC; None when all is well."""
    waiting = sealing.unsealed_since(session)
    if waiting is not None and now - waiting > LATE:
        return waiting
    last = sealing.last_seal(session)
    is_silent = last is not None and now - last.made_at > sealing.EMPTY_EVERY + LATE
    return last.made_at if last is not None and is_silent else None


def health(session: Session, clock: Clock) -> list[HealthCheck]:
    """Not well when a record has waited for its seal for more than two minutes, or no seal was made in a quiet time."""
    since = late_since(session, clock.now())
    if since is None:
        return [HealthCheck("audit sealing", True, "records are sealed in time")]
    cure = "is the worker running? does a transaction hang? see the log of the worker"
    return [
        HealthCheck("audit sealing", False, f"nothing is sealed since {since:%Y-%m-%d %H:%M:%S} UTC", cure)
    ]


class Watch:
    """Looks from outside the worker: one line in the log and one record when sealing stops, and when it goes on."""

    def __init__(self, context: SealingContext) -> None:
        self._context = context
        self._alarmed: datetime | None = None

    def look(self) -> None:
        """Compare with what was seen before; a database that is away is looked at again the next time."""
        try:
            with self._context.database.read_session() as session:
                since = late_since(session, self._context.clock.now())
            if since is not None and self._alarmed is None:
                self._say("audit.sealing_stopped", since, "error")
                logger.error(
                    "audit records are not sealed since %s UTC. Cure: is the worker running? see its log",
                    f"{since:%Y-%m-%d %H:%M:%S}",
                    extra=RECORDED,
                )
            elif since is None and self._alarmed is not None:
                self._say("audit.sealing_resumed", self._alarmed, "ok")
                logger.warning("audit records are sealed again")
        except SQLAlchemyError as error:
            logger.warning("the audit seals cannot be looked at: %s", type(error).__name__)
            return
        self._alarmed = since and (self._alarmed or since)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Look every half minute in a thread of its own."""
        stopped = threading.Event()
        thread = threading.Thread(target=self._run, args=(stopped,), name="audit-watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.set()

    def _run(self, stopped: threading.Event) -> None:
        while not stopped.wait(LOOK_SECONDS):
            self.look()

    def _say(self, action: str, since: datetime, result: str) -> None:
        context = self._context
        with context.database.session() as session:
            trail = AuditTrail(session, Actor.system("supervisor"), context.clock, context.keyring)
            trail.record(action, "audit", after={"since": since.isoformat()}, result=result)
