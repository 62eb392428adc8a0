"""Checking an exported trail or an archive: needs the file and the keys, no database and no portal."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from xinglin.audit import canonical, merkle, reading, seals
from xinglin.audit.anchors import Anchor
from xinglin.audit.chain import BadRecord, ChainWalk
from xinglin.audit.export import FORMAT, PURPOSE, Header
from xinglin.audit.models import AuditSeal
from xinglin.audit.seals import Tombstone
from xinglin.audit.service import PURPOSE as ROW_PURPOSE
from xinglin.audit.verify import never_sealed
from xinglin.crypto.service import Keyring

UNDER_WAY = timedelta(seconds=10)
"""A seal this much older than an export was stored when the export began."""


class NoExport(Exception):
    """The file is not an export of the trail, or was cut off or changed."""


@dataclass
class FileCheck:
    """What a file holds; `head` is its last seal, for a verifier that remembers."""

    records: int = 0
    seals: int = 0
    bad: list[BadRecord] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    head: Anchor | None = None
    tombstones: list[Tombstone] = field(default_factory=list)


@dataclass
class _Reading:
    """Where the check stands in the file."""

    check: FileCheck
    walk: ChainWalk
    mac_of: Callable[[bytes], str]
    waiting: dict[int, bytes] = field(default_factory=dict)
    loose: list[reading.Stored] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


def check(path: Path, keyring: Keyring, anchors: Sequence[Anchor] = ()) -> FileCheck:
    """Check a file. Raises `NoExport` when its signature does not fit, with the first bad record if one is seen.

    An export knows nothing of seals that were made after it: younger anchors are left out, and a note counts them.
    """
    fault = _fault_of_signature(path, keyring)
    try:
        found = _walked(path, keyring, anchors)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        if fault:
            raise NoExport(fault) from error
        raise
    if fault:
        first = f". First: record {found.bad[0].id} {found.bad[0].reason}" if found.bad else ""
        raise NoExport(fault + first)
    return found


def _walked(path: Path, keyring: Keyring, anchors: Sequence[Anchor]) -> FileCheck:
    lines = _lines(path)
    header = Header(**next(lines, {}))
    if header.format != FORMAT or header.columns != list(reading.COLUMNS):
        raise NoExport(f"{path} has the format {header.format!r}, this version reads {FORMAT!r}")
    kept = [anchor for anchor in anchors if _is_known_to(header, anchor)]
    found = FileCheck()
    follows = header.follows if header.is_archive else ""
    state = _Reading(found, ChainWalk(keyring, kept, follows), keyring.many_macs(purpose=ROW_PURPOSE))
    for line in lines:
        if isinstance(line, dict):
            _take_seal(state, line["seal"])
        else:
            _take_record(state, line)
    _finish_seal(state)
    whole = state.walk.finish()
    found.bad += [*whole.bad, *never_sealed(state.loose, whole.cursor)]
    found.bad.sort()
    found.notes += whole.notes
    if not header.is_archive and len(kept) < len(anchors):
        found.notes.append(
            f"{len(anchors) - len(kept)} anchors are younger than this export and were left out"
        )
    found.tombstones = whole.tombstones
    return found


def _is_known_to(header: Header, anchor: Anchor) -> bool:
    if header.is_archive:
        return anchor.number <= header.through
    return datetime.fromisoformat(anchor.made_at) <= datetime.fromisoformat(header.made_at) - UNDER_WAY


def _fault_of_signature(path: Path, keyring: Keyring) -> str:
    """What is wrong with the last line, which signs all before it; empty when nothing is."""
    digest = hashlib.sha256()
    previous = b""
    with path.open("rb") as stream:
        for line in stream:
            digest.update(previous)
            previous = line
    try:
        end = json.loads(previous)["end"]
        signed = (end["sha256"], end["mac"])
    except (ValueError, TypeError, KeyError):
        return f"{path} has no signature at its end: it was cut off, or is no export"
    if signed != (digest.hexdigest(), keyring.mac(digest.hexdigest().encode(), purpose=PURPOSE)):
        return f"{path} was changed after it was signed, or was signed under another key"
    return ""


def _lines(path: Path) -> Iterator[Any]:
    """All lines but the last, which is the signature."""
    with path.open("rb") as stream:
        for line in stream:
            value = json.loads(line)
            if isinstance(value, dict) and "end" in value:
                return
            yield value


def _take_seal(state: _Reading, values: dict[str, Any]) -> None:
    _finish_seal(state)
    packed = base64.b64decode(values.pop("members"))
    made_at = datetime.fromisoformat(values["made_at"])
    seal = AuditSeal(**values | {"made_at": made_at})
    parts = list(seals.members_of(packed))
    if len(parts) != seal.count or merkle.root(parts) != seal.root:
        reason = f"seal {seal.number} does not fit its list of records"
        state.check.bad.append(BadRecord(seal.first_id, "", reason))
    state.walk.take(seal)
    state.waiting = {canonical.member_id(part): part for part in parts}
    state.check.seals += 1
    state.check.head = Anchor.of(seal)


def _finish_seal(state: _Reading) -> None:
    gone = [BadRecord(number, "", "was deleted: its seal still holds it") for number in state.waiting]
    state.check.bad += gone
    state.waiting = {}


def _take_record(state: _Reading, values: list[Any]) -> None:
    values[reading.DETAILS] = base64.b64decode(values[reading.DETAILS])
    values[reading.AT] = values[reading.AT].removesuffix("+00:00")
    record = reading.from_values(values)
    state.check.records += 1
    held = state.waiting.pop(record.id, None)
    reason = ""
    if record.mac != state.mac_of(record.body):
        reason = "was changed after it was written, or was not written by the portal"
    elif held is None:
        state.loose.append(record)
        reason = "is a copy of another record" if record.event_id in state.seen else ""
        state.seen.add(record.event_id)
    elif held != record.member:
        reason = "is not the record that was sealed under this id: swapped, moved or replaced"
    if reason:
        state.check.bad.append(BadRecord(record.id, record.event_id, reason))
