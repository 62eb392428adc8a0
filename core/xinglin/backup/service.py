"""Taking a backup, keeping the right number of them, and looking whether one is whole."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xinglin import __version__
from xinglin.backup import manifest as manifests
from xinglin.backup import objects, parts, postgresql, retention, sqlite, wal
from xinglin.backup.errors import BackupBusy, BackupDamaged, BackupRefused
from xinglin.backup.manifest import Manifest
from xinglin.backup.parts import Sealing
from xinglin.backup.shelf import UNFINISHED, Shelf
from xinglin.backup.tools import Tools
from xinglin.crypto import keys as key_file
from xinglin.crypto.service import Keyring
from xinglin.files.storage import Storage
from xinglin.kernel.db import Database
from xinglin.kernel.ini import masked
from xinglin.kernel.settings import CoreSettings
from xinglin.types import Clock

FILES = "files"
SCRATCH = "scratch"


@dataclass(frozen=True)
class Backups:
    """The backups of one site, whose settings came from `ini`. Raises `BackupRefused` and `BackupDamaged`."""

    settings: CoreSettings
    database: Database
    keyring: Keyring
    clock: Clock
    ini: Path | None = None

    @property
    def folder(self) -> Path:
        if self.settings.backup_folder is None:
            raise BackupRefused(
                "nobody said where backups go. Cure: set backup_folder in [xinglin], best on another disk"
            )
        return self.settings.backup_folder

    @property
    def shelf(self) -> Shelf:
        return Shelf(str(self.folder))

    @property
    def copies(self) -> Shelf | None:
        """The second place, away from this site, if one is set."""
        return Shelf(self.settings.backup_copy_url) if self.settings.backup_copy_url else None

    def run(self) -> Manifest:
        """Take a backup of the running site, copy it to the second place, remove what is too old."""
        with self.alone():
            self.note_keys()
            self.note_ini()
            manifest = self._take()
            if self.copies is not None:
                self.copies.take(self.folder / manifest.name, manifest.name)
            for shelf in (self.shelf, self.copies):
                if shelf is not None:
                    self._remove_old(shelf)
        return manifest

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One backup or drill at a time; what a crash left behind is removed first."""
        # Others may walk through, into a drill's scratch server when this is root, but not look around.
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o711)
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupBusy(
                    f"another backup or drill works in {self.folder}. Cure: wait for its end"
                ) from None
            for left in self.folder.glob(f"{UNFINISHED}*"):
                shutil.rmtree(left)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder of our own beside the backups, gone when the block ends."""
        folder = self.folder / f"{UNFINISHED}{SCRATCH}-{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def verify(self, name: str, shelf: Shelf | None = None) -> list[str]:
        """What is wrong with a backup, a sentence each: every part is read, hashed and opened."""
        shelf = shelf or self.shelf
        try:
            manifest = self.checked(name, shelf)
        except BackupDamaged as error:
            return [str(error)]
        found = []
        for part in manifest.parts:
            try:
                parts.check(shelf, name, part, self.keyring)
            except BackupDamaged as error:
                found.append(str(error))
        return found

    def checked(self, name: str, shelf: Shelf) -> Manifest:
        """The manifest of a backup that this site's keys open."""
        return shelf.manifest(name, self.keyring)

    def looked_at(self, name: str, shelf: Shelf) -> Manifest:
        """The same, after a look whether every part is there in its length; `verify` reads them too."""
        manifest = self.checked(name, shelf)
        for part in manifest.parts:
            parts.look(shelf, name, part)
        return manifest

    def _take(self) -> Manifest:
        now = self.clock.now()
        name = f"{now:{retention.MOMENT}}-{secrets.token_hex(2)}"
        folder = self.folder / f"{UNFINISHED}{name}"
        folder.mkdir(mode=0o700)
        try:
            with self.scratch() as scratch:
                manifest = self._fill(Sealing(folder, name, self.keyring), scratch)
            with (folder / manifests.FILE).open("xb") as stream:
                stream.write(manifest.written(self.keyring))
                stream.flush()
                os.fsync(stream.fileno())
            folder.rename(self.folder / name)
            _sync(self.folder)
        except BaseException:
            shutil.rmtree(folder)
            raise
        return manifest

    def _fill(self, sealing: Sealing, scratch: Path) -> Manifest:
        recover_to = ""
        if self.database.is_sqlite:
            tables = sqlite.pack(self.database, sealing, scratch)
        else:
            tools = Tools.of(self.settings)
            tables, recover_to = postgresql.pack(self.database, tools, sealing, scratch)
        # The database first: an object is written before its row, so every row of the copy finds its object.
        created_at = self.clock.now()
        with sealing.part(FILES) as out:
            files = objects.pack(storage_of(self.settings), out)
        return Manifest(
            name=sealing.name,
            created_at=created_at,
            version=__version__,
            engine=self.database.url.get_backend_name(),
            key_id=self.keyring.key_id,
            key_version=self.keyring.keys.active.version,
            parts=tuple(sealing.parts),
            tables=tables,
            files=files,
            recover_to=recover_to,
        )

    def note_keys(self) -> Path | None:
        """Keep today's `keys.json`, which is of no use without the master key, in `backup_keys_folder`."""
        folder = self.settings.backup_keys_folder
        if folder is None:
            return None
        content = (self.keyring.folder / key_file.FILE).read_bytes()
        path = folder / (
            f"keys-{self.keyring.key_id}-{self.keyring.keys.active.version}-{_stamp(content)}.json"
        )
        _note(path, content)
        return path

    def note_ini(self) -> Path | None:
        """Keep today's ini beside it: it holds no secret, passwords in addresses are masked."""
        folder = self.settings.backup_keys_folder
        if folder is None or self.ini is None:
            return None
        content = self.ini_text().encode()
        path = folder / f"settings-{self.keyring.key_id}-{self.clock.now():%Y%m%d}-{_stamp(content)}.ini"
        # Named by its day to be found, by its content to be kept once.
        known = next(folder.glob(f"settings-{self.keyring.key_id}-*-{_stamp(content)}.ini"), path)
        _note(known, content)
        return known

    def ini_text(self) -> str:
        """The ini as it lies there now, comments too, with passwords masked; empty without one."""
        return masked(self.ini.read_text(encoding="utf-8")) if self.ini is not None else ""

    def _remove_old(self, shelf: Shelf) -> None:
        names = shelf.names()
        kept = retention.kept(names, self.settings.backup_keep_daily, self.settings.backup_keep_weekly)
        for name in names:
            if name not in kept:
                shelf.delete(name)
        if kept:
            wal.forget(shelf, retention.begun_at(min(kept)))


def storage_of(settings: CoreSettings) -> Storage:
    """The file store of the site."""
    return Storage(settings.files_url or str(settings.files_folder))


def _stamp(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]


def _note(path: Path, content: bytes) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(content)
        path.chmod(0o600)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
