"""Telling committed events to every enabled plugin: at least once each, in a savepoint of the plugin's own."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from pyramid_retry import IRetryableError
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.bus.models import EventTold, OutboxEvent
from xinglin.kernel.plugins import FAULTS, accepted, implementations
from xinglin.types import Event

if TYPE_CHECKING:
    from xinglin.kernel.worker import WorkerContext

BATCH = 50
MAX_ATTEMPTS = 10
logger = logging.getLogger(__name__)


def run_once(context: WorkerContext) -> int:
    """Tell the events that are due; how many were taken up."""
    with context.database.read_session() as session:
        if session.scalar(_due(context).with_only_columns(OutboxEvent.id).limit(1)) is None:
            return 0
    with context.database.session() as session:
        rows = session.scalars(_due(context).limit(BATCH).with_for_update(skip_locked=True)).all()
        for row in rows:
            _tell(context, session, row)
        return len(rows)


def _due(context: WorkerContext):  # type: ignore[no-untyped-def]  # noqa: ANN202
    waiting = (OutboxEvent.told_at.is_(None), OutboxEvent.retry_at <= context.clock.now())
    return select(OutboxEvent).where(*waiting).order_by(OutboxEvent.id)


def _tell(context: WorkerContext, session: Session, row: OutboxEvent) -> None:
    event = Event(row.name, row.subject_id, row.at, row.data)
    told = set(session.scalars(select(EventTold.plugin).where(EventTold.event_id == row.id)))
    failed = [
        name
        for name, function in implementations(context.plugins.manager, "xinglin_on_event")
        if name not in told and not _told_to(session, row, name, function, event)
    ]
    row.attempts += 1
    if not failed or row.attempts >= MAX_ATTEMPTS:
        row.told_at = context.clock.now()
        if failed:
            logger.error("event %s (%s) was given up for %s", event.name, row.id, ", ".join(failed))
    else:
        row.retry_at = context.clock.now() + timedelta(seconds=2**row.attempts)


def _told_to(session: Session, row: OutboxEvent, name: str, function, event: Event) -> bool:  # type: ignore[no-untyped-def]  # noqa: ANN001
    try:
        with session.begin_nested():
            accepted(function, event=event, session=session)
            session.add(EventTold(event_id=row.id, plugin=name))
    except FAULTS as error:
        if IRetryableError.providedBy(error):
            raise
        logger.exception("plugin %s failed on the event %s; it is told again later", name, event.name)
        return False
    return True
