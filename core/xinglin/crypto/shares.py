"""The master key among custodians: each share is a file that also carries `keys.json`, which is of no use without it.

A token or a cipher machine never shows its key. Its custodians share a key of their own, made for this splitting and
forgotten, under which a copy of the data keys is wrapped: what was sealed until that day is readable without the token.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from xinglin.crypto import keys as key_file
from xinglin.crypto import shamir
from xinglin.crypto.errors import KeyMissing, KeyRefused
from xinglin.crypto.providers import KEY_FILE, MASTER_BYTES, MasterKey, make_file
from xinglin.crypto.service import Keyring

CEREMONY = "shares.json"
NOT_KNOWN = 0
"""A share does not tell how many there are."""


@dataclass(frozen=True)
class Share:
    """One custodian's part. `split` names the splitting, `check` proves the master key, `seal` finds a typing error."""

    split: str
    number: int
    threshold: int
    share: str = field(repr=False)
    check: str
    keys: str = field(repr=False)
    seal: str = ""

    def sealed(self) -> Share:
        """With the checksum of all the rest."""
        bare = json.dumps(asdict(replace(self, seal="")), sort_keys=True)
        return replace(self, seal=hashlib.sha256(bare.encode()).hexdigest()[:16])


@dataclass(frozen=True)
class Ceremony:
    """The last splitting of this site, as `shares.json` tells: no secret, only what a check needs to know."""

    split: str
    at: datetime
    shares: int
    threshold: int
    newest: int
    check: str

    def covers(self, keyring: Keyring) -> bool:
        """Whether these shares give everything back that is sealed today."""
        if isinstance(keyring.provider, MasterKey):
            return _check(self.split, keyring.provider.master) == self.check
        return self.newest == keyring.keys.keys[-1].version


def split(keyring: Keyring, target: Path, *, shares: int, threshold: int, at: datetime) -> tuple[Path, ...]:
    """Write `share-<n>.json` (mode 0600) into `target`; none is ever replaced. `at` in UTC. Raises `KeyRefused`."""
    provider = keyring.provider
    held = provider if isinstance(provider, MasterKey) else MasterKey(os.urandom(MASTER_BYTES), "the shares")
    try:
        parts = shamir.split(held.master, shares, threshold)
    except ValueError as error:
        raise KeyRefused(str(error)) from error
    name = secrets.token_hex(8)
    keys = keyring.wrapped_by(held)
    check = _check(name, held.master)
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = tuple(
        _write(
            target / f"share-{number}.json", Share(name, number, threshold, part.hex(), check, keys).sealed()
        )
        for number, part in parts.items()
    )
    newest = keyring.keys.keys[-1].version
    _remember(keyring.folder, Ceremony(name, at, shares, threshold, newest, check))
    return written


def last(folder: Path) -> Ceremony | None:
    """The last splitting, None when there was none (or its note was lost, which is no better)."""
    try:
        found = json.loads((folder / CEREMONY).read_text(encoding="utf-8"))
        return Ceremony(**found | {"at": datetime.fromisoformat(found["at"])})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def read(path: Path) -> Share:
    """One share. Raises `KeyRefused` when it is none, or damaged."""
    try:
        share = Share(**json.loads(path.read_text(encoding="utf-8")))
        bytes.fromhex(share.share)
    except (ValueError, TypeError) as error:
        raise KeyRefused(f"{path} is no share. Cure: give files made by `xinglin crypto split`") from error
    if share.sealed() != share:
        raise KeyRefused(f"{path} was damaged or changed. Cure: use another custodian's share")
    return share


def recover(shares: Sequence[Share], folder: Path, at: datetime) -> int | None:
    """Write `master.key`, and `keys.json` where it is missing. Raises `KeyRefused`; what exists is never replaced.

    Where `keys.json` is that of the shares now: its newest version. `at` (UTC) is noted, where the splitting is not.
    """
    master = combined(shares)
    path = folder / key_file.FILE
    held = MasterKey(master, "the shares")
    if (folder / KEY_FILE).exists():
        raise KeyRefused(f"{folder / KEY_FILE} exists. Cure: move it away first, it is never replaced")
    if path.exists():
        try:
            key_file.read(path, lambda _root: held)
        except KeyMissing as error:
            raise KeyRefused(
                f"these shares are not of {path}: {error}. Where a token was lost for good or the shares are of another "
                f"site: move {path} away, the shares bring the keys of their day"
            ) from error
    keys, _mac = key_file.parse(shares[0].keys, path)
    make_file(folder, master)
    is_missing = not path.exists()
    if is_missing:
        key_file.write(path, keys, key_file.unwrap_root(keys, held, path))
    newest = keys.keys[-1].version
    if last(folder) is None:
        share = shares[0]
        _remember(folder, Ceremony(share.split, at, NOT_KNOWN, share.threshold, newest, share.check))
    return newest if is_missing else None


def combined(shares: Sequence[Share]) -> bytes:
    """The master key. Raises `KeyRefused` for shares of several splittings, too few, or wrong ones."""
    if len({(share.split, share.threshold, share.check, share.keys) for share in shares}) != 1:
        raise KeyRefused("these shares come from different splittings. Cure: use those of one ceremony")
    parts = {share.number: bytes.fromhex(share.share) for share in shares}
    needed = shares[0].threshold
    if len(parts) < needed:
        raise KeyRefused(f"{len(parts)} of {needed} shares. Cure: give {needed} different ones")
    master = shamir.combine(parts)
    if _check(shares[0].split, master) != shares[0].check:
        raise KeyRefused("these shares do not give the master key. Cure: use another custodian's share")
    return master


def _write(path: Path, share: Share) -> Path:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyRefused(f"{path} exists. Cure: choose an empty folder") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(asdict(share), stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    return path


def _remember(folder: Path, ceremony: Ceremony) -> None:
    path = folder / CEREMONY
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(asdict(ceremony) | {"at": ceremony.at.isoformat()}, stream, indent=1)
    new.replace(path)


def _check(name: str, master: bytes) -> str:
    """Tells nothing about a key of 256 random bits."""
    return hashlib.sha256(f"xinglin split {name}".encode() + master).hexdigest()[:32]
