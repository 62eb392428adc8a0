"""Step one of a push: decide for each due delivery, and write the calls to WeCom word for word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Select, func, or_, select, update

from xinglin.people.models import Person, PersonState, Unreachable
from xinglin.push.handlers import tell
from xinglin.push.limits import HOUR, Limits, slot_frees_at
from xinglin.push.models import (
    CallState,
    Delivery,
    DeliveryState,
    Message,
    MessageCall,
    MutedKind,
    QuietHours,
)
from xinglin.push.preferences import QuietWindow
from xinglin.types import PushKind, PushStateChange
from xinglin.wecom.bodies import task_card, text_notice

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from xinglin.kernel.worker import WorkerContext

Line = Row[*tuple[Any, ...]]
"""A delivery with what is needed to decide on it: at least id, person_id, kind, source_id."""

MOST_AT_ONCE = 4000
BUTTON = "去处理"  # a card is one text for all who get it, in the hospital's language
PLANNER_LOCK = 0x70_75_73_68
"""The number of the advisory lock (PostgreSQL): one planner at a time, or limits could be counted twice."""


@dataclass
class Decisions:
    """What is to be done with the deliveries of one round, by delivery id."""

    send: dict[int, list[Line]] = field(default_factory=lambda: defaultdict(list))
    muted: list[Line] = field(default_factory=list)
    undeliverable: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))
    later: list[dict[str, object]] = field(default_factory=list)


def plan(context: WorkerContext, limits: Limits) -> int:
    """Plan what is due; the number of deliveries decided. Kinds of modules that are off stay untouched."""
    if not _is_anything_due(context):
        return 0
    with context.database.session() as session:
        if not _is_alone(session):
            return 0
        rows = session.execute(_due(context).with_for_update(of=Delivery, skip_locked=True)).all()
        decisions = _decide(context, session, rows, limits)
        _apply(context, session, decisions, limits)
        return len(rows)


def _is_anything_due(context: WorkerContext) -> bool:
    with context.database.read_session() as session:
        return session.execute(_due(context).limit(1)).first() is not None


def _due(context: WorkerContext) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Delivery.id,
            Delivery.person_id,
            Delivery.message_id,
            Message.kind,
            Message.source_id,
            Person.wecom_userid,
            Person.state,
            Person.is_reachable,
            Person.unreachable_reason,
        )
        .join(Message, Message.id == Delivery.message_id)
        .join(Person, Person.id == Delivery.person_id)
        .where(
            Delivery.state == DeliveryState.QUEUED,
            Delivery.due_at <= context.clock.now(),
            Message.kind.in_(context.plugins.push_kinds),
        )
        .order_by(Delivery.due_at, Delivery.id)
        .limit(MOST_AT_ONCE)
    )


def _is_alone(session: Session) -> bool:
    """On SQLite the write transaction itself is the lock."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(PLANNER_LOCK))))


def _decide(context: WorkerContext, session: Session, rows: Iterable[Line], limits: Limits) -> Decisions:
    rows = list(rows)
    now = context.clock.now()
    person_ids = {row.person_id for row in rows}
    muted = _muted(session, person_ids)
    quiet = _quiet(session, person_ids)
    recent = _recent(session, person_ids, now)
    decisions = Decisions()
    for row in rows:
        kind = context.plugins.push_kinds[row.kind]
        reason = why_unreachable(row)
        if reason:
            decisions.undeliverable[reason].append(row)
        elif kind.can_mute and (row.person_id, row.kind) in muted:
            decisions.muted.append(row)
        else:
            times = recent[row.person_id]
            due_at = _due_at(context, kind, quiet.get(row.person_id), times, now, limits)
            if due_at > now:
                decisions.later.append({"id": row.id, "due_at": due_at})
            else:
                times.append(now)
                decisions.send[row.message_id].append(row)
    return decisions


def why_unreachable(row: Line) -> str:
    """The reason why WeCom cannot reach this person; empty when it can."""
    if row.state != PersonState.ACTIVE:
        return str(row.state)
    if not row.wecom_userid:
        return Unreachable.NO_ACCOUNT.value
    return "" if row.is_reachable else row.unreachable_reason or "unreachable"


