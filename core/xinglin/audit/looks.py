"""What others did with a person's entry, for that person: PIPL art. 44, the right to know about the handling of one's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyramid.request import Request
from sqlalchemy import and_, func, not_, select
from sqlalchemy.orm import Session

from xinglin.audit.models import AuditRecord
from xinglin.auth.models import Administrator
from xinglin.types import Clock

SHOWN_FOR = timedelta(days=90)
PAGE = 20


@dataclass(frozen=True)
class Look:
    """One act of another; `at` in UTC, `action` = `area.verb`, `actor_kind` as of `Actor`.

    `role` is what an administrator may do, as of today; empty for others.
    """

    at: datetime
    actor_kind: str
    actor_name: str
    action: str
    role: str = ""


@dataclass(frozen=True)
class Looks:
    """A page of them, newest first."""

    found: list[Look]
    has_more: bool


class LookService:
    """Reads the trail, and only of one's own person; what the person did is not among it."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    def at(self, person: str, page: int = 1) -> Looks:
        """Acts of the last 90 days whose object is the person with this public id; pages count from 1."""
        own = and_(AuditRecord.actor_kind == "person", AuditRecord.actor_id == person)
        columns = (AuditRecord.at, AuditRecord.actor_kind, AuditRecord.actor_name, AuditRecord.action)
        is_actor = and_(
            AuditRecord.actor_kind == "administrator", AuditRecord.actor_id == Administrator.public_id
        )
        of_others = (
            select(*columns, func.coalesce(Administrator.role, ""))
            .outerjoin(Administrator, is_actor)
            .where(
                AuditRecord.object_kind == "person",
                AuditRecord.object_id == person,
                AuditRecord.at >= self._clock.now() - SHOWN_FOR,
                not_(own),
            )
        )
        newest = of_others.order_by(AuditRecord.id.desc()).offset((page - 1) * PAGE).limit(PAGE + 1)
        found = [Look(*row) for row in self._session.execute(newest)]
        return Looks(found[:PAGE], len(found) > PAGE)


def factory(context: Any, request: Request) -> LookService:
    return LookService(request.db, request.clock)
