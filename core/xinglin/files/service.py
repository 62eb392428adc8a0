"""The store of files: pictures are re-encoded, attachments are always sealed, and nothing unchecked is given out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.files.converting import can_show
from xinglin.files.errors import FileHeld, FileRefused
from xinglin.files.kinds import check_content
from xinglin.files.models import READABLE, FilePreview, FileState, StoredFile
from xinglin.files.names import clean_name
from xinglin.files.pictures import FULL_EDGE, MEDIA_TYPE, THUMB_EDGE, encode, read_picture
from xinglin.files.stream import chunks_of
from xinglin.files.vault import Lock, Vault
from xinglin.kernel.orm import new_public_id
from xinglin.types import Clock

if TYPE_CHECKING:
    from xinglin.crypto.service import Keyring
    from xinglin.kernel.settings import CoreSettings

_ = translator("core")

__all__ = ["FileHeld", "FileRefused", "FileStore", "Policy"]
VARIANTS = ("full", "thumb")


@dataclass(frozen=True)
class Policy:
    """What the site allows: whether files wait for the virus check, and how large one may be."""

    is_scanned: bool = False
    most_bytes: int = 200 * 1024 * 1024

    @classmethod
    def of(cls, settings: CoreSettings) -> Policy:
        return cls(settings.clamd != "off", settings.max_upload_mb * 1024 * 1024)


class FileStore:
    """Files under random names. Bytes are written before the row and removed after it."""

    def __init__(self, vault: Vault, session: Session, clock: Clock, policy: Policy | None = None) -> None:
        self._vault = vault
        self._session = session
        self._clock = clock
        self._policy = policy or Policy()

    @classmethod
    def of(cls, settings: CoreSettings, keyring: Keyring, session: Session, clock: Clock) -> FileStore:
        return cls(Vault.of(settings, keyring), session, clock, Policy.of(settings))

    def save_picture(self, name: str, stream: BinaryIO, *, plugin: str, uploaded_by: str) -> StoredFile:
        """Store a picture from `stream`; raises `FileRefused`. Two sizes are kept, both JPEG without metadata."""
        picture = read_picture(stream)
        lock, key = self._new_lock(is_sealed=self._vault.encrypts_all), new_storage_key()
        picture.thumbnail((FULL_EDGE, FULL_EDGE))
        width, height = picture.size
        written = self._vault.put(f"{key}.full", [encode(picture)], lock)
        picture.thumbnail((THUMB_EDGE, THUMB_EDGE))
        thumb = encode(picture)
        self._vault.put(f"{key}.thumb", [thumb], lock)
        stored = self._row(clean_name(name, "picture"), plugin, uploaded_by, key, lock)
        stored.media_type, stored.size, stored.sha256 = MEDIA_TYPE, written.size, written.sha256
        stored.width, stored.height, stored.thumb_size = width, height, len(thumb)
        return self._add(stored)

    def save_attachment(self, name: str, stream: BinaryIO, *, plugin: str, uploaded_by: str) -> StoredFile:
        """Store a file of an allowed kind, always sealed; raises `FileRefused`. `stream` is seekable."""
        shown = clean_name(name)
        size = stream.seek(0, 2)
        check_size(size, self._policy.most_bytes)
        media_type = check_content(shown, stream)
        stream.seek(0)
        lock, key = self._new_lock(is_sealed=True), new_storage_key()
        written = self._vault.put(f"{key}.full", chunks_of(stream), lock)
        stored = self._row(shown, plugin, uploaded_by, key, lock)
        stored.media_type, stored.size, stored.sha256 = media_type, written.size, written.sha256
        return self._add(stored)

    def save_made(
        self, name: str, stream: BinaryIO, *, media_type: str, plugin: str, uploaded_by: str
    ) -> StoredFile:
        """Store what the portal made of files that had passed, such as an archive package; always sealed.

        It is not judged like an upload, which may hold no archive inside an archive. It has no preview.
        """
        lock, key = self._new_lock(is_sealed=True), new_storage_key()
        stream.seek(0)
        written = self._vault.put(f"{key}.full", chunks_of(stream), lock)
        stored = self._row(clean_name(name), plugin, uploaded_by, key, lock)
        stored.state, stored.scan_at, stored.checked_at = FileState.CLEAN, None, self._clock.now()
        stored.media_type, stored.size, stored.sha256 = media_type, written.size, written.sha256
        self._session.add(stored)
        self._session.flush()
        return stored

    def open(self, stored: StoredFile, variant: str = "full") -> BinaryIO:
        """The bytes of `full` or (of a picture) `thumb`, seekable; raises `FileHeld` unless the file was passed."""
        if stored.state not in READABLE:
            raise FileHeld.checking() if stored.state == FileState.PENDING else FileHeld.withheld()
        size = stored.size if variant == "full" else stored.thumb_size or 0
        return self._vault.open(f"{stored.storage_key}.{variant}", lock_of(stored), size)

    def discard(self, stored: StoredFile) -> None:
        """Remove row and bytes; the bytes go only after the row's transaction has committed."""
        names = objects_of(self._session, stored)
        self._session.delete(stored)
        state = inspect(stored)
        delete_after_commit(self._session, self._vault, names, lambda: state.was_deleted)

    def _row(self, name: str, plugin: str, uploaded_by: str, key: str, lock: Lock) -> StoredFile:
        now = self._clock.now()
        return StoredFile(
            public_id=lock.public_id,
            plugin=plugin,
            name=name,
            storage_key=key,
            key_sealed=lock.key_sealed,
            uploaded_by=uploaded_by,
            created_at=now,
            state=FileState.PENDING if self._policy.is_scanned else FileState.UNSCANNED,
            scan_at=now if self._policy.is_scanned else None,
        )

    def _add(self, stored: StoredFile) -> StoredFile:
        self._session.add(stored)
        self._session.flush()
        announce_preview(self._session, stored)
        return stored

    def _new_lock(self, *, is_sealed: bool) -> Lock:
        return self._vault.new_lock(new_public_id(), is_sealed=is_sealed)


