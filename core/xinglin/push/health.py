"""Lines of the health page about messages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from xinglin.push.models import CallState, Delivery, DeliveryState, MessageCall
from xinglin.types import HealthCheck

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from xinglin.types import Clock

LATE = timedelta(minutes=10)
SHOWN_FOR = timedelta(days=7)
WAITING = (DeliveryState.QUEUED, DeliveryState.SENDING)


def health(session: Session, clock: Clock) -> list[HealthCheck]:
    """How many deliveries wait and since when; calls of the last 7 days that were refused or have no known end."""
    return [_queue(session, clock), _lost(session, clock)]


def _queue(session: Session, clock: Clock) -> HealthCheck:
    now = clock.now()
    count, oldest = session.execute(
        select(func.count(), func.min(Delivery.due_at)).where(
            Delivery.state.in_(WAITING), Delivery.due_at <= now
        )
    ).one()
    age = now - oldest if oldest else timedelta()
    is_well = age <= LATE
    cure = "" if is_well else "is the worker running, is WeCom paused, is the message's module switched off?"
    return HealthCheck("push queue", is_well, f"{count} due, oldest {int(age.total_seconds())} s", cure)


def _lost(session: Session, clock: Clock) -> HealthCheck:
    rows = session.execute(
        select(MessageCall.state, func.count(), func.max(MessageCall.error))
        .where(
            MessageCall.state.in_((CallState.DEAD, CallState.UNKNOWN)),
            MessageCall.finished_at > clock.now() - SHOWN_FOR,
        )
        .group_by(MessageCall.state)
    ).all()
    detail = "; ".join(f"{state}: {count} calls ({error})" for state, count, error in rows)
    cure = (
        "" if not rows else "the unreachable report of each message names the persons; tell them another way"
    )
    return HealthCheck("push dead letters", not rows, detail or "none", cure)
