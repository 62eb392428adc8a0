"""Where the bytes lie: a local folder, or any store that fsspec knows (such as S3). Names are ours, never people's."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import fsspec
from fsspec.implementations.local import LocalFileSystem

TEMPORARY = ".tmp-"
BUFFER = 1024 * 1024
SYNC_EVERY = 4 * 1024 * 1024


class Sink(Protocol):
    """What an object is written to."""

    def write(self, data: bytes, /) -> int:
        """Take all of `data`."""


@dataclass(frozen=True)
class StoredObject:
    """One object of the store; `modified_at` in UTC."""

    name: str
    modified_at: datetime


class Storage:
    """Objects by name (`<stem>.<variant>`), written whole or not at all, read at any place."""

    def __init__(self, url: str) -> None:
        """`url` is a folder or an fsspec URL such as `s3://bucket/files`; credentials come from the environment."""
        self._system, self._root = fsspec.core.url_to_fs(url)
        self._is_local = isinstance(self._system, LocalFileSystem)

    @contextmanager
    def create(self, name: str) -> Iterator[Sink]:
        """Write the object; a local one is on the disk, and in its folder, when the block ends."""
        path = self._path(name)
        if self._is_local:
            with _written(Path(path)) as stream:
                yield stream
        else:
            with self._system.open(path, "wb") as stream:
                yield stream

    def open(self, name: str) -> BinaryIO:
        """The bytes, seekable; raises FileNotFoundError."""
        path = self._path(name)
        return Path(path).open("rb") if self._is_local else self._system.open(path, "rb")

    def delete(self, name: str) -> None:
        """Remove the object; one that is gone already is no error."""
        try:
            self._system.rm_file(self._path(name))
        except FileNotFoundError:
            return

    def objects(self) -> Iterator[StoredObject]:
        """Every object, those too that were left half-written by a crash."""
        if not self._system.isdir(self._root):
            return
        for path, facts in self._system.find(self._root, detail=True).items():
            yield StoredObject(path.rpartition("/")[2], _modified(facts))

    def is_reachable(self) -> bool:
        """Whether the folder or bucket is there."""
        return bool(self._system.isdir(self._root))

    def _path(self, name: str) -> str:
        folder = name.removeprefix(TEMPORARY)[:2]
        return f"{self._root}/{folder}/{name}"


@contextmanager
def _written(path: Path) -> Iterator[Sink]:
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder: the rename stays atomic, and `objects` and `delete` find what a crash left behind.
    temporary = path.with_name(f"{TEMPORARY}{path.name}-{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb", buffering=BUFFER) as stream:
            with ThreadPoolExecutor(1) as helper:
                yield _Steady(stream, helper)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class _Steady:
    """Sends what was written to the disk all along, beside the writer, so that little is left to wait for at the end."""

    def __init__(self, stream: BinaryIO, helper: Executor) -> None:
        self._stream, self._helper = stream, helper
        self._behind = 0
        self._sync: Future[None] | None = None

    def write(self, data: bytes) -> int:
        self._behind += len(data)
        if self._behind >= SYNC_EVERY and (self._sync is None or self._sync.done()):
            if self._sync is not None:
                self._sync.result()  # a full disk is said here already
            self._stream.flush()
            self._behind = 0
            self._sync = self._helper.submit(os.fdatasync, self._stream.fileno())
        return self._stream.write(data)


def _modified(facts: dict[str, Any]) -> datetime:
    """Each store names the time in its own way."""
    value = facts.get("mtime") or facts.get("LastModified") or facts.get("created")
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return datetime.fromtimestamp(float(value or 0), UTC)
