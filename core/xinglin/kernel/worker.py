"""The worker: messages, callbacks, events, jobs. Any number may run; any may die at any time."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from pyramid_retry import IRetryableError
from sqlalchemy import exc, select, update
from sqlalchemy.orm import Session

from xinglin.audit import sealing
from xinglin.audit.faults import RECORDED, Fault, FaultRecorder
from xinglin.audit.messages import JOBS as AUDIT_JOBS
from xinglin.audit.service import Actor, AuditTrail
from xinglin.auth.jobs import JOBS as AUTH_JOBS
from xinglin.backup.jobs import JOBS as BACKUP_JOBS
from xinglin.bus import telling
from xinglin.crypto.service import Keyring
from xinglin.files import previewing, scanning
from xinglin.files.converting import forget_left_behind
from xinglin.files.jobs import JOBS as FILES_JOBS
from xinglin.kernel import site_keys
from xinglin.kernel.app import plugins_of
from xinglin.kernel.db import Database
from xinglin.kernel.jobs_models import JobRun
from xinglin.kernel.plugins import FAULTS, PluginSet
from xinglin.kernel.settings import CoreSettings
from xinglin.kernel.site import Site, open_site
from xinglin.kernel.upkeep import JOBS as UPKEEP_JOBS
from xinglin.people.jobs import JOBS as PEOPLE_JOBS
from xinglin.push import worker as push_worker
from xinglin.push.jobs import JOBS as PUSH_JOBS
from xinglin.types import Clock, Job, JobContext
from xinglin.wecom import inbox
from xinglin.wecom.client import WeComClient

CORE_JOBS = (
    *AUDIT_JOBS,
    *UPKEEP_JOBS,
    *AUTH_JOBS,
    *PEOPLE_JOBS,
    *PUSH_JOBS,
    *FILES_JOBS,
    *BACKUP_JOBS,
)
IDLE_SECONDS = 0.4
DATABASE_PAUSE_SECONDS = 2.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerContext:
    """What the parts of the worker use."""

    database: Database
    clock: Clock
    keyring: Keyring
    settings: CoreSettings
    plugins: PluginSet
    wecom: WeComClient
    ini: Path | None = None
    faults: FaultRecorder = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "faults", FaultRecorder(self.database, self.clock, self.keyring))

    @classmethod
    def of(cls, site: Site, found: PluginSet) -> WorkerContext:
        wecom = WeComClient(site.settings, site.keyring, site.database, site.clock)
        return cls(site.database, site.clock, site.keyring, site.settings, found, wecom, site.ini.path)


def run_once(context: WorkerContext) -> int:
    """Do what is due once; the number of things done, 0 when there was nothing."""
    return run_quick_once(context) + run_slow_once(context)


def run_quick_once(context: WorkerContext) -> int:
    """The same without what may take a minute."""
    parts: tuple[Callable[[WorkerContext], int], ...] = (
        push_worker.run_once,
        inbox.run_once,
        scanning.run_once,
        telling.run_once,
        run_due_jobs,
        sealing.run_once,
    )
    return sum(part(context) for part in parts)


def run_slow_once(context: WorkerContext) -> int:
    """What may take a minute, and holds no transaction meanwhile."""
    return previewing.run_once(context) + run_due_jobs(context, is_slow=True)


def run_due_jobs(context: WorkerContext, *, is_slow: bool = False) -> int:
    """Run each job whose time has come; the job's own transaction moves its time on, unless it is a slow one."""
    core = [("core", job) for job in CORE_JOBS]
    with context.database.read_session() as session:
        due = dict(session.execute(select(JobRun.name, JobRun.due_at)).all())
    named = [(f"{owner}.{job.name}", job) for owner, job in (*core, *context.plugins.jobs)]
    now = context.clock.now()
    run = _run_slow if is_slow else _run_quick
    named = [(name, job) for name, job in named if job.is_slow == is_slow]
    return sum(_run(context, name, job, run) for name, job in named if due.get(name, now) <= now)


