"""The worker's part: pictures of the pages of files that were passed, one file at a time, beside its other work.

As with the virus check a file is taken under a lease in a short transaction, and the work itself holds none. What a
converter does with a file costs that file its preview and nobody else anything.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Select, func, select, update

from xinglin.audit.service import Actor, AuditTrail
from xinglin.crypto.service import SealBroken
from xinglin.files.converting import Converter, Pages, ProgramMissing, check_programs
from xinglin.files.models import READABLE, FilePreview, PreviewState, StoredFile
from xinglin.files.sandbox import Failed, Killed, Limits, NotIsolated, TooMuch, TooSlow
from xinglin.files.service import lock_of, page_name
from xinglin.files.stream import FileBroken, chunks_of
from xinglin.files.vault import Lock, Vault

if TYPE_CHECKING:
    from xinglin.kernel.settings import CoreSettings
    from xinglin.kernel.worker import WorkerContext

FIRST_SECONDS = 20
"""A file that needs more goes behind those that were not tried yet, and has all of `preview_seconds` then."""
AGAIN = timedelta(minutes=5)
MOST_ATTEMPTS = 3
MOST_BYTES = 100 * 1024 * 1024
TOO_SLOW, TOO_LARGE, UNREADABLE, BROKEN_OFF = "too slow", "too large", "unreadable", "broken off"
PROBLEM_OF: dict[type[Exception], str] = {TooSlow: TOO_SLOW, TooMuch: TOO_LARGE}
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """One file that is ours for the time of the lease."""

    preview_id: int
    public_id: str
    name: str
    storage_key: str
    size: int
    lock: Lock
    attempt: int


@dataclass(frozen=True)
class Outcome:
    """What became of it; `pages` as in `FilePreview.pages`. `goes_behind`: it is tried again after the others."""

    problem: str = ""
    pages: tuple[tuple[int, int, int], ...] = ()
    has_more: bool = False
    goes_behind: bool = False


def run_once(context: WorkerContext) -> int:
    """Prepare one file that waits; 1 when something was decided, 0 when nothing waits or a program is missing."""
    if context.settings.preview_pages == 0:
        return 0
    due = _due(context.clock.now())
    with context.database.read_session() as session:
        if session.scalar(due.with_only_columns(FilePreview.id).limit(1)) is None:
            return 0  # an idle worker takes no lock
    task = _claim(context)
    if task is None:
        return 0
    vault = Vault.of(context.settings, context.keyring)
    _forget_pages(context, vault, task, before=task.attempt)
    outcome = _judge(context, vault, task)
    if outcome is None:
        return 0
    _record(context, vault, task, outcome)
    return 1


def converter_of(settings: CoreSettings, attempt: int) -> Converter:
    """The converter of this site. The first attempt at a file is a short one, as nearly all need no more."""
    seconds = min(FIRST_SECONDS, settings.preview_seconds) if attempt == 1 else settings.preview_seconds
    must_isolate = settings.preview_isolation == "required"
    limits = Limits(seconds, settings.preview_memory_mb, must_isolate=must_isolate)
    return Converter(limits, settings.preview_pages)


def lease_of(settings: CoreSettings) -> timedelta:
    """Two programs may work on a file one after the other, and what they made is sealed after that."""
    return timedelta(seconds=settings.preview_seconds * 2) + timedelta(minutes=5)


def _judge(context: WorkerContext, vault: Vault, task: Task) -> Outcome | None:
    """None: put back, because the fault is not the file's."""
    try:
        return _outcome(context, vault, task)
    except (ProgramMissing, NotIsolated) as error:
        logger.error("previews wait: %s", error)
        _put_back(context, task)
    except (
        OSError,
        MemoryError,
        Killed,
    ) as error:  # a full disk: tried again when the lease is over, and counted
        logger.error("no preview of file %s yet: %s", task.public_id, error)
    return None


def _outcome(context: WorkerContext, vault: Vault, task: Task) -> Outcome:
    check_programs()
    if task.size > MOST_BYTES:
        return Outcome(TOO_LARGE)
    if task.attempt > MOST_ATTEMPTS:
        return Outcome(BROKEN_OFF)
    try:
        return _convert(context, vault, task)
    except (TooSlow, TooMuch, Failed, FileBroken, SealBroken) as error:
        logger.warning("no preview of file %s: %s", task.public_id, error)
        had_all_time = task.attempt > 1 or context.settings.preview_seconds <= FIRST_SECONDS
        goes_behind = isinstance(error, TooSlow) and not had_all_time
        return Outcome(PROBLEM_OF.get(type(error), UNREADABLE), goes_behind=goes_behind)


