"""Bringing a backup back into an empty place, and proving that it is the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from xinglin.audit.service import Actor, AuditTrail
from xinglin.backup import objects, parts, postgresql, retention, sqlite, wal
from xinglin.backup.errors import BackupRefused
from xinglin.backup.manifest import Manifest
from xinglin.backup.service import FILES, Backups
from xinglin.backup.shelf import Shelf
from xinglin.backup.tools import Tools
from xinglin.files.storage import Storage
from xinglin.kernel.db import Database

Moment = datetime | Literal["latest"] | None
"""An aware moment, the end of the kept WAL, or None: the state that the backup holds."""


@dataclass(frozen=True)
class Restored:
    """What came back; `differences` is empty when every row and hash is as the manifest says."""

    manifest: Manifest
    files: int
    differences: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """Where a backup is unpacked: the database file (SQLite) or data folder (PostgreSQL), and the file store."""

    database: Path
    storage: Storage

    def refuse_unless_empty(self, engine: str) -> None:
        """Raise `BackupRefused` when anything lies there."""
        if engine == sqlite.ENGINE:
            sqlite.refuse_unless_empty(self.database)
        else:
            postgresql.refuse_unless_empty(self.database)
        if next(self.storage.objects(), None) is not None:
            raise BackupRefused(
                "the file store is not empty; a restore overwrites nothing. Cure: move its content away, or let "
                "`files_folder` name an empty folder"
            )

    def clear_files(self) -> None:
        """Leave the file store empty, as it was."""
        for found in list(self.storage.objects()):
            self.storage.delete(found.name)


@dataclass(frozen=True)
class Restoring:
    """Unpacks one backup from one shelf.

    `actor`: say so in the restored audit trail. `look` is shown the restored database when its files are there already.
    """

    backups: Backups
    shelf: Shelf
    actor: Actor | None = None
    look: Callable[[Database], None] | None = None

    def restore(self, name: str, place: Place, until: Moment = None) -> Restored:
        """Check every part, unpack and compare; a failure leaves the place empty. Raises `BackupRefused`, `BackupDamaged`."""
        manifest = self.backups.checked(name, self.shelf)
        _refuse_moment(manifest, until)
        place.refuse_unless_empty(manifest.engine)
        for part in manifest.parts:
            parts.check(self.shelf, name, part, self.backups.keyring)
        try:
            files = self._files(manifest, place)
            if manifest.engine == sqlite.ENGINE:
                differences = self._sqlite(manifest, place)
            else:
                differences = self._postgresql(manifest, place, until)
        except BaseException:
            place.clear_files()
            raise
        if files != manifest.files:
            differences.append(f"files: {files} instead of {manifest.files}")
        return Restored(manifest, files, tuple(differences))

    def _sqlite(self, manifest: Manifest, place: Place) -> list[str]:
        place.database.parent.mkdir(parents=True, exist_ok=True)
        half = place.database.with_name(f"{place.database.name}.unfinished")
        try:
            with (
                parts.opened(
                    self.shelf, manifest.name, manifest.part(sqlite.PART), self.backups.keyring
                ) as plain,
                half.open("wb") as out,
            ):
                half.chmod(0o600)
                shutil.copyfileobj(plain, out, parts.PIECE)
            differences = sqlite.compare(half, manifest.tables)
            half.rename(place.database)
        finally:
            half.unlink(missing_ok=True)
        database = Database(f"sqlite:///{place.database}")
        try:
            self._show(database, manifest, differences, None)
        finally:
            database.dispose()
        return differences

    def _postgresql(self, manifest: Manifest, place: Place, until: Moment) -> list[str]:
        unpacked = postgresql.Unpacked(place.database, Tools.of(self.backups.settings))
        try:
            for name in (postgresql.BASE, postgresql.WAL):
                with parts.opened(
                    self.shelf, manifest.name, manifest.part(name), self.backups.keyring
                ) as plain:
                    unpacked.take(name, plain)
            unpacked.verify()
            if until is not None:
                begun_at = retention.begun_at(manifest.name)
                wal.unseal(self.shelf, self.backups.keyring, begun_at, unpacked.wal)
            with unpacked.recovered(self.backups.database.url, _target(manifest, until)) as database:
                differences = [] if until else postgresql.compare(database, manifest.tables)
                self._show(database, manifest, differences, until)
        except BaseException:
            unpacked.clear()
            raise
        return differences

    def _files(self, manifest: Manifest, place: Place) -> int:
        with parts.opened(self.shelf, manifest.name, manifest.part(FILES), self.backups.keyring) as plain:
            return objects.unpack(plain, place.storage)

    def _show(self, database: Database, manifest: Manifest, differences: list[str], until: Moment) -> None:
        database.use_keys(self.backups.keyring)
        if self.look is not None:
            self.look(database)
        if self.actor is None:
            return
        after = {
            "backup": manifest.name,
            "from": self.shelf.url,
            "until": str(until) if until else None,
            "differences": differences,
        }
        # In the restored trail itself: from here on the site is another one than it was.
        with database.session() as session:
            trail = AuditTrail(session, self.actor, self.backups.clock, self.backups.keyring)
            result = "error" if differences else "ok"
            trail.record("backup.restore", "backup", manifest.name, after=after, result=result)


def suited(backups: Backups, shelf: Shelf, until: Moment) -> str:
    """The newest backup, or the newest that is older than the moment. Raises `BackupRefused`, `BackupDamaged`."""
    if not isinstance(until, datetime):
        return shelf.newest()
    for name in reversed(shelf.names()):
        if retention.begun_at(name) < until and backups.checked(name, shelf).created_at < until:
            return name
    raise BackupRefused(
        f"no backup is older than {until.isoformat()}. Cure: a later moment, see `xinglin backup list`"
    )


def _refuse_moment(manifest: Manifest, until: Moment) -> None:
    if until is not None and manifest.engine == sqlite.ENGINE:
        raise BackupRefused("SQLite keeps no log to go on from. Cure: leave out --at")
    if isinstance(until, datetime) and until <= manifest.created_at:
        raise BackupRefused(
            f"{manifest.name} is younger than {until.isoformat()}. Cure: take an older one, see `xinglin backup list`"
        )


def _target(manifest: Manifest, until: Moment) -> dict[str, str]:
    if until is None:
        return {"recovery_target_lsn": manifest.recover_to, "recovery_target_inclusive": "off"}
    if until == "latest":
        return {}
    return {"recovery_target_time": until.isoformat(sep=" ")}
