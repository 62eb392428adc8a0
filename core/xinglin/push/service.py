"""Writing messages into the outbox, and asking what became of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    bindparam,
    exists,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from xinglin.kernel.db import ask
from xinglin.people.audience import AudienceService
from xinglin.people.models import Audience, Person
from xinglin.push import preferences, report
from xinglin.push.cards import CARD_LENGTH, settle
from xinglin.push.handlers import NamedHandler, tell
from xinglin.push.models import CallState, Delivery, DeliveryState, Message, MessageCall
from xinglin.push.preferences import Preferences
from xinglin.push.report import DeliveryCounts, UnreachablePerson
from xinglin.types import Clock, PushKind, PushStateChange
from xinglin.wecom.texts import cut

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from xinglin.audit.service import AuditTrail

TITLE_LENGTH = 128
DESCRIPTION_LENGTH = 512
OPENED = "opened"
CHUNK = 10_000
_INSERTS = {
    name: dialect.insert(Message).on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(Message)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
"""One statement for the message, unless its dedupe key is there; nothing is returned then."""
_message, _delivery = Message.__table__.c, Delivery.__table__.c
_UNOPENED: Select[int, str] = (
    select(_delivery.id, _message.kind)
    .join(Message.__table__, _message.id == _delivery.message_id)
    .where(
        _message.source_id == bindparam("source_id"),
        _delivery.person_id == bindparam("person_id"),
        _delivery.opened_at.is_(None),
    )
)


def is_unopened(source_id: SQLColumnExpression[str], person_id: int) -> ColumnElement[bool]:
    """SQL condition: a message about this thing was not opened by this person yet.

    Asked beside the thing itself it saves the call of `PushService.mark_opened`. `person_id` may be a `bindparam`.
    """
    return exists().where(
        _message.source_id == source_id,
        _delivery.message_id == _message.id,
        _delivery.person_id == person_id,
        _delivery.opened_at.is_(None),
    )


class PushService:
    """`enqueue` commits with the caller's rows; the worker does the rest, exactly once per person."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        *,
        kinds: Mapping[str, PushKind] | None = None,
        handlers: Iterable[NamedHandler] = (),
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._kinds = kinds or {}
        self._handlers = tuple(handlers)

    def enqueue(
        self,
        kind: str,
        source_id: str,
        audience: Audience | Iterable[int],
        *,
        title: str,
        description: str,
        path: str,
        dedupe_key: str,
        due_at: datetime | None = None,
    ) -> Message:
        """Write one message to an audience (or person ids), sent from `due_at` (default: now) on.

        `path` is a path of this portal. The same `dedupe_key` again gives the first message and changes nothing.
        Long texts are cut, never inside a character.
        """
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError(f"push {kind}: path {path!r} is not a path of the portal, such as /news/abc")
        now = self._clock.now()
        values = {
            "kind": kind,
            "source_id": source_id,
            "dedupe_key": dedupe_key,
            "title": cut(title, TITLE_LENGTH),
            "description": cut(description, DESCRIPTION_LENGTH),
            "path": path,
            "created_at": now,
            "due_at": due_at or now,
        }
        self._session.flush()
        message = self._session.scalar(_INSERTS[self._session.get_bind().dialect.name], values)
        if message is None:
            return self._session.scalars(select(Message).where(Message.dedupe_key == dedupe_key)).one()
        count = self._add_deliveries(message, audience)
        after = {"kind": kind, "source": source_id, "persons": count}
        self._audit.record("push.enqueue", "message", message.public_id, after=after)
        return message

    def mark_opened(self, source_id: str, person_id: int, kind: str | None = None) -> int:
        """The person opened the thing that the message was about; the number of messages newly opened."""
        now = self._clock.now()
        rows = ask(self._session, _UNOPENED, source_id=source_id, person_id=person_id).all()
        rows = [row for row in rows if kind in (None, row.kind)]
        if not rows:
            return 0
        ids = [row.id for row in rows]
        self._session.execute(update(Delivery).where(Delivery.id.in_(ids)).values(opened_at=now))
        for name in sorted({row.kind for row in rows}):
            change = PushStateChange(self._session, name, source_id, (person_id,), OPENED, now)
            tell(self._session, self._handlers, change)
        return len(rows)

    def cancel(self, source_id: str) -> int:
        """Send nothing more about this thing; the number of messages that were still on their way to WeCom.

        A call that WeCom may have carried out already is left to its end.
        """
        of_source = select(Message.id).where(Message.source_id == source_id)
        # First those nobody planned: this waits for a planner at work, whose calls are then seen below
        waiting = self._cancel(Delivery.message_id.in_(of_source), Delivery.state == DeliveryState.QUEUED)
        planned = self._session.scalars(
            select(MessageCall)
            .where(MessageCall.message_id.in_(of_source), MessageCall.state == CallState.PLANNED)
            .where(MessageCall.uncertain_since.is_(None))
            .with_for_update()
        ).all()
        for call in planned:
            call.state, call.finished_at, call.error = CallState.DEAD, self._clock.now(), "cancelled"
        count = waiting + self._cancel(Delivery.call_id.in_([call.id for call in planned]))
        self._audit.record("push.cancel", "push", source_id, after={"persons": count})
        return count

    def settle(self, source_id: str, person_ids: Collection[int], text: str) -> int:
        """What the messages about this thing asked of these persons is done: their cards shall say `text`.

        What was not sent yet is not sent any more. Kinds without `is_task` are left alone. Returns the number of
        messages concerned. A card that went to many at once changes when it is done for all of them.
        """
        return settle(
            self._session, self._kinds, source_id, person_ids, cut(text, CARD_LENGTH), self._clock.now()
        )

    def _cancel(self, *conditions: ColumnElement[bool]) -> int:
        cancelled = update(Delivery).where(*conditions).values(state=DeliveryState.CANCELLED)
        return len(self._session.scalars(cancelled.returning(Delivery.id)).all())

    def states(self, source_id: str, kind: str | None = None) -> DeliveryCounts:
        """How many deliveries of this source are in each state."""
        return report.counts(self._session, source_id, kind)

    def unreachable(self, source_id: str, kind: str | None = None) -> list[UnreachablePerson]:
        """Who did not get it, or perhaps did not, and why; by name."""
        return report.unreachable(self._session, source_id, kind)

    def preferences(self, person_id: int) -> Preferences:
        """What this person muted, and the quiet hours."""
        return preferences.read(self._session, person_id)

    def set_preferences(self, person_id: int, wanted: Preferences) -> None:
        """Replace them. Raises `PreferenceRefused` for an unmutable kind or impossible hours."""
        before = preferences.read(self._session, person_id)
        preferences.write(self._session, person_id, wanted, self._kinds)
        self._audit.record(
            "push.preferences", "person", person_id, before=_plain(before), after=_plain(wanted)
        )

    def _add_deliveries(self, message: Message, audience: Audience | Iterable[int]) -> int:
        if isinstance(audience, Audience):
            audience = AudienceService(self._session, self._clock).member_ids(audience)
        ids = sorted(set(audience))
        return sum(self._insert(message, ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK))

    def _insert(self, message: Message, ids: list[int]) -> int:
        """One statement for thousands of rows."""
        values = (
            literal(message.id),
            Person.id,
            literal(DeliveryState.QUEUED.value),
            literal(""),
            literal(message.due_at, Delivery.due_at.type),
        )
        persons = select(*values).where(Person.id.in_(ids)).order_by(Person.id)
        columns = ["message_id", "person_id", "state", "reason", "due_at"]
        result = self._session.connection().execute(insert(Delivery).from_select(columns, persons))
        return result.rowcount


def _plain(wanted: Preferences) -> dict[str, Any]:
    window = wanted.quiet_hours
    hours = [window.starts_minute, window.ends_minute] if window else None
    return {"muted": sorted(wanted.muted), "quiet_hours": hours}


def factory(context: Any, request: Any) -> PushService:
    plugins = request.plugins
    return PushService(
        request.db, request.clock, request.audit, kinds=plugins.push_kinds, handlers=plugins.push_handlers
    )
