"""Who holds the master key: it wraps the data keys and never leaves its provider.

Three come with the portal: `file`, `environment` and `pkcs11`. Another (a KMS, a cipher machine with its own protocol) comes
as an entry point of the group `xinglin.key_providers`: a callable that takes the secrets folder and gives a `KeyProvider`.
"""

from __future__ import annotations

import importlib.metadata
import os
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from xinglin.crypto.errors import KeyMissing, SealBroken
from xinglin.crypto.suites import BY_NUMBER, NONCE_BYTES, suite_of

if TYPE_CHECKING:
    from xinglin.crypto.tokens import TokenKey

GROUP = "xinglin.key_providers"
KEY_FILE = "master.key"
VARIABLE = "XINGLIN_MASTER_KEY"
MASTER_BYTES = 32
PURPOSE = "key wrapping"
FILE, ENVIRONMENT, TOKEN = "file", "environment", "pkcs11"
TOKEN_MARK = b"\x11"
"""How everything begins that a token wrapped; a master key in memory writes the number of its suite there."""


class KeyProvider(Protocol):
    """The interface of a cipher machine."""

    def wrap(self, key: bytes, *, suite: str, context: str) -> bytes:
        """Encrypt a data key with an algorithm of that suite, bound to `context`."""

    def unwrap(self, wrapped: bytes, *, context: str) -> bytes:
        """Undo `wrap`. Raises `SealBroken` for another master key, `KeyMissing` when there is none."""


@dataclass(frozen=True)
class MasterKey:
    """A master key in memory: 32 bytes; `origin` names it in complaints."""

    master: bytes = field(repr=False)
    origin: str

    def wrap(self, key: bytes, *, suite: str, context: str) -> bytes:
        chosen, nonce = suite_of(suite), os.urandom(NONCE_BYTES)
        sealed = chosen.encrypt(chosen.derive(self.master, PURPOSE), nonce, key, context.encode())
        return bytes([chosen.number]) + nonce + sealed

    def unwrap(self, wrapped: bytes, *, context: str) -> bytes:
        chosen = BY_NUMBER.get(wrapped[0] if wrapped else 0)
        if chosen is None:
            raise SealBroken(f"{context} is of no known suite")
        nonce, sealed = wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :]
        return chosen.decrypt(chosen.derive(self.master, PURPOSE), nonce, sealed, context.encode())


@dataclass(frozen=True)
class TokenAccess:
    """Where the token is: `module` is the vendor's library, `token` and `key` are labels, `pin` asks for the PIN."""

    module: Path | None
    token: str
    key: str
    pin: Callable[[], str] = field(repr=False)

    @property
    def name(self) -> str:
        return f"the key {self.key!r} in the token {self.token!r}"

    def required(self) -> str:
        """The module's path. Raises `KeyMissing` when a setting is not given or the file is not there."""
        for key, value in (("module", self.module), ("token", self.token), ("key", self.key)):
            if not value:
                raise KeyMissing(f"the key provider {TOKEN} needs pkcs11_{key}. Cure: set it in the ini")
        if self.module is None or not self.module.is_file():
            raise KeyMissing(f"pkcs11_module: {self.module} is missing. Cure: install the token's software")
        return str(self.module.resolve())  # one library under two names would be initialised twice


def provider_of(name: str, folder: Path, token: TokenAccess | None = None) -> KeyProvider:
    """Open the provider `name`. Raises `KeyMissing` when it, or its key, is not there."""
    if name == TOKEN:
        return _from_token(token)
    if name in BUILT_IN:
        return BUILT_IN[name](folder)
    for point in importlib.metadata.entry_points(group=GROUP, name=name):
        provider: KeyProvider = point.load()(folder)
        return provider
    installed = {point.name for point in importlib.metadata.entry_points(group=GROUP)}
    known = ", ".join(sorted(installed | {*BUILT_IN, TOKEN}))
    raise KeyMissing(f"no key provider is called {name!r}. Cure: crypto_key_provider = one of {known}")


def holder_of(wrapped: bytes, configured: str, folder: Path) -> str:
    """The provider that wrapped this, which for a while need not be the one of the ini: see `xinglin crypto move-master`."""
    if configured not in (*BUILT_IN, TOKEN):
        return configured
    if wrapped.startswith(TOKEN_MARK):
        return TOKEN
    if configured == TOKEN:
        return FILE if (folder / KEY_FILE).exists() else ENVIRONMENT
    return configured


def prepare(name: str, folder: Path, token: TokenAccess | None) -> None:
    """Make the master key where the provider has none yet. Raises `KeyMissing`."""
    if name == FILE and not (folder / KEY_FILE).exists():
        make_file(folder)
    elif name == TOKEN:
        from xinglin.crypto.tokens import make_key

        make_key(_from_token(token).access)


def _from_token(token: TokenAccess | None) -> TokenKey:
    if token is None:
        raise KeyMissing(
            f"this use of the keys knows no token. Cure: use the ini with {TOKEN} and its settings"
        )
    try:
        from xinglin.crypto.tokens import TokenKey
    except ModuleNotFoundError as error:
        raise KeyMissing(
            f"the key provider {TOKEN} needs a package that is not installed: {error.name}. "
            "Cure: pip install python-pkcs11, in the version of the lock file"
        ) from error
    return TokenKey(token)


def from_file(folder: Path) -> MasterKey:
    """The key in `<folder>/master.key`: 64 hex digits, mode 0600."""
    path = folder / KEY_FILE
    if not path.is_file():
        raise KeyMissing(
            f"{path} is missing. Cure: restore it from your backup or with `xinglin crypto recover`; "
            "`xinglin init` makes the first one of a new site, whose database is empty"
        )
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyMissing(f"{path} can be read by others. Cure: chmod 600 {path}")
    text = path.read_text(encoding="ascii", errors="replace")
    return MasterKey(_parsed(text, f"{path}", "restore it from your backup"), str(path))


def from_environment(folder: Path) -> MasterKey:
    """The key in `$XINGLIN_MASTER_KEY`: 64 hex digits."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        raise KeyMissing(f"{VARIABLE} is not set. Cure: let the service manager set it to the master key")
    return MasterKey(_parsed(text, VARIABLE, "set it to the master key of this site"), VARIABLE)


def make_file(folder: Path, master: bytes | None = None) -> None:
    """Write `<folder>/master.key`, a fresh one unless given; an existing one is never replaced (FileExistsError)."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write((master or secrets.token_bytes(MASTER_BYTES)).hex() + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def _parsed(text: str, origin: str, cure: str) -> bytes:
    try:
        master = bytes.fromhex(text.strip())
    except ValueError:
        master = b""
    if len(master) != MASTER_BYTES:
        raise KeyMissing(f"{origin} is not a key of 64 hex digits. Cure: {cure}")
    return master


BUILT_IN: dict[str, Callable[[Path], KeyProvider]] = {FILE: from_file, ENVIRONMENT: from_environment}
