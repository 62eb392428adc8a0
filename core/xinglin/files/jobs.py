"""Work by the clock: abandoned uploads, old quarantine, orphans, and the alarm when the check is late."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from xinglin.files.models import FileState, FileUpload, StoredFile
from xinglin.files.quarantine import QuarantineService
from xinglin.files.service import delete_after_commit
from xinglin.files.storage import TEMPORARY
from xinglin.files.vault import Vault
from xinglin.types import Job, JobContext

ABANDONED = timedelta(days=1)
ORPHAN = timedelta(days=1)
LATE = timedelta(minutes=5)
SHOWN = 20
logger = logging.getLogger(__name__)


def forget_uploads(context: JobContext) -> None:
    """Remove uploads that nobody touched for a day, and the rows of those that became files."""
    limit = context.clock.now() - ABANDONED
    pending = select(StoredFile.id).where(StoredFile.state == FileState.PENDING)
    query = select(FileUpload).where(
        FileUpload.touched_at < limit, FileUpload.file_id.is_(None) | FileUpload.file_id.not_in(pending)
    )
    vault = _vault(context)
    for upload in context.session.scalars(query).all():
        delete_after_commit(context.session, vault, [name for name, _size in upload.pieces])
        context.session.delete(upload)


def remove_old_quarantine(context: JobContext) -> None:
    QuarantineService(context.session, context.clock, context.audit, _vault(context)).remove_old()


def alarm_late(context: JobContext) -> None:
    """Say once of each file that it has waited for its check longer than five minutes."""
    now = context.clock.now()
    rows = context.session.execute(
        update(StoredFile)
        .where(
            StoredFile.state == FileState.PENDING,
            StoredFile.created_at < now - LATE,
            StoredFile.alarmed_at.is_(None),
        )
        .values(alarmed_at=now)
        .returning(StoredFile.public_id)
        .execution_options(synchronize_session=False)
    ).all()
    if rows:
        logger.error(
            "%s files wait for the virus check since five minutes. Cure: is clamd running?", len(rows)
        )
        context.audit.record("file.check_late", "file", after={"files": len(rows)}, result="error")


def reconcile(context: JobContext) -> None:
    """Remove objects without a row, older than a day, and report rows without their object."""
    vault, session = _vault(context), context.session
    limit = context.clock.now() - ORPHAN
    known = _known_keys(session)
    seen, orphans = set(), []
    for found in vault.storage.objects():
        key = found.name.removeprefix(TEMPORARY).partition(".")[0]
        is_whole = not found.name.startswith(TEMPORARY)
        if found.modified_at < limit and not (is_whole and key in known):
            orphans.append(found.name)
        if is_whole:
            seen.add(key)
    for name in orphans:
        vault.storage.delete(name)
    missing = [public_id for key, public_id in _whole_files(session, limit) if key not in seen]
    if orphans or missing:
        logger.error("file store: %s orphans removed, %s files have no bytes", len(orphans), len(missing))
        after = {"orphans": len(orphans), "missing": missing[:SHOWN], "missing_count": len(missing)}
        context.audit.record("file.reconcile", "file", after=after, result="error" if missing else "ok")


def _known_keys(session: Session) -> set[str]:
    stored = select(StoredFile.storage_key).where(StoredFile.state != FileState.REMOVED)
    return {*session.scalars(stored), *session.scalars(select(FileUpload.storage_key))}


def _whole_files(session: Session, limit: datetime) -> Iterator[tuple[str, str]]:
    query = select(StoredFile.storage_key, StoredFile.public_id).where(
        StoredFile.state != FileState.REMOVED, StoredFile.created_at < limit
    )
    yield from session.execute(query)


def _vault(context: JobContext) -> Vault:
    return Vault.of(context.registry.settings, context.registry.keyring)


JOBS = [
    Job("forget_uploads", forget_uploads, timedelta(hours=1)),
    Job("remove_old_quarantine", remove_old_quarantine, timedelta(days=1)),
    Job("alarm_late_checks", alarm_late, timedelta(minutes=1)),
    Job("reconcile_files", reconcile, timedelta(days=1)),
]
