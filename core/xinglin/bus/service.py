"""Publishing domain events: the row commits with the act; the worker tells the plugins afterwards."""

from __future__ import annotations

from sqlalchemy.orm import Session

from xinglin.bus.models import OutboxEvent
from xinglin.types import Event


def publish(session: Session, event: Event) -> None:
    """Write `event` into the outbox of this transaction."""
    session.add(
        OutboxEvent(
            name=event.name,
            subject_id=event.subject_id,
            at=event.at,
            data=dict(event.data),
            retry_at=event.at,
        )
    )
