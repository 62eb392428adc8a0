"""The archives that tombstones speak of: each is there, is the file that was signed away, and is well itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xinglin.audit import offline
from xinglin.audit.anchors import Anchor
from xinglin.audit.chain import BadRecord
from xinglin.audit.seals import Tombstone
from xinglin.crypto.service import Keyring


@dataclass
class ArchivesCheck:
    """How much lies in the archives, and what is wrong with it."""

    records: int = 0
    seals: int = 0
    bad: list[BadRecord] = field(default_factory=list)


def check(
    tombstones: Sequence[Tombstone], folder: Path, keyring: Keyring, anchors: Sequence[Anchor] = ()
) -> ArchivesCheck:
    """Check the archive of each tombstone, and those that these speak of in their turn, in `folder`."""
    found, waiting = ArchivesCheck(), list(tombstones)
    while waiting:
        tombstone = waiting.pop()
        path = folder / Path(tombstone.file).name
        try:
            one = _check_one(path, tombstone, keyring, anchors)
        except offline.NoExport as error:
            found.bad.append(BadRecord(0, "", str(error)))
            continue
        found.records, found.seals = found.records + one.records, found.seals + one.seals
        found.bad += one.bad
        waiting += one.tombstones
    found.bad.sort()
    return found


def named(tombstones: Sequence[Tombstone]) -> list[str]:
    """A sentence for each archive that was not looked at."""
    return [
        f"{stone.records} records up to seal {stone.through} are in the archive {stone.file} "
        f"(SHA-256 {stone.sha256}); --archives FOLDER checks it too"
        for stone in tombstones
    ]


def _check_one(
    path: Path, tombstone: Tombstone, keyring: Keyring, anchors: Sequence[Anchor]
) -> offline.FileCheck:
    if not path.is_file():
        raise offline.NoExport(
            f"the archive {path} of {tombstone.records} records up to seal {tombstone.through} is missing"
        )
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != tombstone.sha256:
        raise offline.NoExport(f"{path} is not the archive that was made: its SHA-256 is another")
    return offline.check(path, keyring, anchors)
