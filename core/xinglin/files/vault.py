"""Objects of the store, sealed or plain: who writes says which, who reads need not know."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from xinglin.crypto.service import Keyring
from xinglin.crypto.suites import suite_of
from xinglin.files.storage import Sink, Storage
from xinglin.files.stream import CHUNK, SealedReader, SealedWriter

if TYPE_CHECKING:
    from xinglin.kernel.settings import CoreSettings


@dataclass(frozen=True)
class Lock:
    """How one file is sealed: `key_sealed` is its own random key under the key ring, None for a plain file."""

    public_id: str
    key_sealed: bytes | None


@dataclass(frozen=True)
class Written:
    """What was written, of the plain bytes."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Vault:
    """The store with its keys. `suite` seals new files; `encrypts_all` seals those too that are no attachments."""

    storage: Storage
    keyring: Keyring
    suite: str = "aes"
    encrypts_all: bool = False

    @classmethod
    def of(cls, settings: CoreSettings, keyring: Keyring) -> Vault:
        url = settings.files_url or str(settings.files_folder)
        return cls(Storage(url), keyring, settings.crypto_suite, settings.encrypt_files)

    def new_lock(self, public_id: str, *, is_sealed: bool) -> Lock:
        """A lock with a fresh key, or one without."""
        if not is_sealed:
            return Lock(public_id, None)
        key = os.urandom(suite_of(self.suite).key_bytes)
        return Lock(public_id, self.keyring.seal(key, context=_context(public_id)))

    def put(self, name: str, pieces: Iterable[bytes], lock: Lock) -> Written:
        """Write the object `name`, a chunk at a time."""
        digest, size = hashlib.sha256(), 0
        with self.storage.create(name) as out, ExitStack() as stack:
            sealer = self._sealer(out, name, lock)
            if sealer is not None:
                stack.enter_context(sealer)
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                (sealer or out).write(piece)
            if sealer is not None:
                sealer.close()
        return Written(size, digest.hexdigest())

    def open(self, name: str, lock: Lock, size: int) -> BinaryIO:
        """The plain bytes, seekable. Raises FileNotFoundError, `FileBroken`, `SealBroken`."""
        source = self.storage.open(name)
        if lock.key_sealed is None:
            return source
        try:
            raw = SealedReader(source, self._key(lock), _bound(name, lock), size=size)
        except BaseException:
            source.close()
            raise
        return io.BufferedReader(raw, CHUNK)

    def _sealer(self, out: Sink, name: str, lock: Lock) -> SealedWriter | None:
        if lock.key_sealed is None:
            return None
        key = self._key(lock)
        # The key decides: a file that was begun before the suite was changed is ended under its own.
        suite = next(suite_of(name) for name in ("aes", "sm") if suite_of(name).key_bytes == len(key))
        return SealedWriter(out, suite, key, _bound(name, lock))

    def _key(self, lock: Lock) -> bytes:
        assert lock.key_sealed is not None
        return self.keyring.open(lock.key_sealed, context=_context(lock.public_id))


def _context(public_id: str) -> str:
    return f"file {public_id}"


def _bound(name: str, lock: Lock) -> str:
    """What the chunks are bound to besides the key: the file, and which of its objects they belong to."""
    return f"{_context(lock.public_id)} {name}"