def _due_at(
    context: WorkerContext,
    kind: PushKind,
    window: QuietWindow | None,
    times: list[datetime],
    now: datetime,
    limits: Limits,
) -> datetime:
    if window is not None and not kind.ignores_quiet_hours:
        ends_at = window.ends_at(now, context.settings.zone)
        if ends_at is not None:
            return ends_at
    return slot_frees_at(times, now, limits)


def _muted(session: Session, person_ids: set[int]) -> set[tuple[int, str]]:
    query = select(MutedKind.person_id, MutedKind.kind).where(MutedKind.person_id.in_(person_ids))
    return {(row.person_id, row.kind) for row in session.execute(query)}


def _quiet(session: Session, person_ids: set[int]) -> dict[int, QuietWindow]:
    rows = session.scalars(select(QuietHours).where(QuietHours.person_id.in_(person_ids)))
    return {row.person_id: QuietWindow(row.starts_minute, row.ends_minute) for row in rows}


def _recent(session: Session, person_ids: set[int], now: datetime) -> defaultdict[int, list[datetime]]:
    """When each person got messages in the last hour; those on the way count as now."""
    query = select(Delivery.person_id, Delivery.sent_at).where(
        Delivery.person_id.in_(person_ids),
        or_(Delivery.sent_at > now - HOUR, Delivery.state == DeliveryState.SENDING),
    )
    found: defaultdict[int, list[datetime]] = defaultdict(list)
    for person_id, sent_at in session.execute(query):
        found[person_id].append(sent_at or now)
    return found


def _apply(context: WorkerContext, session: Session, decisions: Decisions, limits: Limits) -> None:
    if decisions.later:
        session.execute(update(Delivery), decisions.later)
    settle(context, session, decisions.muted, DeliveryState.MUTED, "")
    for reason, rows in decisions.undeliverable.items():
        settle(context, session, rows, DeliveryState.UNDELIVERABLE, reason)
    for message_id, rows in decisions.send.items():
        message = session.get_one(Message, message_id)
        is_task = context.plugins.push_kinds[message.kind].is_task
        # A card changes once for all who got it by one call: where few are asked, each gets a card of her own
        size = 1 if is_task and len(rows) <= limits.own_cards else limits.per_call
        for start in range(0, len(rows), size):
            _write_call(context, session, message, rows[start : start + size])


def _write_call(context: WorkerContext, session: Session, message: Message, rows: list[Line]) -> None:
    settings = context.settings
    sign = "&" if "?" in message.path else "?"
    body = text_notice(
        settings.wecom_agent_id,
        [row.wecom_userid for row in rows],
        title=message.title,
        description=message.description,
        # The message's own id: two messages with equal words must not look like a double to WeCom.
        url=f"{settings.public_url.rstrip('/')}{message.path}{sign}m={message.public_id}",
        source=settings.site_name,
    )
    kind = context.plugins.push_kinds[message.kind]
    if kind.is_task:
        body = task_card(body, task_id=f"{message.public_id}-{rows[0].id}", button=BUTTON)
    now = context.clock.now()
    call = MessageCall(
        message_id=message.id, body=body, state=CallState.PLANNED, planned_at=now, retry_at=now
    )
    session.add(call)
    session.flush()
    ids = [row.id for row in rows]
    session.execute(
        update(Delivery).where(Delivery.id.in_(ids)).values(state=DeliveryState.SENDING, call_id=call.id)
    )


def settle(
    context: WorkerContext, session: Session, rows: Iterable[Line], state: DeliveryState, reason: str
) -> None:
    """Write the final state of deliveries (rows with id, person_id, kind, source_id) and tell the plugin."""
    rows = list(rows)
    if not rows:
        return
    now = context.clock.now()
    values: dict[str, object] = {"state": state, "reason": reason}
    if state is DeliveryState.SENT:
        values["sent_at"] = now
    session.execute(update(Delivery).where(Delivery.id.in_([row.id for row in rows])).values(**values))
    persons: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        persons[row.kind, row.source_id].append(row.person_id)
    for (kind, source_id), person_ids in persons.items():
        change = PushStateChange(session, kind, source_id, tuple(person_ids), state.value, now)
        tell(session, context.plugins.push_handlers, change)
