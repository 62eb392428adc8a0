"""Cleaning up by the clock: bodies of old calls go after 30 days, whole messages after two years."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select, update

from xinglin.push.models import Delivery, Message, MessageCall
from xinglin.types import Job, JobContext
from xinglin.wecom.jobs import JOBS as WECOM_JOBS

KEEP_CALLS = timedelta(days=30)
KEEP_MESSAGES = timedelta(days=2 * 365)


def clean_messages(context: JobContext) -> None:
    """Delete finished calls and messages whose time is over; what is not finished stays, however old."""
    session, now = context.session, context.clock.now()
    calls = select(MessageCall.id).where(MessageCall.finished_at < now - KEEP_CALLS)
    session.execute(update(Delivery).where(Delivery.call_id.in_(calls)).values(call_id=None))
    session.execute(delete(MessageCall).where(MessageCall.finished_at < now - KEEP_CALLS))
    open_messages = select(MessageCall.message_id)
    gone = (Message.created_at < now - KEEP_MESSAGES, Message.due_at < now - KEEP_MESSAGES)
    old = select(Message.id).where(*gone, Message.id.not_in(open_messages))
    session.execute(delete(Delivery).where(Delivery.message_id.in_(old)))
    session.execute(delete(Message).where(Message.id.in_(old)))


JOBS = [Job("push_cleanup", clean_messages, timedelta(days=1)), *WECOM_JOBS]
