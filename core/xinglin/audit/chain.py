"""Checking the chain of seals: each follows the last, carries its MAC, and is the one that the world outside knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from xinglin.audit import seals
from xinglin.audit.anchors import Anchor
from xinglin.audit.models import AuditSeal
from xinglin.audit.seals import Cursor, Tombstone
from xinglin.crypto.service import Keyring

LATE = timedelta(minutes=12)
"""A quiet time is sealed every ten minutes."""


@dataclass(frozen=True, order=True)
class BadRecord:
    """A record that is not what was written, and why we know; of a seal at fault, the first record in question."""

    id: int
    event_id: str
    reason: str


@dataclass
class Chain:
    """What walking the seals found; `cursor` is how far they reach."""

    first: int = 0
    head: int = 0
    last_id: int = 0
    seals: int = 0
    anchor: Anchor | None = None
    cursor: Cursor = field(default_factory=Cursor)
    bad: list[BadRecord] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tombstones: list[Tombstone] = field(default_factory=list)


class ChainWalk:
    """Takes the seals one by one, oldest first, then `finish`. `follows` is what a signed file says of the seal before."""

    def __init__(self, keyring: Keyring, anchors: Sequence[Anchor], follows: str = "") -> None:
        self.found = Chain()
        self._keyring = keyring
        self._follows = follows
        self._anchors: dict[int, list[Anchor]] = {}
        for anchor in anchors:
            self._anchors.setdefault(anchor.number, []).append(anchor)
        self._previous = seals.FIRST_PREVIOUS
        self._made_at: datetime | None = None
        self._missing_before = ("", 0)

    def take(self, seal: AuditSeal) -> None:
        digest = seals.digest_of(seal)
        for reason in self._faults_of(seal, digest):
            self._blame(seal, reason)
        if self._made_at and seal.made_at - self._made_at > LATE:
            self.found.notes.append(
                f"nothing was sealed from {self._made_at:%Y-%m-%d %H:%M:%S} to {seal.made_at:%Y-%m-%d %H:%M:%S} UTC: "
                f"the worker was stopped; seal {seal.number} holds what was written meanwhile"
            )
        if tombstone := Tombstone.of(seal):
            self.found.tombstones.append(tombstone)
        found = self.found
        found.first, found.head = found.first or seal.number, seal.number
        found.last_id, found.seals = max(found.last_id, seal.last_id), found.seals + 1
        found.anchor = Anchor.of(seal)
        found.cursor = Cursor(seal.cursor_transaction, seal.cursor_id, seal.floor_id)
        self._previous, self._made_at = digest, seal.made_at

    def finish(self) -> Chain:
        """What is missing before the first seal and after the last."""
        found, (previous, first_id) = self.found, self._missing_before
        archived = {(tombstone.through + 1, tombstone.digest) for tombstone in found.tombstones}
        if previous and previous != self._follows and (found.first, previous) not in archived:
            reason = f"the seals before {found.first} are gone, and no tombstone says that they were archived"
            found.bad.append(BadRecord(first_id, "", reason))
        gone = sorted(number for number in self._anchors if number > found.head)
        if gone:
            first, last = self._anchors[gone[0]][0], self._anchors[gone[-1]][-1]
            reason = (
                f"seals {first.number} to {last.number}, anchored from {first.made_at}, are gone with their records up to "
                f"{last.last_id}: the end was cut off, or an old database was brought back"
            )
            found.bad.append(BadRecord(first.first_id or found.last_id + 1, "", reason))
        return found

    def _faults_of(self, seal: AuditSeal, digest: str) -> Iterator[str]:
        if seal.key_id != self._keyring.key_id:
            yield f"was made under the key {seal.key_id}, this site has {self._keyring.key_id}"
        elif seal.mac != seals.mac_of(seal, self._keyring):
            yield "was changed, or was not made by the portal"
        if not self.found.first and seal.number > 1:
            self._missing_before = (seal.previous, seal.first_id)
        elif seal.number != self.found.head + 1:
            yield f"does not follow seal {self.found.head}: seals between were deleted, or two have one number"
        elif seal.previous != self._previous:
            yield f"does not hold the seal before it ({self.found.head}): one of the two was replaced"
        if any(anchor.digest != digest for anchor in self._anchors.get(seal.number, ())):
            yield "is not the one that was anchored under its number: the chain was forked"

    def _blame(self, seal: AuditSeal, reason: str) -> None:
        first = seal.first_id or self.found.last_id
        self.found.bad.append(BadRecord(first, "", f"seal {seal.number} {reason}"))


def walk(found: Iterable[AuditSeal], keyring: Keyring, anchors: Sequence[Anchor] = ()) -> Chain:
    """Check all seals, given oldest first."""
    walking = ChainWalk(keyring, anchors)
    for seal in found:
        walking.take(seal)
    return walking.finish()
