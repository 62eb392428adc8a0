"""Where backups lie: a folder, or any place that fsspec knows. One folder per backup, whole or not there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import fsspec

from xinglin.backup import manifest as manifests
from xinglin.backup.errors import BackupDamaged, BackupRefused
from xinglin.backup.manifest import Manifest
from xinglin.crypto.service import Keyring

UNFINISHED = ".unfinished-"


class Shelf:
    """Backups by name. Nothing here needs a key."""

    def __init__(self, url: str) -> None:
        """`url` is a folder or an fsspec URL such as `s3://bucket/backups`; credentials come from the environment."""
        self.url = url
        self._system, self._root = fsspec.core.url_to_fs(url)

    def names(self) -> list[str]:
        """Every whole backup, oldest first: names begin with the moment in UTC."""
        if not self._system.isdir(self._root):
            return []
        self._system.invalidate_cache()
        found = (path.rstrip("/").rpartition("/")[2] for path in self._system.ls(self._root, detail=False))
        return sorted(
            name
            for name in found
            if not name.startswith(".") and self._system.exists(f"{self._root}/{name}/{manifests.FILE}")
        )

    def newest(self) -> str:
        """Raises `BackupRefused` when there is none."""
        names = self.names()
        if not names:
            raise BackupRefused(f"there is no backup in {self.url}. Cure: xinglin backup run")
        return names[-1]

    def manifest(self, name: str, keyring: Keyring) -> Manifest:
        """The proven manifest. Raises `BackupRefused` when there is no such backup, `BackupDamaged`."""
        try:
            with self.open(name, manifests.FILE) as stream:
                return manifests.read(stream.read(), name, keyring)
        except FileNotFoundError:
            raise BackupRefused(
                f"there is no backup {name} in {self.url}. Cure: see `xinglin backup list`"
            ) from None

    def open(self, name: str, file: str) -> BinaryIO:
        """One file of a backup, seekable; raises FileNotFoundError."""
        stream: BinaryIO = self._system.open(f"{self._root}/{name}/{file}", "rb")
        return stream

    @contextmanager
    def opened(self, name: str, file: str) -> Iterator[BinaryIO]:
        """As `open`; a missing file is `BackupDamaged`."""
        try:
            stream = self.open(name, file)
        except FileNotFoundError:
            raise BackupDamaged(f"{name}: {file} is missing. Cure: take the other copy") from None
        with stream:
            yield stream

    def files(self, name: str) -> list[str]:
        """The files of a folder of the shelf, sorted; none when there is no such folder."""
        if not self._system.isdir(f"{self._root}/{name}"):
            return []
        self._system.invalidate_cache()
        found = self._system.ls(f"{self._root}/{name}", detail=False)
        return sorted(path.rstrip("/").rpartition("/")[2] for path in found)

    def take(self, folder: Path, name: str) -> None:
        """Copy the backup that lies in `folder`; its manifest comes last, so that an unfinished copy is none."""
        for path in sorted(folder.iterdir(), key=lambda path: (path.name == manifests.FILE, path.name)):
            self.put(path, name)

    def put(self, path: Path, name: str) -> None:
        """Copy one file into the folder `name`."""
        self._system.makedirs(f"{self._root}/{name}", exist_ok=True)
        with path.open("rb") as source, self._system.open(f"{self._root}/{name}/{path.name}", "wb") as out:
            shutil.copyfileobj(source, out, 1024 * 1024)

    def delete(self, name: str) -> None:
        self._system.rm(f"{self._root}/{name}", recursive=True)

    def delete_file(self, name: str, file: str) -> None:
        self._system.rm_file(f"{self._root}/{name}/{file}")
