"""The data keys: `<secrets folder>/keys.json`, each wrapped by the master key, the whole under a MAC.

The root key gives every MAC, blind index and the site's key id; it stays for the life of the site. Data keys seal, and
are numbered from 1: one is active, those before it are readable until they are retired.
"""

from __future__ import annotations

import enum
import fcntl
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from xinglin.crypto.errors import KeyMissing, KeyRefused, SealBroken
from xinglin.crypto.providers import KeyProvider
from xinglin.crypto.suites import suite_of

FILE = "keys.json"
SECRET_BYTES = 32
LAST_VERSION = 0xFFFF
FILE_PURPOSE = "key file"
RETIRE_WAIT = timedelta(minutes=15)
"""Longer than any transaction: what was sealed just before the rotation is committed by then."""


class KeyState(enum.StrEnum):
    """New data is sealed under the active key; a retired one is destroyed."""

    ACTIVE = "active"
    READABLE = "readable"
    RETIRED = "retired"


@dataclass(frozen=True)
class DataKey:
    """One version; `wrapped` is hexadecimal, empty once it is retired. Moments are UTC."""

    version: int
    suite: str
    state: KeyState
    created_at: datetime
    ended_at: datetime | None = None
    wrapped: str = field(default="", repr=False)


@dataclass(frozen=True)
class KeyFile:
    """What `keys.json` holds."""

    root_suite: str
    root: str = field(repr=False)
    keys: tuple[DataKey, ...] = ()

    @property
    def active(self) -> DataKey:
        return next(key for key in reversed(self.keys) if key.state == KeyState.ACTIVE)

    def key(self, version: int) -> DataKey | None:
        """The key of that version, in whatever state."""
        return next((key for key in self.keys if key.version == version), None)


def first(provider: KeyProvider, suite: str, at: datetime) -> KeyFile:
    """The keys of a new site."""
    root = provider.wrap(secrets.token_bytes(SECRET_BYTES), suite=suite, context=_root_context(suite))
    return KeyFile(suite, root.hex(), (_fresh(provider, suite, 1, at),))


def rotated(keys: KeyFile, provider: KeyProvider, suite: str, at: datetime, *, after: int = 0) -> KeyFile:
    """With one more key, which is the active one from now on, numbered above `after`. Raises `KeyRefused` after 65,535 of them."""
    version = max(keys.keys[-1].version, after) + 1
    if version > LAST_VERSION:
        raise KeyRefused(f"there are {LAST_VERSION} versions already. Cure: begin a new key file")
    old = tuple(
        replace(key, state=KeyState.READABLE, ended_at=at) if key.state == KeyState.ACTIVE else key
        for key in keys.keys
    )
    return replace(keys, keys=(*old, _fresh(provider, suite, version, at)))


def retired(keys: KeyFile, version: int, at: datetime) -> KeyFile:
    """Without the secret of that version. Raises `KeyRefused` unless it is readable and was long enough not active."""
    key = keys.key(version)
    if key is None or key.state == KeyState.RETIRED:
        raise KeyRefused(f"there is no readable key {version}. Cure: see `xinglin crypto status`")
    if key.ended_at is None:
        raise KeyRefused(f"key {version} is the active one. Cure: `xinglin crypto rotate` first")
    if at < key.ended_at + RETIRE_WAIT:
        raise KeyRefused(
            f"key {version} was active until a moment ago, something may still be written under it. "
            f"Cure: wait until {key.ended_at + RETIRE_WAIT:%H:%M} UTC"
        )
    gone = replace(key, state=KeyState.RETIRED, wrapped="")
    return replace(keys, keys=tuple(gone if entry is key else entry for entry in keys.keys))


def rewrapped(keys: KeyFile, held: KeyProvider, target: KeyProvider, path: Path) -> KeyFile:
    """The same keys wrapped by `target`, each of them opened again before this returns. Raises `KeyMissing`."""

    def moved(wrapped: str, suite: str, context: str) -> str:
        secret = _unwrap(wrapped, held, context, path)
        again = target.wrap(secret, suite=suite, context=context)
        if not hmac.compare_digest(target.unwrap(again, context=context), secret):
            raise KeyMissing(
                f"the {context} came back changed. Cure: nothing was changed; look at the new provider"
            )
        return again.hex()

    root = moved(keys.root, keys.root_suite, _root_context(keys.root_suite))
    entries = tuple(
        replace(key, wrapped=moved(key.wrapped, key.suite, _context(key.version, key.suite)))
        if key.wrapped
        else key
        for key in keys.keys
    )
    return replace(keys, root=root, keys=entries)


