"""The worker's part of callbacks: each stored one goes to its handler; what nobody knows is counted."""

from __future__ import annotations

import logging
import pkgutil
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from xinglin.api.services import DomainError
from xinglin.crypto.service import SealBroken
from xinglin.wecom.callbacks import parse_event, seal_context
from xinglin.wecom.errors import WeComError
from xinglin.wecom.models import WeComCallback
from xinglin.wecom.pauses import growing

if TYPE_CHECKING:
    from xinglin.kernel.worker import WorkerContext

Handler = Callable[["WorkerContext", Mapping[str, Any]], None]

HANDLERS: Mapping[str, str] = MappingProxyType(
    {
        "change_contact": "xinglin.people.callbacks:on_change_contact",
        "batch_job_result": "xinglin.people.batch:on_batch_job_result",
    }
)
"""Event → function(context, fields), by name: people imports this area, not the other way round."""

NOTHING_TO_DO = frozenset(
    {
        *("subscribe", "unsubscribe", "enter_agent", "LOCATION", "click", "view", "view_miniprogram"),
        *("scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin"),
        *("location_select", "template_card_event", "template_card_menu_event", "taskcard_click"),
        *("open_approval_change", "sys_approval_change", "upload_media_job_finish"),
        *("switch_workbench_mode", "share_agent_change", "share_chain_change"),
        *("inactive_alert", "close_inactive_agent", "reopen_inactive_agent", "low_active_alert"),
        *("low_active", "active_restored"),
        *("message.text", "message.image", "message.voice", "message.video", "message.location"),
        *("message.link", "message.file"),
    }
)
MOST_AT_ONCE = 50
MOST_ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=1)
logger = logging.getLogger(__name__)


def run_once(context: WorkerContext) -> int:
    """Handle what is due, at most 50; the number handled. A handler's own fault is left to the worker loop."""
    done = 0
    while done < MOST_AT_ONCE:
        claimed = _claim(context)
        if claimed is None:
            break
        _finish(context, claimed, _handle(context, claimed))
        done += 1
    return done


def _claim(context: WorkerContext) -> WeComCallback | None:
    """Take one: its `retry_at` is moved on first, so that a crash or another worker finds it only later."""
    now = context.clock.now()
    query = (
        select(WeComCallback)
        .where(WeComCallback.handled_at.is_(None), WeComCallback.retry_at <= now)
        .order_by(WeComCallback.id)
        .limit(1)
    )
    with context.database.read_session() as session:
        if session.scalar(query) is None:
            return None  # an idle worker takes no lock
    with context.database.session() as session:
        row = session.scalar(query.with_for_update(skip_locked=True))
        if row is not None:
            row.attempts += 1
            row.retry_at = now + growing(FIRST_RETRY, row.attempts, LONGEST_RETRY)
        return row


def _handle(context: WorkerContext, row: WeComCallback) -> str:
    """The outcome; empty = try again later."""
    if row.attempts > MOST_ATTEMPTS:
        logger.error("callback %s (%s): given up after %s attempts", row.id, row.event, MOST_ATTEMPTS)
        return "dead"
    if row.event not in HANDLERS:
        return "nothing to do" if row.event in NOTHING_TO_DO else "unknown"
    try:
        fields = parse_event(
            context.keyring.open(row.body_sealed, context=seal_context(row.dedupe_key)).decode()
        )
    except SealBroken as error:
        logger.error("callback %s (%s): %s", row.id, row.event, error)
        return "unreadable"
    handler: Handler = pkgutil.resolve_name(HANDLERS[row.event])
    try:
        handler(context, fields)
    except WeComError as error:
        logger.warning("callback %s (%s): %s; later again", row.id, row.event, error)
        return ""
    except (DomainError, LookupError, TypeError, ValueError):
        # The fields come from outside: one that a handler cannot read or must refuse does not stop the worker.
        logger.exception("callback %s (%s): the handler failed; later again", row.id, row.event)
        return ""
    return "handled"


def _finish(context: WorkerContext, row: WeComCallback, outcome: str) -> None:
    if not outcome:
        return
    with context.database.session() as session:
        stored = session.get_one(WeComCallback, row.id)
        stored.handled_at = context.clock.now()
        stored.outcome = outcome
