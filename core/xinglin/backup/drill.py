"""The restore drill: the newest backup in a scratch place, compared, its audit trail checked, attachments opened."""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.audit import anchors, canonical, verify
from xinglin.audit.anchors import Anchor
from xinglin.audit.chain import BadRecord
from xinglin.backup import retention
from xinglin.backup.errors import BackupDamaged
from xinglin.backup.manifest import Manifest
from xinglin.backup.restoring import Place, Restoring
from xinglin.backup.service import Backups
from xinglin.backup.shelf import Shelf
from xinglin.backup.tools import Tools
from xinglin.crypto.errors import KeyMissing, SealBroken
from xinglin.files.models import QUARANTINED, READABLE, FileState, StoredFile
from xinglin.files.storage import Storage
from xinglin.files.stream import CHUNK, FileBroken
from xinglin.files.vault import Lock, Vault
from xinglin.kernel.db import Database

ATTACHMENTS = 20
NAMED = 10
UNSURE = timedelta(minutes=1)
"""A seal is made a moment before it is committed: the copy may have come between."""


@dataclass
class Proof:
    """What a drill found; `problems` is empty when all is well."""

    manifest: Manifest
    files: int = 0
    audit_records: int = 0
    attachments: int = 0
    problems: list[str] = field(default_factory=list)


def drill(backups: Backups, name: str, shelf: Shelf | None = None) -> Proof:
    """Restore into a scratch folder, look, throw it away. Raises `BackupRefused`, `BackupDamaged`."""
    shelf = shelf or backups.shelf
    with backups.alone(), backups.scratch() as scratch:
        if not backups.database.is_sqlite:
            Tools.of(backups.settings).hand_over(scratch)
        proof = Proof(backups.checked(name, shelf))
        looking = _Looking(backups, proof, scratch / "files")
        place = Place(scratch / "database", Storage(str(looking.files)))
        done = Restoring(backups, shelf, look=looking.look).restore(name, place)
    proof.files = done.files
    proof.problems[:0] = done.differences
    return proof


def refuse_problems(proof: Proof) -> None:
    """Raise `BackupDamaged` with what a drill found, if anything."""
    if proof.problems:
        shown = "; ".join(proof.problems[:NAMED])
        raise BackupDamaged(
            f"{proof.manifest.name}: {shown}. Cure: look at the disk, take another backup, see docs/backup.md"
        )


@dataclass(frozen=True)
class _Looking:
    backups: Backups
    proof: Proof
    files: Path

    def look(self, database: Database) -> None:
        """Into the restored database, with the restored files."""
        with database.read_session() as session:
            self._audit(session)
            self._attachments(session)

    def _audit(self, session: Session) -> None:
        known = [found for found in self._anchors() if found.made_at < self._until]
        for step in verify.verify(session, self.backups.keyring, known):
            if isinstance(step, BadRecord):
                self.proof.problems.append(f"audit record {step.id} {step.reason}")
            else:
                self.proof.audit_records = step

    def _anchors(self) -> list[Anchor]:
        return anchors.read(self.backups.settings.anchor_file)

    @property
    def _until(self) -> str:
        """Anchors that are younger than the backup would say that its end was cut off. The name is its begin."""
        return canonical.moment(retention.begun_at(self.proof.manifest.name) - UNSURE)

    def _attachments(self, session: Session) -> None:
        vault = Vault(Storage(str(self.files)), self.backups.keyring)
        query = select(StoredFile.id).where(StoredFile.state.in_(READABLE | QUARANTINED))
        ids = list(session.scalars(query))
        for number in random.SystemRandom().sample(ids, min(ATTACHMENTS, len(ids))):
            stored = session.get_one(StoredFile, number)
            self.proof.problems += [] if self._was_deleted(stored) else _faults(stored, vault)
            self.proof.attachments += 1

    def _was_deleted(self, stored: StoredFile) -> bool:
        """Between the copy of the rows and that of the objects: the row is in the backup, the bytes need not be."""
        with (
            contextlib.suppress(FileNotFoundError),
            Storage(str(self.files)).open(f"{stored.storage_key}.full"),
        ):
            return False
        known = select(StoredFile.state).where(StoredFile.public_id == stored.public_id)
        with self.backups.database.read_session() as session:
            return session.scalar(known) in (None, FileState.REMOVED)


def _faults(stored: StoredFile, vault: Vault) -> Iterator[str]:
    digest = hashlib.sha256()
    lock = Lock(stored.public_id, stored.key_sealed)
    try:
        with vault.open(f"{stored.storage_key}.full", lock, stored.size) as plain:
            while piece := plain.read(CHUNK):
                digest.update(piece)
    except FileNotFoundError:
        yield f"file {stored.public_id}: its bytes are missing"
    except (FileBroken, SealBroken, KeyMissing) as error:
        yield f"file {stored.public_id}: {error}"
    else:
        if digest.hexdigest() != stored.sha256:
            yield f"file {stored.public_id}: other bytes than were uploaded"