def unwrap_root(keys: KeyFile, provider: KeyProvider, path: Path) -> bytes:
    """The root key. Raises `KeyMissing` when another master key wrapped it."""
    return _unwrap(keys.root, provider, _root_context(keys.root_suite), path)


def unwrap(key: DataKey, provider: KeyProvider, path: Path) -> bytes:
    """The secret of a data key. Raises `KeyMissing` when another master key wrapped it."""
    return _unwrap(key.wrapped, provider, _context(key.version, key.suite), path)


def _unwrap(wrapped: str, provider: KeyProvider, context: str, path: Path) -> bytes:
    try:
        return provider.unwrap(bytes.fromhex(wrapped), context=context)
    except (SealBroken, ValueError) as error:
        raise KeyMissing(
            f"{path}: the {context} does not open under this master key. Cure: restore the master key and "
            f"{FILE} of the same backup"
        ) from error


def _fresh(provider: KeyProvider, suite: str, version: int, at: datetime) -> DataKey:
    secret = secrets.token_bytes(SECRET_BYTES)
    wrapped = provider.wrap(secret, suite=suite, context=_context(version, suite)).hex()
    return DataKey(version, suite, KeyState.ACTIVE, at, None, wrapped)


def _context(version: int, suite: str) -> str:
    return f"data key {version} ({suite})"


def _root_context(suite: str) -> str:
    return f"root key ({suite})"


def read(path: Path, open_provider: Callable[[bytes], KeyProvider]) -> tuple[KeyFile, bytes, KeyProvider]:
    """The keys, the root key, and who wraps them: `open_provider` gets the wrapped root key.

    Raises `KeyMissing` when the file is absent, changed, or of another master key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise KeyMissing(
            f"{path} is missing. Cure: restore it from the backup of the secrets folder, or from two shares with "
            "`xinglin crypto recover`; on a site that holds no data remove master.key and run `xinglin init`"
        ) from None
    keys, mac = parse(text, path)
    provider = open_provider(bytes.fromhex(keys.root))
    root = unwrap_root(keys, provider, path)
    if not hmac.compare_digest(mac, _mac(keys, root)):
        raise KeyMissing(
            f"{path} was changed by hand. Cure: restore it from the backup of the secrets folder"
        )
    return keys, root, provider


def parse(text: str, path: Path) -> tuple[KeyFile, str]:
    """The keys and the MAC that is to be checked. Raises `KeyMissing`."""
    try:
        found = json.loads(text)
        keys = tuple(_parsed(entry) for entry in found["keys"])
        parsed = KeyFile(found["root"]["suite"], found["root"]["wrapped"], keys)
        _ = parsed.active, suite_of(parsed.root_suite), bytes.fromhex(parsed.root)
        return parsed, str(found["mac"])
    except (ValueError, KeyError, TypeError, StopIteration, AttributeError) as error:
        raise KeyMissing(
            f"{path} is no key file. Cure: restore it from the backup of the secrets folder"
        ) from error


def _parsed(entry: dict[str, Any]) -> DataKey:
    ended = entry["ended_at"]
    return DataKey(
        int(entry["version"]),
        suite_of(entry["suite"]).name,
        KeyState(entry["state"]),
        datetime.fromisoformat(entry["created_at"]),
        datetime.fromisoformat(ended) if ended else None,
        entry["wrapped"],
    )


def write(path: Path, keys: KeyFile, root: bytes) -> None:
    """Replace the file at once and for good (fsync), mode 0600."""
    temporary = path.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text_of(keys, root))
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def text_of(keys: KeyFile, root: bytes) -> str:
    """What the file says, with its MAC."""
    return json.dumps(_content(keys) | {"mac": _mac(keys, root)}, indent=1)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time changes the keys."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _content(keys: KeyFile) -> dict[str, Any]:
    return {
        "root": {"suite": keys.root_suite, "wrapped": keys.root},
        "keys": [
            asdict(key)
            | {
                "created_at": key.created_at.isoformat(),
                "ended_at": key.ended_at.isoformat() if key.ended_at else None,
            }
            for key in keys.keys
        ],
    }


def _mac(keys: KeyFile, root: bytes) -> str:
    suite = suite_of(keys.root_suite)
    return suite.mac(suite.derive(root, FILE_PURPOSE), json.dumps(_content(keys)).encode()).hex()
