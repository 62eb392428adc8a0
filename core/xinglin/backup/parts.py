"""The sealed files of a backup: each under its own random key, which the key ring seals."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, cast

from xinglin.backup.errors import BackupDamaged, BackupKeyWrong
from xinglin.backup.manifest import Part
from xinglin.backup.shelf import Shelf
from xinglin.crypto.errors import KeyMissing, SealBroken
from xinglin.crypto.service import Keyring
from xinglin.crypto.suites import suite_of
from xinglin.files.stream import CHUNK, FileBroken, SealedReader, SealedWriter, sealed_size

PIECE = 1024 * 1024


class _HashingSink:
    """A file that knows the SHA-256 of what was written to it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def write(self, data: bytes, /) -> int:
        self.digest.update(data)
        return self._stream.write(data)


class PartWriter(io.RawIOBase):
    """Takes the plain bytes of one part."""

    def __init__(self, sealer: SealedWriter) -> None:
        super().__init__()
        self._sealer = sealer
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        plain = bytes(data)  # type: ignore[call-overload]
        self._sealer.write(plain)
        self.size += len(plain)
        return len(plain)


@dataclass
class Sealing:
    """Writes the parts of one backup into `folder`; `parts` grows with each."""

    folder: Path
    name: str
    keyring: Keyring
    parts: list[Part] = field(default_factory=list)

    @contextmanager
    def part(self, name: str) -> Iterator[IO[bytes]]:
        """Write one part; it is on the disk when the block ends."""
        suite = suite_of(self.keyring.suite)
        key, context = os.urandom(suite.key_bytes), _context(self.name, name)
        with (self.folder / f"{name}.sealed").open("xb") as stream:
            sink = _HashingSink(stream)
            sealer = SealedWriter(sink, suite, key, context)
            writer = PartWriter(sealer)
            yield cast("IO[bytes]", writer)
            sealer.close()
            stream.flush()
            os.fsync(stream.fileno())
        key_sealed = self.keyring.seal(key, context=context).hex()
        self.parts.append(Part(name, writer.size, sink.digest.hexdigest(), key_sealed))


@contextmanager
def opened(shelf: Shelf, backup: str, part: Part, keyring: Keyring) -> Iterator[BinaryIO]:
    """The plain bytes of a part. Raises `BackupDamaged` that names it, `BackupKeyWrong`."""
    context = _context(backup, part.name)
    try:
        key = keyring.open(bytes.fromhex(part.key_sealed), context=context)
    except (SealBroken, KeyMissing) as error:
        raise BackupKeyWrong(
            f"{backup}: the key of {part.file} does not open ({error}). Cure: put the keys.json of that "
            f"time into {keyring.folder}"
        ) from error
    with shelf.opened(backup, part.file) as source:
        try:
            yield io.BufferedReader(SealedReader(source, key, context, size=part.size), CHUNK)
        except FileBroken as error:
            reason = str(error).partition(". Cure:")[0].removeprefix(f"{context}: ")
            raise BackupDamaged(f"{backup}: {part.file}: {reason}. Cure: take the other copy") from error


def look(shelf: Shelf, backup: str, part: Part) -> None:
    """Whether the part is there in its whole length, without reading it. Raises `BackupDamaged`."""
    with shelf.opened(backup, part.file) as source:
        size = source.seek(0, os.SEEK_END)
    if size != sealed_size(part.size):
        raise BackupDamaged(
            f"{backup}: {part.file} has {size} bytes instead of {sealed_size(part.size)}. Cure: take the other copy"
        )


def check(shelf: Shelf, backup: str, part: Part, keyring: Keyring) -> None:
    """Read the part to its end twice: as stored against its SHA-256, and opened. Raises `BackupDamaged`."""
    with shelf.opened(backup, part.file) as source:
        found = hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]
    with opened(shelf, backup, part, keyring) as plain:
        while plain.read(PIECE):
            pass
    if found != part.sha256:
        raise BackupDamaged(
            f"{backup}: {part.file} is not what was written (SHA-256 {found}). Cure: take the other copy"
        )


def _context(backup: str, part: str) -> str:
    return f"backup {backup} {part}"
