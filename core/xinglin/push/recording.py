"""Writing down what WeCom answered."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from xinglin.audit.service import Actor, AuditTrail
from xinglin.people.models import Person, Unreachable
from xinglin.push.limits import Limits
from xinglin.push.models import CallState, Delivery, DeliveryState, Message, MessageCall
from xinglin.push.planning import Line, settle
from xinglin.wecom.bodies import without_button
from xinglin.wecom.errors import Action, WeComError
from xinglin.wecom.pauses import growing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from xinglin.kernel.worker import WorkerContext
    from xinglin.wecom.answers import SendResult

NO_CALLBACK = 43012
OPEN = (CallState.PLANNED, CallState.SENDING)
logger = logging.getLogger(__name__)


def sent(context: WorkerContext, call_id: int, result: SendResult) -> None:
    """Each person's own result, the end of the call, one audit record; nothing when another worker was first."""
    with context.database.session() as session:
        call = _open_call(session, call_id)
        if call is None:
            return
        rows = _deliveries(session, call_id)
        unlicensed = [row for row in rows if row.userid_key in result.unlicensed]
        invalid = [row for row in rows if row.userid_key in result.invalid - result.unlicensed]
        missed = {row.id for row in (*unlicensed, *invalid)}
        arrived = [row for row in rows if row.id not in missed]
        settle(context, session, arrived, DeliveryState.SENT, "")
        settle(context, session, invalid, DeliveryState.UNDELIVERABLE, Unreachable.NOT_IN_WECOM)
        settle(context, session, unlicensed, DeliveryState.UNDELIVERABLE, Unreachable.UNLICENSED)
        _mark_unlicensed(session, unlicensed)
        call.wecom_msgid = result.msgid[:255]
        call.response_code = result.response_code[:255]
        _finish(context, session, call, CallState.DONE, sent=len(arrived), missed=len(missed))


def failed(
    context: WorkerContext, call_id: int, error: WeComError, limits: Limits, *, was_uncertain: bool
) -> None:
    """Try again later, or settle what cannot be sent. See the table in `xinglin.wecom.errors`."""
    with context.database.session() as session:
        call = _open_call(session, call_id)
        if call is None:
            return
        call.error = str(error)[:512]
        if error.code == NO_CALLBACK and "button_list" in call.body["template_card"]:
            call.body = without_button(call.body)  # nothing was sent: the plain notice goes instead
            call.state, call.uncertain_since, call.retry_at = CallState.PLANNED, None, context.clock.now()
            return
        if not error.is_uncertain and not was_uncertain:
            call.uncertain_since = None
        if error.action is Action.UNDELIVERABLE:
            _settle_all(context, session, call, CallState.DONE, Unreachable.NOT_IN_WECOM)
        elif error.action is Action.BAD_REQUEST:
            _settle_all(context, session, call, CallState.DEAD, f"refused_{error.code}")
        else:
            call.state = CallState.PLANNED if call.uncertain_since is None else CallState.SENDING
            call.retry_at = context.clock.now() + _delay(error.action, call.attempts, limits)


def give_up(context: WorkerContext, session: Session, call: MessageCall) -> None:
    """WeCom would no longer recognise the double: report the outcome as unknown, never send again."""
    logger.error("message call %s: no answer within the time of the duplicate check; not sent again", call.id)
    rows = _deliveries(session, call.id)
    settle(context, session, rows, DeliveryState.UNKNOWN, "no_answer")
    _finish(context, session, call, CallState.UNKNOWN, unknown=len(rows))


def _delay(action: Action, attempts: int, limits: Limits) -> timedelta:
    if action in {Action.STOP, Action.REFRESH_TOKEN, Action.PAUSE}:
        return limits.stop_retry
    return growing(limits.first_retry, attempts, limits.longest_retry)


def _open_call(session: Session, call_id: int) -> MessageCall | None:
    call = session.get_one(MessageCall, call_id, with_for_update=True)
    return call if call.state in OPEN else None


def _deliveries(session: Session, call_id: int) -> Sequence[Line]:
    query = (
        select(
            Delivery.id,
            Delivery.person_id,
            Message.kind,
            Message.source_id,
            Person.wecom_userid_key.label("userid_key"),
        )
        .join(Message, Message.id == Delivery.message_id)
        .join(Person, Person.id == Delivery.person_id)
        .where(Delivery.call_id == call_id)
        .order_by(Delivery.id)
    )
    return session.execute(query).all()


def _settle_all(
    context: WorkerContext, session: Session, call: MessageCall, state: CallState, reason: str
) -> None:
    rows = _deliveries(session, call.id)
    settle(context, session, rows, DeliveryState.UNDELIVERABLE, reason)
    _finish(context, session, call, state, missed=len(rows))


def _mark_unlicensed(session: Session, rows: Sequence[Line]) -> None:
    """WeCom says the member has no licence: nobody tries again until the next sync says otherwise."""
    if rows:
        ids = [row.person_id for row in rows]
        values = {"is_reachable": False, "unreachable_reason": Unreachable.UNLICENSED}
        session.execute(update(Person).where(Person.id.in_(ids)).values(**values))


def _finish(
    context: WorkerContext, session: Session, call: MessageCall, state: CallState, **counts: int
) -> None:
    call.state = state
    call.finished_at = context.clock.now()
    trail = AuditTrail(session, Actor.system("push"), context.clock, context.keyring)
    after = {"state": state, "attempts": call.attempts, "error": call.error, **counts}
    trail.record(
        "push.call", "message_call", call.id, after=after, result="ok" if state is CallState.DONE else "error"
    )
