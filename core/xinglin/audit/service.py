"""Writing the audit trail: one row per act, in the transaction of the act, bound by a keyed MAC."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from xinglin.audit.models import AuditRecord
from xinglin.crypto.service import Keyring
from xinglin.types import Clock

PURPOSE = "audit row"
BOUND = (
    "event_id",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "session_id",
    "ip",
    "request_id",
    "action",
    "object_kind",
    "object_id",
    "result",
    "details",
)


@dataclass(frozen=True)
class Actor:
    """Who acts: a person, an administrator, the command line, the system itself, or nobody known."""

    kind: str
    id: str
    name: str
    session_id: str = ""
    ip: str = ""
    request_id: str = ""

    @classmethod
    def system(cls, name: str) -> Actor:
        return cls("system", name, name)


class AuditTrail:
    """Records acts of one actor in one session. What is recorded commits, or vanishes, with the act."""

    def __init__(self, session: Session, actor: Actor, clock: Clock, keyring: Keyring) -> None:
        self._session = session
        self._actor = actor
        self._clock = clock
        self._keyring = keyring

    @property
    def actor(self) -> Actor:
        return self._actor

    def acting_as(self, actor: Actor) -> AuditTrail:
        """The same trail for another actor, such as the person who has just logged in."""
        return AuditTrail(self._session, actor, self._clock, self._keyring)

    def record(
        self,
        action: str,
        object_kind: str = "",
        object_id: str | int = "",
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        result: str = "ok",
    ) -> None:
        """Add one record, `action` = `area.verb`. `before` and `after` hold JSON values and no secrets."""
        details = {key: value for key, value in (("before", before), ("after", after)) if value is not None}
        row = AuditRecord(
            event_id=uuid.uuid4().hex,
            at=self._clock.now(),
            actor_kind=self._actor.kind,
            actor_id=self._actor.id,
            actor_name=self._actor.name,
            session_id=self._actor.session_id,
            ip=self._actor.ip,
            request_id=self._actor.request_id,
            action=action,
            object_kind=object_kind,
            object_id=str(object_id),
            result=result,
            details=json.dumps(details, ensure_ascii=False, sort_keys=True, default=str),
            key_id=self._keyring.key_id,
        )
        row.mac = mac_of(row, self._keyring)
        self._session.add(row)


def mac_of(row: AuditRecord, keyring: Keyring) -> str:
    """The MAC over all bound columns; the time is written in UTC with microseconds."""
    values = [_plain(getattr(row, name)) for name in BOUND]
    return keyring.mac(json.dumps(values, ensure_ascii=False).encode(), purpose=PURPOSE)


def _plain(value: Any) -> str:
    return (
        value.astimezone(UTC).isoformat(timespec="microseconds")
        if isinstance(value, datetime)
        else str(value)
    )
