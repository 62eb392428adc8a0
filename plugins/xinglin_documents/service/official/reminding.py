"""By the clock: owners of supervision tasks that are due within a day or late are reminded once a local day."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from xinglin.api.people import Person, PersonState
from xinglin.api.push import PushService
from xinglin.types import Clock
from xinglin_documents.models import Supervision, SupervisionState
from xinglin_documents.push import URGE

AHEAD = timedelta(days=1)
FIRST_HOUR = 8
"""Nobody is reminded of paper before the day begins; local time."""
SOON_TITLE, LATE_TITLE = "督办任务即将到期", "督办任务已逾期"
TEXT = "请尽快办理并反馈"


def remind(session: Session, clock: Clock, push: PushService, zone: ZoneInfo) -> int:
    """How many were reminded. Of late tasks, who set them is told as well."""
    now = clock.now()
    local = now.astimezone(zone)
    if local.hour < FIRST_HOUR:
        return 0
    today = local.replace(hour=0, minute=0, second=0, microsecond=0)
    query = (
        select(Supervision)
        .join(Person, Person.id == Supervision.owner_id)
        .where(
            Supervision.state == SupervisionState.OPEN,
            Supervision.due_at < now + AHEAD,
            or_(Supervision.reminded_at.is_(None), Supervision.reminded_at < today),
            Person.state == PersonState.ACTIVE,
        )
        .with_for_update(skip_locked=True, of=Supervision)
    )
    rows = session.scalars(query).all()
    for row in rows:
        is_late = row.due_at < now
        row.reminded_at = now
        push.enqueue(
            URGE,
            row.public_id,
            sorted({row.owner_id, row.set_by_id}) if is_late else [row.owner_id],
            title=LATE_TITLE if is_late else SOON_TITLE,
            description=TEXT,
            path=f"/documents/supervision/{row.public_id}",
            dedupe_key=f"documents.supervision:{row.id}:{today:%Y-%m-%d}",
        )
    session.flush()
    return len(rows)
