"""Files that were uploaded for documents and belong to none: the page was closed too early, or the draft thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from xinglin.api.files import FileState, StoredFile
from xinglin_documents.models import (
    Archive,
    DraftFile,
    FormerHead,
    InstanceFile,
    OfficialDocument,
    OutsideFile,
    Signature,
)

PLUGIN = "documents"
KEPT = timedelta(days=1)
OURS_TO_DELETE = (FileState.PENDING, FileState.CLEAN, FileState.UNSCANNED)
"""A file in quarantine stays there for the security administrator."""
HOLDERS = (
    DraftFile.file_id,
    InstanceFile.file_id,
    Signature.file_id,
    OfficialDocument.final_file_id,
    FormerHead.file_id,
    Archive.file_id,
    OutsideFile.file_id,
)
"""Every column that holds a file of ours; a test compares it with the tables."""


def orphans(session: Session, now: datetime) -> Sequence[StoredFile]:
    """Those that were uploaded a day ago or earlier."""
    query = select(StoredFile).where(
        StoredFile.plugin == PLUGIN,
        StoredFile.created_at < now - KEPT,
        StoredFile.state.in_(OURS_TO_DELETE),
        *(~exists().where(column == StoredFile.id) for column in HOLDERS),
    )
    return session.scalars(query).all()
