"""The worker's part: put uploads together, have them scanned, pass them or withhold them. Fails closed.

A file is taken under a lease, in a short transaction; the work itself holds none. Whoever dies on the way leaves a
pending file that is taken up again when the lease is over.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.audit.service import Actor, AuditTrail
from xinglin.bus.service import publish
from xinglin.crypto.service import SealBroken
from xinglin.files.clamd import Clamd, NotScannable, ScannerDown, Verdict
from xinglin.files.models import FileState, FileUpload, StoredFile
from xinglin.files.service import delete_after_commit, lock_of
from xinglin.files.stream import FileBroken, chunks_of
from xinglin.files.uploads import reader_of
from xinglin.files.vault import Lock, Vault, Written
from xinglin.files.withheld import tell_uploader
from xinglin.types import Event

if TYPE_CHECKING:
    from xinglin.kernel.worker import WorkerContext

_ = translator("core")
LEASE = timedelta(minutes=10)
AGAIN = timedelta(seconds=15)
MOST_PAUSES = 20
SECONDS, BYTES_PER_SECOND = 10.0, 4 * 1024 * 1024
OFF = "off"
CHANGED = _("the checksum is not the announced one")
UNREADABLE = _("the stored bytes cannot be read")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """One file that is ours for the time of the lease; `upload` when it still lies in pieces."""

    file_id: int
    public_id: str
    storage_key: str
    size: int
    lock: Lock
    sha256: str
    attempts: int
    upload: FileUpload | None


@dataclass(frozen=True)
class Outcome:
    """What became of the file; `written` when its pieces were put together."""

    state: FileState
    finding: str = ""
    written: Written | None = None


def run_once(context: WorkerContext) -> int:
    """Check one file that waits; 1 when it was decided, 0 when nothing waits or the engine is down."""
    due = _due(context.clock.now())
    with context.database.read_session() as session:
        if session.scalar(due.with_only_columns(StoredFile.id)) is None:
            return 0  # an idle worker takes no lock
    engine = None if context.settings.clamd == OFF else Clamd(context.settings.clamd)
    if engine is not None and not _is_up(context, engine):
        return 0
    return _check_one(context, engine)


def _is_up(context: WorkerContext, engine: Clamd) -> bool:
    """Whether the engine finds the test file; if not, everything that is due waits a little."""
    try:
        engine.check_itself()
    except ScannerDown as error:
        logger.error(
            "the virus scanner is down: %s. Files wait. Cure: start clamd, see `xinglin doctor`", error
        )
        now = context.clock.now()
        with context.database.session() as session:
            waiting = (StoredFile.state == FileState.PENDING, StoredFile.scan_at <= now)
            session.execute(update(StoredFile).where(*waiting).values(scan_at=now + AGAIN))
        return False
    return True


def _check_one(context: WorkerContext, engine: Clamd | None) -> int:
    task = _claim(context)
    if task is None:
        return 0
    vault = Vault.of(context.settings, context.keyring)
    try:
        outcome = _judge(vault, task, engine)
    except (FileBroken, SealBroken, FileNotFoundError) as error:
        logger.error("file %s cannot be read: %s", task.public_id, error)
        outcome = Outcome(FileState.REFUSED, UNREADABLE)
    except ScannerDown as error:
        logger.error("file %s was not scanned: %s. It is tried again", task.public_id, error)
        _put_back(context, task)
        return 0
    _record(context, vault, task, outcome)
    return 1


def _judge(vault: Vault, task: Task, engine: Clamd | None) -> Outcome:
    written = None
    if task.upload is not None:
        with reader_of(vault, task.upload) as pieces:
            written = vault.put(f"{task.storage_key}.full", chunks_of(pieces), task.lock)
        if task.sha256 not in ("", written.sha256):
            return Outcome(FileState.REFUSED, CHANGED, written)
    if engine is None:
        return Outcome(FileState.UNSCANNED, "", written)
    seconds = SECONDS + task.size / BYTES_PER_SECOND
    try:
        with _bytes_of(vault, task) as stream:
            verdict: Verdict = engine.scan(chunks_of(stream), seconds=seconds)
    except NotScannable as error:
        return Outcome(FileState.REFUSED, str(error), written)
    state = FileState.CLEAN if verdict.is_clean else FileState.INFECTED
    return Outcome(state, verdict.signature, written)


@contextmanager
def _bytes_of(vault: Vault, task: Task) -> Iterator[BinaryIO]:
    with vault.open(f"{task.storage_key}.full", task.lock, task.size) as stream:
        yield stream


def _due(now: datetime) -> Select[StoredFile]:
    waiting = (StoredFile.state == FileState.PENDING, StoredFile.scan_at <= now)
    return select(StoredFile).where(*waiting).order_by(StoredFile.scan_at, StoredFile.id).limit(1)


def _claim(context: WorkerContext) -> Task | None:
    now = context.clock.now()
    with context.database.session() as session:
        stored = session.scalar(_due(now).with_for_update(skip_locked=True))
        if stored is None:
            return None
        stored.scan_at = now + LEASE
        stored.attempts += 1
        upload = session.scalar(select(FileUpload).where(FileUpload.file_id == stored.id))
        return Task(
            stored.id,
            stored.public_id,
            stored.storage_key,
            stored.size,
            lock_of(stored),
            stored.sha256 if upload is not None else "",
            stored.attempts,
            upload,
        )


def _put_back(context: WorkerContext, task: Task) -> None:
    """Tried again, later each time: a file that the engine chokes on must not stand before all others."""
    pause = AGAIN * min(task.attempts, MOST_PAUSES)
    with context.database.session() as session:
        session.execute(
            update(StoredFile)
            .where(StoredFile.id == task.file_id, StoredFile.state == FileState.PENDING)
            .values(scan_at=context.clock.now() + pause)
        )


def _record(context: WorkerContext, vault: Vault, task: Task, outcome: Outcome) -> None:
    with context.database.session() as session:
        stored = session.get(StoredFile, task.file_id, with_for_update=True)
        if stored is None or stored.state != FileState.PENDING:
            return
        stored.state, stored.finding = outcome.state, outcome.finding[:255]
        stored.checked_at, stored.scan_at = context.clock.now(), None
        if outcome.written is not None:
            stored.sha256 = outcome.written.sha256
        if task.upload is not None:
            _forget_pieces(session, vault, task.upload)
        if outcome.state in (FileState.INFECTED, FileState.REFUSED):
            _tell(context, session, stored)


def _forget_pieces(session: Session, vault: Vault, upload: FileUpload) -> None:
    row = session.get(FileUpload, upload.id)
    if row is not None:
        row.pieces = []
        delete_after_commit(session, vault, [name for name, _size in upload.pieces])


def _tell(context: WorkerContext, session: Session, stored: StoredFile) -> None:
    """The audit trail, the modules, and the one who uploaded it."""
    trail = AuditTrail(session, Actor.system("virus scan"), context.clock, context.keyring)
    facts = {"plugin": stored.plugin, "uploaded_by": stored.uploaded_by, "finding": stored.finding}
    trail.record(f"file.{stored.state}", "file", stored.public_id, after=facts, result="refused")
    tell_uploader(session, context.clock, trail, stored)
    publish(session, Event(f"file.{stored.state}", stored.public_id, context.clock.now(), facts))
