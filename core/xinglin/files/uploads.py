"""Uploads in pieces: begun, carried on after a break, finished. Pieces are sealed from the first byte on."""

from __future__ import annotations

import io
import re
import secrets
from typing import TYPE_CHECKING, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session
from translationstring import TranslationString

from xinglin.api.i18n import translator
from xinglin.files.errors import FileRefused, UploadMissing, WrongOffset
from xinglin.files.kinds import check_content, kind_of
from xinglin.files.models import FileState, FileUpload, StoredFile
from xinglin.files.names import clean_name
from xinglin.files.pieces import Pieces
from xinglin.files.service import (
    Policy,
    announce_preview,
    check_size,
    delete_after_commit,
    new_storage_key,
)
from xinglin.files.vault import Lock, Vault
from xinglin.kernel.orm import new_public_id
from xinglin.types import Clock

if TYPE_CHECKING:
    from pyramid.request import Request

    from xinglin.audit.service import AuditTrail

_ = translator("core")
MOST_PIECE = 4 * 1024 * 1024
MOST_OPEN = 20
"""Uploads that one person may have open, so that nobody fills the disk with beginnings."""


class UploadService:
    """The uploads of one person, `owner` (a public id)."""

    def __init__(
        self, session: Session, clock: Clock, audit: AuditTrail, vault: Vault, policy: Policy, owner: str
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._vault = vault
        self._policy = policy
        self._owner = owner

    def begin(self, plugin: str, name: str, size: int, sha256: str = "") -> FileUpload:
        """Announce a file; raises `FileRefused` when it could never be accepted."""
        shown = clean_name(name)
        kind_of(shown)
        check_size(size, self._policy.most_bytes)
        if sha256 and not re.fullmatch("[0-9a-f]{64}", sha256):
            raise FileRefused(_("The checksum is not a SHA-256 in hex."), _("Choose the file again."))
        self._check_open()
        lock = self._vault.new_lock(new_public_id(), is_sealed=True)
        upload = FileUpload(
            public_id=lock.public_id,
            plugin=plugin,
            name=shown,
            size=size,
            sha256=sha256,
            arrived=0,
            pieces=[],
            storage_key=new_storage_key(),
            key_sealed=lock.key_sealed,
            uploaded_by=self._owner,
            touched_at=self._clock.now(),
        )
        self._session.add(upload)
        self._session.flush()
        return upload

    def find(self, public_id: str, *, will_change: bool = False) -> FileUpload:
        """An upload of this person; raises `UploadMissing`."""
        query = select(FileUpload).where(
            FileUpload.public_id == public_id, FileUpload.uploaded_by == self._owner
        )
        found = self._session.scalar(query.with_for_update() if will_change else query)
        if found is None:
            raise UploadMissing
        return found

    def add_piece(self, public_id: str, offset: int, content: bytes) -> FileUpload:
        """Store a piece; raises `WrongOffset` (go on where it says) or `FileRefused`. The first shows the true type."""
        upload = self.find(public_id, will_change=True)
        if offset != upload.arrived or upload.file_id is not None:
            raise WrongOffset(upload.arrived)
        if not content or len(content) > min(MOST_PIECE, upload.size - offset):
            raise FileRefused(_("The piece has a wrong size."), _("Choose the file again."), status=413)
        # A name of its own for each try: a piece is never written again under the same nonce and name.
        name = f"{upload.storage_key}.piece-{offset}-{secrets.token_hex(4)}"
        self._vault.put(name, [content], lock_of(upload))
        upload.pieces = [*upload.pieces, [name, len(content)]]
        upload.arrived += len(content)
        upload.touched_at = self._clock.now()
        self._session.flush()
        return upload

    def finish(self, public_id: str) -> StoredFile:
        """Make the stored file, held until the worker has put it together and checked it. A second call changes nothing."""
        upload = self.find(public_id, will_change=True)
        if upload.file_id is not None:
            return self._session.get_one(StoredFile, upload.file_id)
        if upload.arrived != upload.size:
            raise WrongOffset(upload.arrived)
        with self.reader(upload) as stream:
            media_type = check_content(upload.name, stream)
        stored = self._stored(upload, media_type)
        self._session.add(stored)
        self._session.flush()
        upload.file_id = stored.id
        announce_preview(self._session, stored)
        self._audit.record(
            "file.upload", "file", stored.public_id, after={"plugin": upload.plugin, "size": upload.size}
        )
        return stored

    def refuse(self, upload: FileUpload, refused: FileRefused) -> None:
        """Remove an upload whose content is not acceptable, with its pieces, and record that."""
        self.note_refusal(refused, plugin=upload.plugin, name=upload.name, public_id=upload.public_id)
        self._remove(upload)

    def note_refusal(self, refused: FileRefused, *, plugin: str, name: str, public_id: str = "") -> None:
        """Record who wanted to upload what; without `public_id`, before a byte had come."""
        facts = {"plugin": plugin[:32], "name": clean_name(name), "reason": _in_english(refused.message)}
        self._audit.record("file.refuse", "file", public_id, after=facts, result="denied")

    def cancel(self, public_id: str) -> None:
        """Remove an upload that is not finished, with its pieces; raises `UploadMissing`, `FileRefused`."""
        upload = self.find(public_id, will_change=True)
        if upload.file_id is not None:
            raise FileRefused(
                _("The upload is finished already."), _("Remove the file from its page."), status=409
            )
        self._remove(upload)

    def _remove(self, upload: FileUpload) -> None:
        delete_after_commit(self._session, self._vault, [name for name, _size in upload.pieces])
        self._session.delete(upload)
        self._session.flush()

    def state_of(self, upload: FileUpload) -> str:
        """`receiving` until it is finished, then the state of the stored file."""
        if upload.file_id is None:
            return "receiving"
        return self._session.get_one(StoredFile, upload.file_id).state

    def reader(self, upload: FileUpload) -> BinaryIO:
        return reader_of(self._vault, upload)

    def _stored(self, upload: FileUpload, media_type: str) -> StoredFile:
        now = self._clock.now()
        return StoredFile(
            public_id=upload.public_id,
            plugin=upload.plugin,
            name=upload.name,
            media_type=media_type,
            size=upload.size,
            sha256=upload.sha256,
            storage_key=upload.storage_key,
            key_sealed=upload.key_sealed,
            uploaded_by=upload.uploaded_by,
            created_at=now,
            state=FileState.PENDING,
            scan_at=now,
        )

    def _check_open(self) -> None:
        query = select(FileUpload.id).where(
            FileUpload.uploaded_by == self._owner, FileUpload.file_id.is_(None)
        )
        if len(self._session.scalars(query.limit(MOST_OPEN)).all()) >= MOST_OPEN:
            raise FileRefused(
                _("Too many uploads are open at once."),
                _("Finish or cancel one first, or wait a day."),
                status=429,
            )


def _in_english(message: str) -> str:
    """The audit trail is read by programs, too; the names that the sentence tells stay."""
    return message.interpolate() if isinstance(message, TranslationString) else message


def lock_of(upload: FileUpload) -> Lock:
    return Lock(upload.public_id, upload.key_sealed)


def reader_of(vault: Vault, upload: FileUpload) -> BinaryIO:
    """The whole upload as one seekable file."""
    return io.BufferedReader(Pieces(vault, lock_of(upload), [(name, size) for name, size in upload.pieces]))


def factory(_context: object, request: Request) -> UploadService:
    return UploadService(
        request.db,
        request.clock,
        request.audit,
        Vault.of(request.settings, request.keyring),
        Policy.of(request.settings),
        request.identity.public_id,
    )