def lock_of(stored: StoredFile) -> Lock:
    return Lock(stored.public_id, stored.key_sealed)


def announce_preview(session: Session, stored: StoredFile) -> None:
    """Let the worker make pages of the file once it was passed; a picture of ours is its own page."""
    if stored.width is None and can_show(stored.name):
        session.add(FilePreview(file_id=stored.id, due_at=stored.created_at))
        session.flush()


def page_name(storage_key: str, attempt: int, number: int) -> str:
    """The object that holds page `number` (from 1) as the attempt `attempt` made it."""
    return f"{storage_key}.page-{attempt}-{number}"


def objects_of(session: Session, stored: StoredFile) -> list[str]:
    """The names of all objects of a file: its bytes, its thumbnail, its pages."""
    names = [f"{stored.storage_key}.{variant}" for variant in VARIANTS]
    preview = session.scalar(select(FilePreview).where(FilePreview.file_id == stored.id))
    if preview is not None:
        numbers = range(1, len(preview.pages) + 1)
        names += [page_name(stored.storage_key, preview.attempts, number) for number in numbers]
    return names


def check_size(size: int, most: int) -> None:
    """Refuse what is empty or larger than the site allows."""
    if size <= 0:
        raise FileRefused(_("The file is empty."), _("Choose the file again."))
    if size > most:
        raise FileRefused(
            _("The file is larger than ${count} MB.", mapping={"count": most // 1024 // 1024}),
            _("Make it smaller or divide it."),
            status=413,
        )


def delete_after_commit(
    session: Session, vault: Vault, names: Iterable[str], is_meant: Callable[[], bool] = lambda: True
) -> None:
    """Delete objects when the session's transaction has committed, if `is_meant` still says so then."""

    def remove(session: Session) -> None:
        # The release of a savepoint is no commit, and a rolled back savepoint brings the row back.
        if not session.in_nested_transaction() and is_meant():
            for name in names:
                vault.storage.delete(name)

    event.listen(session, "after_commit", remove)


def new_storage_key() -> str:
    return secrets.token_hex(16)
