"""The key ring: seal and authenticate bytes under the site's data keys.

What is sealed begins with a header: the suite's number (1 byte) and the key's version (2 bytes, big-endian). Then follow
the nonce (12 bytes, random), the ciphertext and its tag (16 bytes). The header is authenticated with the context.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from xinglin.crypto import keys as key_file
from xinglin.crypto.errors import KeyMissing, KeyRefused, SealBroken
from xinglin.crypto.keys import DataKey, KeyFile, KeyState
from xinglin.crypto.providers import (
    FILE,
    KEY_FILE,
    KeyProvider,
    TokenAccess,
    holder_of,
    prepare,
    provider_of,
)
from xinglin.crypto.suites import NONCE_BYTES, TAG_BYTES, Suite, self_test, suite_of
from xinglin.kernel.clock import SystemClock

HEADER_BYTES = 3
OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES
PURPOSE = "seal"

__all__ = ["KEY_FILE", "KeyMissing", "Keyring", "SealBroken", "header_of", "version_of"]


@dataclass(frozen=True)
class _Sealer:
    """A data key at work."""

    header: bytes
    suite: Suite
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class _Loaded:
    stamp: tuple[int, int, int]
    keys: KeyFile
    holder: str
    provider: KeyProvider = field(repr=False)
    root: bytes = field(repr=False)
    active: _Sealer = field(repr=False)
    sealers: dict[bytes, _Sealer] = field(repr=False)


class Keyring:
    """The keys of the site whose secrets lie in `folder`; safe for threads. Another process's rotation is noticed.

    Raises `KeyMissing` when the master key or `keys.json` is absent, changed or of another site.
    `suite` is that of the next data key; what older keys sealed stays readable. `provider` is the one of the ini, and
    `provider_name` the one that wraps the keys at this moment: they differ until a move of the master key is finished.
    """

    def __init__(
        self, folder: Path, *, suite: str = "aes", provider: str = FILE, token: TokenAccess | None = None
    ) -> None:
        self_test()
        self.folder = folder
        self.suite = suite_of(suite).name
        self.configured = provider
        self._token = token
        self._path = folder / key_file.FILE
        self._opened: tuple[str, KeyProvider] | None = None
        if not self._path.exists():  # where both are gone the master key is the one to look for first
            provider_of(provider, folder, token)
        self._loaded = self._load()
        self._purposes: dict[str, bytes] = {}
        self.key_id = self._root_suite.mac(self._loaded.root, b"xinglin key id").hex()[:16]

    @classmethod
    def create(
        cls, folder: Path, *, suite: str = "aes", provider: str = FILE, token: TokenAccess | None = None
    ) -> Keyring:
        """Make the folder, a fresh master key (unless the provider has its own) and the first keys; what exists is kept.

        Raises `KeyMissing` when one of master key and `keys.json` is there without the other: that site lost something.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / key_file.FILE
        if not path.exists():
            if provider == FILE and (folder / KEY_FILE).exists():
                return cls(folder, suite=suite, provider=provider)
            prepare(provider, folder, token)
            held = provider_of(provider, folder, token)
            keys = key_file.first(held, suite_of(suite).name, SystemClock().now())
            key_file.write(path, keys, key_file.unwrap_root(keys, held, path))
        return cls(folder, suite=suite, provider=provider, token=token)

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """Encrypt and authenticate; `context` (table, column, row …) must be the same at opening."""
        sealer, nonce = self._current().active, os.urandom(NONCE_BYTES)
        return (
            sealer.header
            + nonce
            + sealer.suite.encrypt(sealer.key, nonce, plain, sealer.header + context.encode())
        )

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Undo `seal`; raises `SealBroken`, or `KeyMissing` when its key was retired."""
        header, nonce = sealed[:HEADER_BYTES], sealed[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
        sealer = self._loaded.sealers.get(header) or self._current().sealers.get(header)
        if sealer is None or len(sealed) < OVERHEAD_BYTES:
            raise self._unknown(header, context)
        body = sealed[HEADER_BYTES + NONCE_BYTES :]
        try:
            return sealer.suite.decrypt(sealer.key, nonce, body, header + context.encode())
        except SealBroken as error:
            raise SealBroken(f"{context}: {error}") from error

    def mac(self, data: bytes, *, purpose: str) -> str:
        """A keyed fingerprint, 64 hex digits; a `purpose` has its own key, which no rotation changes."""
        return self._root_suite.mac(self._purpose_key(purpose), data).hex()

    def many_macs(self, *, purpose: str) -> Callable[[bytes], str]:
        """`mac` for a million of them: the key is prepared once."""
        prepared = hmac.new(self._purpose_key(purpose), digestmod=self._root_suite.digest)

        def mac(data: bytes) -> str:
            one = prepared.copy()
            one.update(data)
            return one.hexdigest()

        return mac

    def _purpose_key(self, purpose: str) -> bytes:
        if purpose not in self._purposes:
            self._purposes[purpose] = self._root_suite.mac(self._loaded.root, f"mac {purpose}".encode())
        return self._purposes[purpose]

    @property
    def keys(self) -> KeyFile:
        """The versions as they are on the disk at this moment."""
        return self._current().keys

    @property
    def active_header(self) -> bytes:
        """How everything begins that is sealed at this moment."""
        return self._current().active.header

    def rotate(self, at: datetime, *, after: int = 0) -> DataKey:
        """A new data key of the configured suite, active from now on; the others stay readable.

        Its number is greater than `after`, for a site that has lost keys with greater numbers than those it knows.
        """
        with key_file.locked(self.folder):
            held = self._load()
            changed = key_file.rotated(held.keys, held.provider, self.suite, at, after=after)
            key_file.write(self._path, changed, held.root)
        return self.keys.active

    def retire(self, version: int, at: datetime) -> None:
        """Destroy a data key. The caller has made sure that nothing is sealed under it. Raises `KeyRefused`."""
        with key_file.locked(self.folder):
            held = self._load()
            key_file.write(self._path, key_file.retired(held.keys, version, at), held.root)
        self._current()

    def move_master(self, provider: str) -> None:
        """Let another provider wrap all keys from now on. They are the same keys: nothing that was sealed changes.

        `keys.json` is replaced at once, after each key was opened by the new provider. Raises `KeyMissing`, `KeyRefused`.
        """
        with key_file.locked(self.folder):
            held = self._load()
            if held.holder == provider:
                raise KeyRefused(f"the master key is at {provider!r} already. Cure: nothing is left to do")
            prepare(provider, self.folder, self._token)
            target = provider_of(provider, self.folder, self._token)
            key_file.write(
                self._path, key_file.rewrapped(held.keys, held.provider, target, self._path), held.root
            )
        self._current()

    def wrapped_by(self, target: KeyProvider) -> str:
        """The text of a `keys.json` that `target` opens."""
        held = self._current()
        return key_file.text_of(key_file.rewrapped(held.keys, held.provider, target, self._path), held.root)

    @property
    def provider_name(self) -> str:
        return self._current().holder

    @property
    def provider(self) -> KeyProvider:
        """Who wraps the keys at this moment."""
        return self._current().provider

    def _current(self) -> _Loaded:
        if self._stamp() != self._loaded.stamp:
            changed = self._load()
            if not hmac.compare_digest(changed.root, self._loaded.root):
                raise KeyMissing(
                    f"{self._path} was replaced by the keys of another site. Cure: put back the newest one of this site"
                )
            self._loaded = changed
        return self._loaded

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return (0, 0, 0)
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    def _load(self) -> _Loaded:
        stamp = self._stamp()
        keys, root, provider = key_file.read(self._path, self._provider)
        sealers = {
            key.version: self._sealer(key, provider) for key in keys.keys if key.state != KeyState.RETIRED
        }
        by_header = {sealer.header: sealer for sealer in sealers.values()}
        holder = holder_of(bytes.fromhex(keys.root), self.configured, self.folder)
        return _Loaded(stamp, keys, holder, provider, root, sealers[keys.active.version], by_header)

    def _provider(self, wrapped: bytes) -> KeyProvider:
        name = holder_of(wrapped, self.configured, self.folder)
        if self._opened is None or self._opened[0] != name:
            self._opened = (name, provider_of(name, self.folder, self._token))
        return self._opened[1]

    def _sealer(self, key: DataKey, provider: KeyProvider) -> _Sealer:
        suite = suite_of(key.suite)
        secret = key_file.unwrap(key, provider, self._path)
        return _Sealer(header_of(key), suite, suite.derive(secret, PURPOSE))

    @property
    def _root_suite(self) -> Suite:
        return suite_of(self._loaded.keys.root_suite)

    def _unknown(self, header: bytes, context: str) -> Exception:
        key = self._loaded.keys.key(version_of(header))
        if key is not None and key.state == KeyState.RETIRED and header == header_of(key):
            return KeyMissing(
                f"{context}: sealed under data key {key.version}, which was retired. "
                f"Cure: restore {key_file.FILE} of that time"
            )
        return SealBroken(f"{context}: changed, or sealed under a key that this site does not have")


def header_of(key: DataKey) -> bytes:
    """The first three bytes of everything that this key seals."""
    return bytes([suite_of(key.suite).number]) + key.version.to_bytes(2, "big")


def version_of(sealed: bytes) -> int:
    """The version of the key under which this was sealed."""
    return int.from_bytes(sealed[1:HEADER_BYTES], "big")
