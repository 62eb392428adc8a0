"""`manifest.json` of a backup: what it holds, under which keys, and a MAC over all of it."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from xinglin.backup.errors import BackupDamaged, BackupKeyWrong
from xinglin.crypto.errors import KeyMissing, SealBroken
from xinglin.crypto.service import Keyring

FILE = "manifest.json"
FORMAT = 1
PURPOSE = "backup manifest"


@dataclass(frozen=True)
class Part:
    """One sealed file. `size` is of the plain bytes, `sha256` of the sealed ones; `key_sealed` is hexadecimal."""

    name: str
    size: int
    sha256: str
    key_sealed: str = field(repr=False)

    @property
    def file(self) -> str:
        return f"{self.name}.sealed"


@dataclass(frozen=True)
class TableState:
    """How many rows, and the sum of their hashes: equal sums are equal rows in whatever order."""

    rows: int
    hash: str


@dataclass(frozen=True)
class Manifest:
    """`name` is that of the backup and tells when it began. `created_at` (UTC): the moment whose state it holds.

    `recover_to` is the WAL position of that state on PostgreSQL, else empty.
    """

    name: str
    created_at: datetime
    version: str
    engine: str
    key_id: str
    key_version: int
    parts: tuple[Part, ...]
    tables: Mapping[str, TableState]
    files: int
    recover_to: str = ""

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    def part(self, name: str) -> Part:
        """The part of that name; raises `BackupDamaged`."""
        for part in self.parts:
            if part.name == name:
                return part
        raise BackupDamaged(f"{self.name}: it has no part {name}. Cure: take another backup")

    def written(self, keyring: Keyring) -> bytes:
        """The content of `manifest.json`; what the tables hold is sealed in it."""
        content: dict[str, Any] = {"format": FORMAT} | asdict(self)
        content["created_at"] = self.created_at.isoformat()
        tables = json.dumps(content.pop("tables")).encode()
        content["tables_sealed"] = keyring.seal(tables, context=_context(self.name)).hex()
        mac = keyring.mac(_canonical(content), purpose=PURPOSE)
        return json.dumps(content | {"mac": mac}, indent=1).encode()


def read(text: bytes, name: str, keyring: Keyring) -> Manifest:
    """The manifest of the backup `name`. Raises `BackupDamaged`, `BackupKeyWrong` for another site's."""
    try:
        found = json.loads(text)
        mac, key_id = str(found.pop("mac")), str(found["key_id"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(name, "cannot be read") from error
    if key_id != keyring.key_id:
        raise BackupKeyWrong(
            f"{name} was sealed by the site with the keys {key_id}, this site has {keyring.key_id}. Cure: put that "
            f"site's master.key and keys.json into {keyring.folder}: `xinglin crypto recover`, from the custodians' shares"
        )
    if not hmac.compare_digest(mac, keyring.mac(_canonical(found), purpose=PURPOSE)):
        raise _damaged(name, "was changed")
    if found.pop("format", None) != FORMAT:
        raise BackupDamaged(f"{name}: another release wrote it. Cure: use the release that wrote it")
    if found["name"] != name:
        raise _damaged(name, f"is that of {found['name']}")
    return _made(found, keyring)


def _made(found: dict[str, Any], keyring: Keyring) -> Manifest:
    """From content that its MAC has proven."""
    name = found["name"]
    try:
        tables = keyring.open(bytes.fromhex(found.pop("tables_sealed")), context=_context(name))
    except (SealBroken, KeyMissing) as error:
        raise BackupKeyWrong(
            f"{name}: data key {found['key_version']} is not there ({error}). Cure: put the keys.json of that time "
            f"into {keyring.folder}"
        ) from error
    found["tables"] = {table: TableState(**state) for table, state in json.loads(tables).items()}
    found["created_at"] = datetime.fromisoformat(found["created_at"])
    found["parts"] = tuple(Part(**part) for part in found["parts"])
    return Manifest(**found)


def _damaged(name: str, what: str) -> BackupDamaged:
    return BackupDamaged(f"{name}: {FILE} {what}. Cure: take the other copy, or an older backup")


def _context(name: str) -> str:
    return f"backup {name} manifest"


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
