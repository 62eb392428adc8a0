"""The one byte string that a record is: what its MAC covers, and what a seal covers."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

TEXTS = (
    "event_id",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "session_id",
    "ip",
    "request_id",
    "action",
    "object_kind",
    "object_id",
    "result",
)
"""The columns that a MAC binds as text, in this order; the sealed details follow them."""
ID = struct.Struct(">q")
MOMENT_LENGTH = len("2026-01-01T00:00:00.000000")
MEMBER_BYTES = ID.size + hashlib.sha256().digest_size


def bound(texts: Sequence[str], details: bytes) -> bytes:
    """The columns of `TEXTS` and the sealed details; their lengths go first, so that nothing moves between columns.

    No column is wider than 64 characters. Raises `ValueError` above 255, `TypeError` for what is no text.
    """
    return bytes(map(len, texts)) + "".join(texts).encode() + details


def member(number: int, body: bytes, key_id: str, mac: str) -> bytes:
    """A record as a seal holds it: its id, and a digest of all that it is. Two that swap ids are both seen.

    It is compared only when the MAC fits the body, so that nothing can move between the parts.
    """
    return ID.pack(number) + hashlib.sha256(f"{key_id}{mac}".encode() + body).digest()


def moment(value: Any) -> str:
    """UTC with microseconds, of a datetime or of what a driver gives for it as text.

    SQLite's text is what it stores; PostgreSQL's ends in +00, for its sessions are in UTC, and leaves trailing zeros out.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    text = str(value).replace(" ", "T", 1)
    if text.endswith("+00"):
        text = text[:-3].ljust(MOMENT_LENGTH, "0") if "." in text else f"{text[:-3]}.000000"
    return f"{text}+00:00"


def member_id(packed: bytes) -> int:
    """The id in a `member`."""
    found: int = ID.unpack_from(packed)[0]
    return found
