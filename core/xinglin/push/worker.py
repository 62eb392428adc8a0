"""Sending what was planned: claim → call → record, each in a short transaction of its own.

Exactly once (docs/adr/0005): a call is stored word for word before it is made. Whoever finds a call whose
lease is over repeats exactly the same bytes, and WeCom's duplicate check drops the double; after the time
of that check nothing is repeated, the outcome is reported as unknown.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, or_, select

from xinglin.push import cards, recording
from xinglin.push.limits import LIMITS, Limits
from xinglin.push.models import CallState, Message, MessageCall
from xinglin.push.planning import plan
from xinglin.wecom.errors import WeComError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from xinglin.kernel.worker import WorkerContext

API = "message/send"
MOST_CALLS = 50
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Claimed:
    """A call that is ours for the time of the lease. `was_uncertain`: an earlier attempt may have got through."""

    id: int
    body: dict[str, Any]
    was_uncertain: bool


def run_once(context: WorkerContext, limits: Limits = LIMITS) -> int:
    """Plan what is due and send what is planned; the number of deliveries and calls worked on."""
    return plan(context, limits) + send(context, limits) + cards.change(context, limits)


def send(context: WorkerContext, limits: Limits = LIMITS) -> int:
    """Make the planned calls, at most 50; the number made."""
    made = 0
    while made < MOST_CALLS and context.wecom.paused_until(API) is None:
        claimed = _claim(context, limits)
        if claimed is None:
            break
        _call(context, claimed, limits)
        made += 1
    return made


def _call(context: WorkerContext, claimed: Claimed, limits: Limits) -> None:
    try:
        result = context.wecom.send_body(claimed.body)
    except WeComError as error:
        logger.warning("message call %s: %s", claimed.id, error)
        recording.failed(context, claimed.id, error, limits, was_uncertain=claimed.was_uncertain)
    else:
        recording.sent(context, claimed.id, result)


def _claim(context: WorkerContext, limits: Limits) -> Claimed | None:
    """The next call that is ours to make; those that must not be repeated any more are closed on the way."""
    now = context.clock.now()
    query = _claimable(context, now)
    with context.database.read_session() as session:
        if session.scalar(query) is None:
            return None  # an idle worker takes no lock
    while True:
        with context.database.session() as session:
            call = session.scalar(query.with_for_update(of=MessageCall, skip_locked=True))
            if call is None:
                return None
            if call.uncertain_since is not None and now - call.uncertain_since > limits.repeat_for:
                recording.give_up(context, session, call)
                continue
            return _take(session, call, now, limits.lease)


def _claimable(context: WorkerContext, now: datetime) -> Select[MessageCall]:
    is_ours = and_(MessageCall.state == CallState.PLANNED, Message.kind.in_(context.plugins.push_kinds))
    return (
        select(MessageCall)
        .join(Message, Message.id == MessageCall.message_id)
        .where(or_(is_ours, MessageCall.state == CallState.SENDING), MessageCall.retry_at <= now)
        .order_by(MessageCall.retry_at, MessageCall.id)
        .limit(1)
    )


def _take(session: Session, call: MessageCall, now: datetime, lease: timedelta) -> Claimed:
    was_uncertain = call.uncertain_since is not None
    call.state = CallState.SENDING
    call.attempts += 1
    call.retry_at = now + lease
    if not was_uncertain:
        call.uncertain_since = now
    session.flush()
    return Claimed(call.id, call.body, was_uncertain)
