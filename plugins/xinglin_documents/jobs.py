"""Work by the clock."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from xinglin.api.files import FileStore
from xinglin.api.push import PushService
from xinglin.types import HealthCheck, Job, JobContext
from xinglin_documents.models import OutsideSource
from xinglin_documents.service.board.cube import settle_next
from xinglin_documents.service.definitions import DefinitionService, ensure_shipped
from xinglin_documents.service.flow.building import clock_flow
from xinglin_documents.service.official.clockwork import JOBS as OFFICIAL_JOBS
from xinglin_documents.service.orphans import orphans
from xinglin_documents.service.outside.files import outdated
from xinglin_documents.service.outside.polling import Polling, said_age
from xinglin_documents.service.time.checking import DeadlineChecker
from xinglin_documents.service.time.telling import Teller
from xinglin_documents.service.time.working import WorkingTime

OA_EVERY = timedelta(seconds=10)
OA_THREAD = "documents-oa"


def poll_oa(context: JobContext) -> None:
    """Ask the OA, in a thread: no message waits for it, and no lock of this transaction is held meanwhile."""
    polling = Polling.of(context.registry, context.clock)
    if polling is None or any(thread.name == OA_THREAD for thread in threading.enumerate()):
        return

    def begin(session: Session) -> None:
        if not session.in_nested_transaction():
            threading.Thread(target=polling.run, name=OA_THREAD, daemon=True).start()

    event.listen(context.session, "after_commit", begin)


def forget_oa_files(context: JobContext) -> None:
    """Remove copies of the OA's files after a week; they are fetched again when somebody wants them."""
    store = FileStore.of(context.registry.settings, context.registry.keyring, context.session, context.clock)
    for row, stored in outdated(context.session, context.clock.now()):
        context.session.delete(row)
        context.session.flush()
        store.discard(stored)
        context.audit.record("documents.oa_forget_file", "file", stored.public_id)


def forget_orphans(context: JobContext) -> None:
    """Remove files that were uploaded a day ago and belong to no draft and no document."""
    store = FileStore.of(context.registry.settings, context.registry.keyring, context.session, context.clock)
    for stored in orphans(context.session, context.clock.now()):
        store.discard(stored)
        facts = {"name": stored.name, "uploaded_by": stored.uploaded_by}
        context.audit.record("documents.forget_file", "file", stored.public_id, before=facts)


def tell_deputies(context: JobContext) -> None:
    """Tell deputies that their period began, and principals that it is over."""
    push = PushService(context.session, context.clock, context.audit)
    Teller(context.session, context.clock, push, context.registry.settings.zone).tell()


def settle_months(context: JobContext) -> None:
    """Write down one month of the board that is over, so that nobody waits for it to be counted."""
    settle_next(context.session, context.clock.now(), context.registry.settings.zone)


def put_in_processes(context: JobContext) -> None:
    """Put in the processes that come with the portal, and propose what a new release has changed in them."""
    ensure_shipped(context.session, context.clock, context.audit)


def oa_health(session: Session) -> HealthCheck:
    """Whether the OA behind answers; without one, or before it was first asked, nothing is wrong."""
    query = select(OutsideSource).where(OutsideSource.failure != "").limit(1)
    row = session.scalar(query)
    if row is None or row.failed_at is None:
        return HealthCheck(
            "documents.oa", is_well=True, detail=said_age(session) or "no question to an OA failed lately"
        )
    return HealthCheck(
        "documents.oa",
        is_well=False,
        detail=f"{row.name} failed at {row.failed_at:%Y-%m-%d %H:%M} UTC: {row.failure}",
        cure="See docs/operations.md, the OA behind.",
    )


def keep_deadlines(context: JobContext) -> None:
    """Remind, escalate, and act where a task is late."""
    session, clock, site = context.session, context.clock, context.registry
    hours = site.plugins.settings_of("documents").working_hours
    DeadlineChecker(
        session,
        clock,
        WorkingTime.of(session, hours, site.settings.zone),
        DefinitionService(session, clock, context.audit),
        clock_flow(context),
    ).check()


JOBS: list[Job] = [
    Job("poll_oa", poll_oa, OA_EVERY),
    Job("forget_oa_files", forget_oa_files, timedelta(hours=6)),
    Job("forget_orphans", forget_orphans, timedelta(hours=1)),
    Job("keep_deadlines", keep_deadlines, timedelta(minutes=1)),
    Job("tell_deputies", tell_deputies, timedelta(minutes=1)),
    Job("settle_months", settle_months, timedelta(minutes=2)),
    Job("put_in_processes", put_in_processes, timedelta(hours=1)),
    *OFFICIAL_JOBS,
]
