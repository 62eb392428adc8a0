"""The archive (归档): packages of ended documents in the file store, with retention, holds, and proof that they are whole."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO
from zoneinfo import ZoneInfo

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.crypto import SealBroken
from xinglin.api.files import FileBroken, FileStore, StoredFile
from xinglin.api.i18n import translator
from xinglin.api.security import current
from xinglin.api.services import NotFound
from xinglin.types import Clock
from xinglin_documents.models import Archive, Instance, Item, ItemStatus, OfficialDocument
from xinglin_documents.service.engine.definition import Definition
from xinglin_documents.service.official.dossier import Dossier, Verify
from xinglin_documents.service.official.errors import OfficialRefused
from xinglin_documents.service.official.packing import faults, pack
from xinglin_documents.service.official.reach import Reach

_ = translator("documents")
PLUGIN = "documents"
IN_MEMORY = 32 * 1024 * 1024
BROKEN = _("the stored package was changed or is missing")
ENDED = (ItemStatus.COMPLETED, ItemStatus.REJECTED, ItemStatus.WITHDRAWN, ItemStatus.TERMINATED)
Spool = tempfile.SpooledTemporaryFile[bytes]


def waiting(session: Session) -> list[int]:
    """Ids of documents that were asked to be archived, have ended, and have no package."""
    query = (
        select(OfficialDocument.id)
        .join(Item, Item.id == OfficialDocument.id)
        .outerjoin(Archive, Archive.item_id == OfficialDocument.id)
        .where(
            OfficialDocument.archive_asked_at.is_not(None),
            OfficialDocument.archived_at.is_(None),
            Archive.id.is_(None),
            Item.status.in_(ENDED),
        )
        .order_by(OfficialDocument.archive_asked_at)
    )
    return list(session.scalars(query))


def package_of(
    session: Session,
    files: FileStore,
    zone: ZoneInfo,
    item_id: int,
    definition_of: Callable[[Instance], Definition],
    verify: Verify | None = None,
) -> Spool:
    """The package of an ended document; only reads. Raises `FileHeld` while a file of it is being checked.

    `verify` says what is wrong with the signature under an act; without it signatures are packed as not verified.
    """
    instance = session.get_one(Instance, item_id)
    dossier = Dossier(session, files, zone, instance, definition_of(instance), verify)
    out: Spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the caller closes it
    pack(out, dossier.about(), dossier.members())
    return out


def keep(
    session: Session, clock: Clock, audit: AuditTrail, files: FileStore, item_id: int, package: BinaryIO
) -> Archive | None:
    """Put a package into the file store; None when another worker was faster. For ever, until the office says less."""
    document = session.get_one(OfficialDocument, item_id, with_for_update=True)
    known = session.scalar(select(Archive.id).where(Archive.item_id == item_id))
    if document.archived_at is not None or known is not None:
        return None
    item = document.item
    name = f"{item.number or item.title}-{item.public_id}.zip"
    stored = files.save_made(
        name,
        package,
        media_type="application/zip",
        plugin=PLUGIN,
        uploaded_by=document.head_asked_by or PLUGIN,
    )
    now = clock.now()
    archive = Archive(item_id=item_id, file_id=stored.id, digest=stored.sha256, archived_at=now)
    document.archived_at = now
    session.add(archive)
    session.flush()
    facts = {"file": stored.public_id, "sha256": stored.sha256, "size": stored.size}
    audit.record("documents.archived", "document", item.public_id, after=facts)
    return archive


class ArchiveService:
    """What the office does with packages of the departments in its reach."""

    def __init__(
        self, session: Session, clock: Clock, audit: AuditTrail, files: FileStore, reach: Reach
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._files = files
        self._reach = reach

    def find(self, item: Item) -> Archive:
        """Raises `NotFound` outside the reach, or when there is no package."""
        archive = self.of(item)
        if archive is None or not self._reach.covers(item.department_id):
            raise NotFound(_("There is no archive package of this document for you."))
        return archive

    def of(self, item: Item) -> Archive | None:
        return self._session.scalar(select(Archive).where(Archive.item_id == item.id))

    def file(self, archive: Archive) -> StoredFile:
        return self._session.get_one(StoredFile, archive.file_id)

    def verify(self, item: Item) -> list[str]:
        """What is wrong with the package, by its digests; empty: nothing. The check itself is on record."""
        archive = self.find(item)
        found: list[str]
        try:
            with self._files.open(self.file(archive)) as stream:
                found = faults(stream, archive.digest)
        except (FileBroken, SealBroken, FileNotFoundError):
            found = [BROKEN]
        facts = {"faults": len(found)}
        self._audit.record("documents.verify_archive", "document", item.public_id, after=facts)
        return found

    def retain(self, item: Item, until: datetime | None, reason: str = "") -> None:
        """Until when it must be kept; None: for ever. Raises `OfficialRefused` for a past day, and for a shorter time
        than now without a reason, which is on record.
        """
        archive = self._locked(item)
        self._check_retention(archive.retain_until, until, reason)
        before = {"retain_until": _said(archive.retain_until)}
        archive.retain_until = until
        self._session.flush()
        after = {"retain_until": _said(until)} | ({"reason": reason.strip()} if reason.strip() else {})
        self._audit.record("documents.retain", "document", item.public_id, before=before, after=after)

    def _check_retention(self, before: datetime | None, until: datetime | None, reason: str) -> None:
        if until is not None and until < self._clock.now():
            raise OfficialRefused(
                _("The last day of retention is past."), _("Choose today or a later day."), status=422
            )
        is_shorter = until is not None and (before is None or until < before)
        if is_shorter and not reason.strip():
            raise OfficialRefused(
                _("The package would be kept for a shorter time than until now."), _("Write why."), status=422
            )

    def hold(self, item: Item, reason: str) -> None:
        """Nobody removes it, whatever its retention, until the hold is lifted. Raises `OfficialRefused`."""
        archive = self._locked(item)
        if not reason.strip():
            raise OfficialRefused(_("A hold needs a reason."), _("Write why."), status=422)
        if archive.held_at is None:
            archive.held_at, archive.held_reason = self._clock.now(), reason.strip()[:200]
            self._session.flush()
            self._audit.record("documents.hold", "document", item.public_id)

    def lift(self, item: Item) -> None:
        """Lift the hold; without one nothing changes."""
        archive = self._locked(item)
        if archive.held_at is not None:
            archive.held_at, archive.held_reason = None, ""
            self._session.flush()
            self._audit.record("documents.lift_hold", "document", item.public_id)

    def remove(self, item: Item) -> None:
        """Remove a package whose time is over; the document itself and its register line stay.

        Raises `OfficialRefused` before that, or while it is held.
        """
        archive = self._locked(item)
        if archive.held_at is not None:
            raise OfficialRefused(_("The package is on hold."), _("Lift the hold first."))
        if archive.retain_until is None or archive.retain_until > self._clock.now():
            raise OfficialRefused(_("The package must still be kept."))
        stored = self.file(archive)
        before = {"sha256": archive.digest, "file": stored.public_id}
        self._session.delete(archive)
        self._session.flush()
        self._files.discard(stored)
        self._audit.record("documents.remove_archive", "document", item.public_id, before=before)

    def _locked(self, item: Item) -> Archive:
        archive = self.find(item)
        self._session.refresh(archive, with_for_update=True)
        return archive


def _said(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def factory(context: object, request: Request) -> ArchiveService:
    reach = Reach.of(current(request).grants)
    return ArchiveService(request.db, request.clock, request.audit, request.files, reach)
