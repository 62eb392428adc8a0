"""Lines of the health page about the connection to WeCom."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from xinglin.types import HealthCheck
from xinglin.wecom.models import WeComCallback, WeComPause, WeComToken

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from xinglin.types import Clock

UNKNOWN_SHOWN_FOR = timedelta(days=7)
CALLBACK_LATE = timedelta(minutes=5)


def health(session: Session, clock: Clock) -> list[HealthCheck]:
    """Refused token, paused APIs, callbacks that wait, callbacks nobody knew in the last 7 days."""
    return [_token(session), _pauses(session, clock), _callbacks(session, clock), _unknown(session, clock)]


def _token(session: Session) -> HealthCheck:
    refused = session.scalars(select(WeComToken).where(WeComToken.refused_at.is_not(None))).all()
    if not refused:
        return HealthCheck("wecom token", True, "accepted")
    detail = "; ".join(row.refused_reason for row in refused)
    return HealthCheck(
        "wecom token", False, detail, "check wecom_corp_id, wecom_secret and the app in the console"
    )


def _pauses(session: Session, clock: Clock) -> HealthCheck:
    rows = session.scalars(select(WeComPause).where(WeComPause.until > clock.now())).all()
    if not rows:
        return HealthCheck("wecom pauses", True, "none")
    detail = "; ".join(f"{row.api} until {row.until:%H:%M:%S} UTC: {row.reason}" for row in rows)
    return HealthCheck(
        "wecom pauses", False, detail, "it goes on by itself; if it comes back, see the reason"
    )


def _callbacks(session: Session, clock: Clock) -> HealthCheck:
    count, oldest = session.execute(
        select(func.count(), func.min(WeComCallback.received_at)).where(WeComCallback.handled_at.is_(None))
    ).one()
    age = clock.now() - oldest if oldest else timedelta()
    dead = session.scalar(select(func.count()).where(WeComCallback.outcome.in_(("dead", "unreadable")))) or 0
    detail = f"{count} waiting, oldest {int(age.total_seconds())} s; {dead} given up"
    is_well = age <= CALLBACK_LATE and not dead
    cure = "" if is_well else "is the worker running? The log names each callback that was given up"
    return HealthCheck("wecom callbacks", is_well, detail, cure)


def _unknown(session: Session, clock: Clock) -> HealthCheck:
    since = clock.now() - UNKNOWN_SHOWN_FOR
    rows = session.execute(
        select(WeComCallback.event, func.count())
        .where(WeComCallback.outcome == "unknown", WeComCallback.received_at > since)
        .group_by(WeComCallback.event)
        .order_by(WeComCallback.event)
    )
    detail = ", ".join(f"{event} {count}×" for event, count in rows)
    return HealthCheck("wecom unknown events", True, detail or "none")
