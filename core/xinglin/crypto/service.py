"""The key ring: seal bytes (AES-256-GCM, NIST SP 800-38D) and authenticate bytes (HMAC-SHA-256, RFC 2104)."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
NONCE_BYTES = 12
KEY_FILE = "master.key"


class SealBroken(Exception):
    """The sealed bytes were changed, moved to another context, or sealed under another key."""


class KeyMissing(Exception):
    """The key file is absent, unreadable or malformed."""


class Keyring:
    """Keys derived from one master key of 32 bytes in `<folder>/master.key`, mode 0600, written as hex."""

    def __init__(self, folder: Path) -> None:
        self._master = _read_master(folder / KEY_FILE)
        self.key_id = hashlib.sha256(b"xinglin key id" + self._master).hexdigest()[:16]
        self._purposes: dict[str, bytes] = {}

    @classmethod
    def create(cls, folder: Path) -> Keyring:
        """Make the folder and a fresh master key; an existing key is kept."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / KEY_FILE
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as stream:
                stream.write(secrets.token_hex(32) + "\n")
        return cls(folder)

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """Encrypt and authenticate; `context` (table, column, row …) must be the same at opening."""
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + AESGCM(self._key("seal")).encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Undo `seal`; raises `SealBroken`."""
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if sealed[:1] != VERSION:
            raise SealBroken(f"{context}: unknown version of the seal")
        try:
            return AESGCM(self._key("seal")).decrypt(nonce, body, context.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"{context}: changed, moved, or sealed under another key") from error

    def mac(self, data: bytes, *, purpose: str) -> str:
        """A keyed fingerprint, 64 hex digits; a `purpose` has its own key."""
        return hmac.new(self._key(purpose), data, hashlib.sha256).hexdigest()

    def _key(self, purpose: str) -> bytes:
        if purpose not in self._purposes:
            self._purposes[purpose] = hmac.new(self._master, purpose.encode(), hashlib.sha256).digest()
        return self._purposes[purpose]


def _read_master(path: Path) -> bytes:
    if not path.is_file():
        raise KeyMissing(
            f"{path} is missing. Cure: restore it from your backup, or `xinglin init` on a new site"
        )
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyMissing(f"{path} can be read by others. Cure: chmod 600 {path}")
    try:
        master = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        master = b""
    if len(master) != 32:
        raise KeyMissing(f"{path} is not a key of 64 hex digits. Cure: restore it from your backup")
    return master
