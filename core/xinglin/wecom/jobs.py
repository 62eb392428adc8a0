"""Cleaning up by the clock: callbacks that were handled go after 90 days, pauses that are over after a day."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from xinglin.types import Job, JobContext
from xinglin.wecom.models import WeComCallback, WeComPause

KEEP_CALLBACKS = timedelta(days=90)
KEEP_PAUSES = timedelta(days=1)


def clean_callbacks(context: JobContext) -> None:
    """A repeat of a callback comes within seconds: after 90 days its key is not needed any more."""
    session, now = context.session, context.clock.now()
    session.execute(delete(WeComCallback).where(WeComCallback.handled_at < now - KEEP_CALLBACKS))
    session.execute(delete(WeComPause).where(WeComPause.until < now - KEEP_PAUSES))


JOBS = [Job("wecom_cleanup", clean_callbacks, timedelta(days=1))]
