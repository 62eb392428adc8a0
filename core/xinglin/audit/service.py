"""Writing the audit trail: one row per act, in the transaction of the act, sealed details, bound by a keyed MAC."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from xinglin.audit import canonical
from xinglin.audit.models import AuditRecord
from xinglin.audit.once import insert_records, insert_with_record
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import refuse_on_reader
from xinglin.kernel.orm import Base
from xinglin.types import Clock

PURPOSE = "audit row"


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
        act = Act(action, object_kind, str(object_id), result, details)
        write(self._session, [row_of(self._actor, act, self._clock.now(), self._keyring)])

    def insert_once(
        self, model: type[Base], action: str, object_kind: str, object_id: str | int, **values: object
    ) -> bool:
        """Insert a row of `model` and its record; False, and no record, when it is there already.

        For acts that a person does once, such as a receipt: a second tap, on another phone too, changes nothing.
        """
        act = Act(action, object_kind, str(object_id))
        record = row_of(self._actor, act, self._clock.now(), self._keyring)
        return insert_with_record(self._session, model, values, record)


@dataclass(frozen=True)
class Act:
    """What was done, to what, and how it ended."""

    action: str
    object_kind: str
    object_id: str
    result: str = "ok"
    details: Mapping[str, Any] = field(default_factory=dict)


def write(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of `row_of` at once, in the session's transaction. Raises in a request that only reads."""
    refuse_on_reader(session, AuditRecord.__name__)
    insert_records(session, rows)


def row_of(actor: Actor, act: Act, at: datetime, keyring: Keyring) -> dict[str, Any]:
    """The columns of one record, with its sealed details and its MAC."""
    event_id = _new_event_id(at)
    row: dict[str, Any] = {
        "event_id": event_id,
        "at": at,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "session_id": actor.session_id,
        "ip": actor.ip,
        "request_id": actor.request_id,
        "action": act.action,
        "object_kind": act.object_kind,
        "object_id": act.object_id,
        "result": act.result,
        "details": _sealed(act.details, event_id, keyring),
        "key_id": keyring.key_id,
    }
    texts = [canonical.moment(at) if name == "at" else row[name] for name in canonical.TEXTS]
    return {**row, "mac": mac_of(canonical.bound(texts, row["details"]), keyring)}


def mac_of(body: bytes, keyring: Keyring) -> str:
    """The MAC over what `canonical.bound` gives: the sealed details, so that checking opens nothing."""
    return keyring.mac(body, purpose=PURPOSE)


def details_of(record: AuditRecord, keyring: Keyring) -> str:
    """The details as JSON text; raises `SealBroken` when they were changed or belong to another event."""
    return open_details(record.event_id, record.details, keyring)


def open_details(event_id: str, sealed: bytes, keyring: Keyring) -> str:
    """As `details_of`, from the two columns alone."""
    return keyring.open(sealed, context=_context(event_id)).decode() if sealed else "{}"


def _sealed(details: Mapping[str, Any], event_id: str, keyring: Keyring) -> bytes:
    if not details:
        return b""
    plain = json.dumps(details, ensure_ascii=False, sort_keys=True, default=str)
    return keyring.seal(plain.encode(), context=_context(event_id))


def _context(event_id: str) -> str:
    return f"core_audit_record:{event_id}:details"


def _new_event_id(at: datetime) -> str:
    """Microseconds and 64 random bits, in hex: those made together lie together in the index."""
    return f"{int(at.timestamp() * 1_000_000):016x}{secrets.token_hex(8)}"