def _convert(context: WorkerContext, vault: Vault, task: Task) -> Outcome:
    with (
        vault.open(f"{task.storage_key}.full", task.lock, task.size) as stream,
        converter_of(context.settings, task.attempt).pages(task.name, chunks_of(stream)) as pages,
    ):
        return Outcome("", _keep(vault, task, pages), pages.has_more)


def _keep(vault: Vault, task: Task, pages: Pages) -> tuple[tuple[int, int, int], ...]:
    kept = []
    for number, page in enumerate(pages.shown, 1):
        name = page_name(task.storage_key, task.attempt, number)
        with page.path.open("rb") as picture:
            written = vault.put(name, chunks_of(picture), task.lock)
        kept.append((written.size, page.width, page.height))
    return tuple(kept)


def _due(now: datetime) -> Select[FilePreview]:
    waiting = (FilePreview.state == PreviewState.WAITING, FilePreview.due_at <= now)
    return (
        select(FilePreview)
        .join(StoredFile, StoredFile.id == FilePreview.file_id)
        .where(*waiting, StoredFile.state.in_(READABLE))
    )


def _next(now: datetime) -> Select[FilePreview]:
    """The least tried first, then the first file of each uploader, the second of each, and so on."""
    of_uploader = func.row_number().over(partition_by=StoredFile.uploaded_by, order_by=FilePreview.id)
    turns = (  # with those under work, so that who has one there does not come first again
        select(FilePreview.id, of_uploader.label("turn"))
        .join(StoredFile, StoredFile.id == FilePreview.file_id)
        .where(FilePreview.state == PreviewState.WAITING, StoredFile.state.in_(READABLE))
        .subquery()
    )
    return (
        _due(now)
        .join(turns, turns.c.id == FilePreview.id)
        .order_by(FilePreview.attempts, turns.c.turn, FilePreview.due_at, FilePreview.id)
        .limit(1)
    )


def _claim(context: WorkerContext) -> Task | None:
    now = context.clock.now()
    with context.database.session() as session:
        preview = session.scalar(_next(now).with_for_update(skip_locked=True, of=FilePreview))
        if preview is None:
            return None
        preview.due_at = now + lease_of(context.settings)
        preview.attempts += 1
        stored = session.get_one(StoredFile, preview.file_id)
        return Task(
            preview.id,
            stored.public_id,
            stored.name,
            stored.storage_key,
            stored.size,
            lock_of(stored),
            preview.attempts,
        )


def _put_back(context: WorkerContext, task: Task) -> None:
    """Tried again later; the attempt is not counted."""
    with context.database.session() as session:
        session.execute(
            update(FilePreview)
            .where(FilePreview.id == task.preview_id, FilePreview.attempts == task.attempt)
            .values(due_at=context.clock.now() + AGAIN, attempts=task.attempt - 1)
        )


def _record(context: WorkerContext, vault: Vault, task: Task, outcome: Outcome) -> None:
    with context.database.session() as session:
        preview = session.get(FilePreview, task.preview_id, with_for_update=True)
        is_ours = preview is not None and preview.attempts == task.attempt
        if preview is not None and is_ours and outcome.goes_behind:
            preview.due_at = context.clock.now()
        elif preview is not None and is_ours:
            preview.state = PreviewState.FAILED if outcome.problem else PreviewState.READY
            preview.problem, preview.has_more = outcome.problem, outcome.has_more
            preview.pages = [list(page) for page in outcome.pages]
            if outcome.problem:
                trail = AuditTrail(session, Actor.system("preview"), context.clock, context.keyring)
                facts = {"problem": outcome.problem}
                trail.record("file.preview_failed", "file", task.public_id, after=facts, result="error")
    if outcome.problem or not is_ours:  # the file is gone, or another worker was faster after our lease
        _forget_pages(context, vault, task, since=task.attempt, before=task.attempt + 1)


def _forget_pages(context: WorkerContext, vault: Vault, task: Task, *, before: int, since: int = 1) -> None:
    """Remove what attempts left behind that did not come to their end."""
    for attempt in range(max(since, before - MOST_ATTEMPTS), before):
        for number in range(1, context.settings.preview_pages + 1):
            vault.storage.delete(page_name(task.storage_key, attempt, number))
