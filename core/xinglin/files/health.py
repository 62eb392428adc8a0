"""Lines of the health page about files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from xinglin.files.jobs import LATE
from xinglin.files.models import QUARANTINED, FilePreview, FileState, PreviewState, StoredFile
from xinglin.types import HealthCheck

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from xinglin.types import Clock


def health(session: Session, clock: Clock) -> list[HealthCheck]:
    """The virus check, and the previews."""
    return [_virus_check(session, clock), _previews(session, clock)]


def _previews(session: Session, clock: Clock) -> HealthCheck:
    """Whether files were put back because they cannot be drawn on this host."""
    put_back = (FilePreview.attempts == 0, FilePreview.due_at > clock.now())
    waiting = session.scalar(select(func.count()).where(FilePreview.state == PreviewState.WAITING, *put_back))
    cure = "the worker's log says what is missing: install it, see docs/operations.md" if waiting else ""
    return HealthCheck("previews", not waiting, f"{waiting} cannot be prepared here", cure)


def _virus_check(session: Session, clock: Clock) -> HealthCheck:
    """Whether files wait longer than five minutes for the virus check, and how many are in quarantine."""
    waiting, oldest = session.execute(
        select(func.count(), func.min(StoredFile.created_at)).where(StoredFile.state == FileState.PENDING)
    ).one()
    is_well = oldest is None or clock.now() - oldest <= LATE
    withheld = session.scalar(
        select(func.count()).select_from(StoredFile).where(StoredFile.state.in_(QUARANTINED))
    )
    cure = "" if is_well else "is the worker running, is clamd running and does it have signatures?"
    detail = f"{waiting} wait, {withheld} in quarantine"
    return HealthCheck("virus check", is_well, detail, cure)
