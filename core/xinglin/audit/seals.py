"""What a seal says, in one form for the database, for anchors and for exports."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from xinglin.audit import merkle
from xinglin.audit.canonical import MEMBER_BYTES, member_id, moment
from xinglin.audit.models import AuditSeal
from xinglin.crypto.service import Keyring

PURPOSE = "audit seal"
FIRST_PREVIOUS = "0" * 64
HEAD = (
    "number",
    "first_id",
    "last_id",
    "count",
    "root",
    "previous",
    "made_at",
    "cursor_transaction",
    "cursor_id",
    "floor_id",
    "tombstone",
    "key_id",
)


@dataclass(frozen=True)
class Tombstone:
    """Seals up to `through`, whose digest was `digest`, went with their records into a file with this SHA-256."""

    through: int
    digest: str
    records: int
    file: str
    sha256: str

    @classmethod
    def of(cls, seal: AuditSeal) -> Tombstone | None:
        return cls(**json.loads(seal.tombstone)) if seal.tombstone else None


@dataclass(frozen=True)
class Cursor:
    """Where sealing stands: see `AuditSeal`."""

    transaction: int = 0
    id: int = 0
    floor: int = 0


def make(
    previous: AuditSeal | None,
    members: list[bytes],
    cursor: Cursor,
    made_at: datetime,
    keyring: Keyring,
    tombstone: str = "",
) -> AuditSeal:
    """The seal that follows `previous`."""
    ids = [member_id(member) for member in members]
    seal = AuditSeal(
        number=previous.number + 1 if previous else 1,
        first_id=min(ids, default=0),
        last_id=max(ids, default=0),
        count=len(members),
        root=merkle.root(members),
        previous=digest_of(previous) if previous else FIRST_PREVIOUS,
        made_at=made_at,
        cursor_transaction=cursor.transaction,
        cursor_id=cursor.id,
        floor_id=cursor.floor,
        tombstone=tombstone,
        members=b"".join(members),
        key_id=keyring.key_id,
    )
    seal.mac = mac_of(seal, keyring)
    return seal


def digest_of(seal: AuditSeal) -> str:
    """What the next seal and the anchors hold of this one."""
    return hashlib.sha256(_head(seal) + seal.mac.encode()).hexdigest()


def mac_of(seal: AuditSeal, keyring: Keyring) -> str:
    """The MAC that the seal must carry; its members are bound by the root."""
    return keyring.mac(_head(seal), purpose=PURPOSE)


def members_of(packed: bytes) -> Iterator[bytes]:
    """One by one; an incomplete last one too, which fits no record."""
    return (packed[start : start + MEMBER_BYTES] for start in range(0, len(packed), MEMBER_BYTES))


def _head(seal: AuditSeal) -> bytes:
    values = [moment(seal.made_at) if name == "made_at" else getattr(seal, name) for name in HEAD]
    return json.dumps(values, ensure_ascii=False).encode()