def _run_quick(context: WorkerContext, name: str, job: Job) -> int:
    with context.database.session() as session:
        if not _claim(session, name, job, context.clock):
            return 0
        with session.begin_nested():
            job.run(_job_context(context, session, name))
        _note_end(context, session, name)
    return 1


def _run_slow(context: WorkerContext, name: str, job: Job) -> int:
    with context.database.session() as session:
        if not _claim(session, name, job, context.clock):
            return 0
    with Session(context.database.writer, expire_on_commit=False) as session:
        job.run(_job_context(context, session, name))
        _note_end(context, session, name)
        session.commit()
    return 1


def _job_context(context: WorkerContext, session: Session, name: str) -> JobContext:
    trail = AuditTrail(session, Actor.system(name), context.clock, context.keyring)
    return JobContext(session, context.clock, trail, context)


def _note_end(context: WorkerContext, session: Session, name: str) -> None:
    values = {"last_finished_at": context.clock.now(), "last_error": ""}
    session.execute(update(JobRun).where(JobRun.name == name).values(**values))


def _run(context: WorkerContext, name: str, job: Job, run: Callable[[WorkerContext, str, Job], int]) -> int:
    try:
        return run(context, name, job)
    except FAULTS as error:
        if IRetryableError.providedBy(error):
            raise
        logger.exception("job %s failed; it runs again at its next time", name, extra=RECORDED)
        _note_failure(context, name, job, error)
    return 1


def _claim(session: Session, name: str, job: Job, clock: Clock) -> bool:
    """Move the job's time on; true for the one worker that did. Its row stays locked until the job is done."""
    now = clock.now()
    query = select(JobRun).where(JobRun.name == name).with_for_update(skip_locked=True)
    row = session.scalar(query)
    if row is None:
        if session.scalar(select(JobRun.name).where(JobRun.name == name)) is not None:
            return False
        return _claim_new(session, JobRun(name=name, due_at=now + job.every))
    if row.due_at > now:
        return False
    row.due_at = now + job.every
    session.flush()
    return True


def _claim_new(session: Session, row: JobRun) -> bool:
    try:
        with session.begin_nested():
            session.add(row)
    except exc.IntegrityError:
        return False  # another worker was faster with the very first run
    return True


def _note_failure(context: WorkerContext, name: str, job: Job, error: BaseException) -> None:
    values = {
        "due_at": context.clock.now() + job.every,
        "last_error": f"{type(error).__name__}: {error}"[:512],
    }
    with context.database.session() as session:
        if session.get(JobRun, name) is None:
            session.add(JobRun(name=name, **values))
        else:
            session.execute(update(JobRun).where(JobRun.name == name).values(**values))
    context.faults.note(Fault(name, "job.failed", "job", name, type(error).__name__))
    context.faults.flush()


def serve(path: Path) -> None:
    """Run until SIGTERM or SIGINT; a lost database is waited for."""
    site = open_site(path)
    site_keys.meet(site.database)
    context = WorkerContext.of(site, plugins_of(site))
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    logger.info("worker started")
    with context.faults.listening("worker"):
        # A message must not wait for a slow document; what the thread began when the process ends, its lease gives back.
        threading.Thread(target=_draw, args=(context, stopped), name="previews", daemon=True).start()
        _repeat(run_quick_once, context, stopped)
    logger.info("worker stopped")


def _draw(context: WorkerContext, stopped: threading.Event) -> None:
    try:
        forget_left_behind()
        _repeat(run_slow_once, context, stopped)
    finally:
        stopped.set()  # a fault ends the whole worker, which is started again


def _repeat(part: Callable[[WorkerContext], int], context: WorkerContext, stopped: threading.Event) -> None:
    while not stopped.is_set():
        try:
            done = part(context)
        except (exc.OperationalError, exc.TimeoutError) as error:
            logger.error(
                "worker waits for the database: %s. Cure: see `xinglin doctor`", type(error).__name__
            )
            stopped.wait(DATABASE_PAUSE_SECONDS)
            continue
        if not done:
            stopped.wait(IDLE_SECONDS)
