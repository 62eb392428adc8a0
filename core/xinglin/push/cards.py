"""Cards that change: what a message asked for is done, so its card says by whom (docs/adr/0014).

WeCom lets a card be changed once, by the code that sending it returned, within 72 hours. A repeat after a crash finds
the code spent, which is as good as success: so a card changes exactly once, whenever the worker is killed.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Select, bindparam, select, update

from xinglin.kernel.db import ask
from xinglin.push.limits import Limits
from xinglin.push.models import CallState, Delivery, DeliveryState, Message, MessageCall
from xinglin.types import PushKind
from xinglin.wecom.errors import Action, WeComError
from xinglin.wecom.pauses import growing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from xinglin.kernel.worker import WorkerContext

API = "message/update_template_card"
CARD_LENGTH = 64
CODE_LIVES = timedelta(hours=72)
MOST_CARDS = 50
logger = logging.getLogger(__name__)


_CONCERNED = (
    Delivery.message_id.in_(
        select(Message.id).where(
            Message.source_id == bindparam("of_source"),
            Message.kind.in_(bindparam("of_kinds", expanding=True)),
        )
    ),
    Delivery.person_id.in_(bindparam("of_persons", expanding=True)),
    Delivery.settled_at.is_(None),
)
_OF_CONCERNED = update(Delivery).where(*_CONCERNED).values(settled_at=bindparam("now"))
_STOP = (
    _OF_CONCERNED.where(Delivery.state == DeliveryState.QUEUED)
    .values(state=DeliveryState.CANCELLED)
    .returning(Delivery.id)
)
_SETTLE = _OF_CONCERNED.where(Delivery.call_id == bindparam("of_call")).returning(Delivery.id)
_CALLED = select(Delivery.call_id).where(*_CONCERNED, Delivery.call_id.is_not(None)).distinct()


class Change(NamedTuple):
    """One card to be changed by us, for the time of the lease."""

    call_id: int
    response_code: str
    userids: list[str]
    text: str


def settle(
    session: Session,
    kinds: Mapping[str, PushKind],
    source_id: str,
    person_ids: Collection[int],
    text: str,
    now: datetime,
) -> int:
    """See `PushService.settle`."""
    names = [name for name, kind in kinds.items() if kind.is_task]
    whose = {"of_source": source_id, "of_kinds": names, "of_persons": list(person_ids)}
    # First those nobody planned: this waits for a planner at work, whose calls are then seen below
    count = len(ask(session, _STOP, now=now, **whose).all())
    ids = ask(session, _CALLED, **whose).scalars().all()
    if not ids:
        return count
    calls = session.scalars(
        select(MessageCall)
        .where(MessageCall.id.in_(ids))
        .order_by(MessageCall.id)
        .with_for_update()  # before its deliveries, as whoever records an answer does
        .execution_options(populate_existing=True)
    ).all()
    for call in calls:
        count += len(ask(session, _SETTLE, now=now, of_call=call.id, **whose).all())
        _settle_call(session, call, text, now)
    return count


def _settle_call(session: Session, call: MessageCall, text: str, now: datetime) -> None:
    """Its card changes when it is done for everybody who got it; if it surely was not sent, it is not sent."""
    unsettled = select(Delivery.id).where(Delivery.call_id == call.id, Delivery.settled_at.is_(None)).limit(1)
    if session.scalar(unsettled) is not None:
        return
    if call.state == CallState.PLANNED and call.uncertain_since is None:
        call.state, call.finished_at, call.error = CallState.DEAD, now, "settled"
        of_call = update(Delivery).where(Delivery.call_id == call.id)
        session.execute(of_call.values(state=DeliveryState.CANCELLED))
    else:
        call.card_text, call.card_due_at = text, now
    session.flush()


def change(context: WorkerContext, limits: Limits) -> int:
    """Change the cards that are due, at most 50; how many calls were made."""
    made = 0
    while made < MOST_CARDS and context.wecom.paused_until(API) is None:
        claimed = _claim(context, limits)
        if claimed is None:
            break
        _call(context, claimed, limits)
        made += 1
    return made


def _call(context: WorkerContext, claimed: Change, limits: Limits) -> None:
    try:
        context.wecom.change_card(claimed.response_code, claimed.userids, claimed.text)
    except WeComError as error:
        logger.warning("card of message call %s: %s", claimed.call_id, error)
        is_hopeless = error.action in (Action.BAD_REQUEST, Action.UNDELIVERABLE)
        later = context.clock.now() + growing(limits.first_retry, 1, limits.longest_retry)
        _write(context, claimed.call_id, None if is_hopeless else later)
    else:
        _write(context, claimed.call_id, None)


def _claim(context: WorkerContext, limits: Limits) -> Change | None:
    now = context.clock.now()
    query = _due(now)
    with context.database.read_session() as session:
        if session.scalar(query) is None:
            return None  # an idle worker takes no lock
    with context.database.session() as session:
        call = session.scalar(query.with_for_update(skip_locked=True))
        if call is None:
            return None
        call.card_due_at = now + limits.lease
        userids = str(call.body["touser"]).split("|")
        return Change(call.id, call.response_code, userids, call.card_text)


def _due(now: datetime) -> Select[MessageCall]:
    """A card whose sending is not answered yet has no code, and waits for it; one that is too old stays as it is."""
    return (
        select(MessageCall)
        .where(MessageCall.card_due_at <= now, MessageCall.state == CallState.DONE)
        .where(MessageCall.response_code != "", MessageCall.finished_at > now - CODE_LIVES)
        .order_by(MessageCall.card_due_at, MessageCall.id)
        .limit(1)
    )


def _write(context: WorkerContext, call_id: int, due_at: datetime | None) -> None:
    with context.database.session() as session:
        session.execute(update(MessageCall).where(MessageCall.id == call_id).values(card_due_at=due_at))
