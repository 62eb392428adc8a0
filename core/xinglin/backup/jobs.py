"""Work by the clock: a backup each night, a restore drill each Sunday, beside the worker's other work."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import event
from sqlalchemy.orm import Session

from xinglin.audit.service import Actor
from xinglin.backup import runs
from xinglin.backup.errors import BackupBusy
from xinglin.backup.models import BACKUP, DRILL
from xinglin.backup.runs import FAULTS, Runs
from xinglin.backup.service import Backups
from xinglin.types import Job, JobContext

NIGHT = time(2, 30)
DRILL_AT, SUNDAY = time(4, 0), 6
AGAIN = timedelta(hours=1)
LOOK = timedelta(minutes=10)
THREAD = "backup"
logger = logging.getLogger(__name__)


def look(context: JobContext) -> None:
    """Begin what is due, in a thread: no message waits for a backup, and no lock of this transaction stops it."""
    settings = context.registry.settings
    if settings.backup_folder is None:
        return
    kinds = due(context.session, context.clock.now(), settings.zone)
    if not kinds:
        return
    registry = context.registry
    backups = Backups(settings, registry.database, registry.keyring, context.clock, registry.ini)

    def begin(session: Session) -> None:
        if not session.in_nested_transaction():
            threading.Thread(target=work, args=(backups, kinds), name=THREAD, daemon=True).start()

    event.listen(context.session, "after_commit", begin)


def due(session: Session, now: datetime, zone: ZoneInfo) -> list[str]:
    """What should have been done by now and was not; what failed is tried again after an hour."""
    local = now.astimezone(zone)
    night = _last(local, NIGHT)
    sunday = _last(local, DRILL_AT)
    sunday -= timedelta(days=(sunday.weekday() - SUNDAY) % 7)
    return [kind for kind, since in ((BACKUP, night), (DRILL, sunday)) if _is_due(session, kind, since, now)]


def work(backups: Backups, kinds: Sequence[str]) -> None:
    """Do it; a failure is in the log, on the health page and in the audit trail."""
    doing = Runs(backups, Actor.system("core.backup"))
    for kind in kinds:
        try:
            if kind == BACKUP:
                doing.backup()
            else:
                doing.drill(backups.shelf.newest())
        except BackupBusy:
            logger.info("%s waits: another one is at work", kind)
        except FAULTS:
            logger.exception("%s failed; it is tried again in an hour", kind)


def _last(local: datetime, at: time) -> datetime:
    today = datetime.combine(local.date(), at, local.tzinfo)
    return today if today <= local else today - timedelta(days=1)


def _is_due(session: Session, kind: str, since: datetime, now: datetime) -> bool:
    done, tried = runs.begun(session, kind, is_well=True), runs.begun(session, kind)
    return (done is None or done < since) and (tried is None or tried <= now - AGAIN)


JOBS = [Job("backup", look, LOOK)]
