"""The trail as a signed file: JSON lines that another machine can check with the keys and without the database.

The first line says what the file is; then each seal is followed by its records in the order of sealing, then come the
records that no seal holds yet, and the last line signs all bytes before it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from xinglin.audit import canonical, reading, seals, verify
from xinglin.audit.models import AuditRecord, AuditSeal
from xinglin.crypto.service import Keyring

FORMAT = "xinglin audit 1"
PURPOSE = "audit export"
AT_ONCE = 500
SPARSE = 4


@dataclass(frozen=True)
class Header:
    """The first line. An archive begins after the seal whose digest is `follows`, and ends with `through`."""

    format: str
    made_at: str
    key_id: str
    follows: str
    through: int
    is_archive: bool
    columns: list[str]


@dataclass(frozen=True)
class Written:
    """What is in a file that was written; `sha256` is of the whole file."""

    seals: int
    records: int
    sha256: str


class Writer:
    """Writes lines and keeps their hash."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.seals = self.records = 0

    def line(self, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._hash.update(text)
        self._stream.write(text)

    def seal(self, seal: AuditSeal) -> None:
        head = {name: getattr(seal, name) for name in seals.HEAD} | {"mac": seal.mac}
        head |= {"made_at": canonical.moment(seal.made_at), "members": _text(seal.members)}
        self.line({"seal": head})
        self.seals += 1

    def record(self, row: Any) -> None:
        values = list(row)
        values[reading.AT] = canonical.moment(row[reading.AT])
        values[reading.DETAILS] = _text(row[reading.DETAILS])
        self.line(values)
        self.records += 1

    def end(self, keyring: Keyring) -> Written:
        digest = self._hash.hexdigest()
        mac = keyring.mac(digest.encode(), purpose=PURPOSE)
        self.line({"end": {"seals": self.seals, "records": self.records, "sha256": digest, "mac": mac}})
        self._stream.flush()
        os.fsync(self._stream.fileno())
        return Written(self.seals, self.records, self._hash.hexdigest())


def write(
    session: Session, keyring: Keyring, path: Path, made_at: datetime, *, archive_through: int = 0
) -> Written:
    """Write the trail into a new file of mode 0600; an archive ends with the seal `archive_through`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        writer = Writer(stream)
        ends = session.execute(
            select(AuditSeal.number, AuditSeal.previous).order_by(AuditSeal.number)
        ).first()
        header = Header(
            FORMAT,
            canonical.moment(made_at),
            keyring.key_id,
            ends.previous if ends else seals.FIRST_PREVIOUS,
            archive_through,
            bool(archive_through),
            list(reading.COLUMNS),
        )
        writer.line(asdict(header))
        _write_seals(session, writer, archive_through)
        if not archive_through:
            _write_unsealed(session, writer)
        return writer.end(keyring)


def _write_seals(session: Session, writer: Writer, through: int) -> None:
    query = select(AuditSeal).order_by(AuditSeal.number)
    query = query.where(AuditSeal.number <= through) if through else query
    for seal in session.scalars(query.execution_options(yield_per=10)):
        writer.seal(seal)
        for row in _records_of(session.connection(), seal):
            writer.record(row)


def _records_of(connection: Connection, seal: AuditSeal) -> Iterator[Any]:
    """The rows of a seal that are still there; what is missing is for the check to say."""
    ids = [canonical.member_id(member) for member in seals.members_of(seal.members)]
    rows: dict[int, Any] = {}
    if seal.last_id - seal.first_id < SPARSE * seal.count:
        between = reading.query().where(AuditRecord.id.between(seal.first_id, seal.last_id))
        rows = {row[0]: row for row in connection.execute(between)}
    else:
        rows = _rows(connection, ids)
    return (rows[number] for number in ids if number in rows)


def _rows(connection: Connection, ids: Sequence[int]) -> dict[int, Any]:
    rows: dict[int, Any] = {}
    for start in range(0, len(ids), AT_ONCE):
        some = reading.query().where(AuditRecord.id.in_(ids[start : start + AT_ONCE]))
        rows |= {row[0]: row for row in connection.execute(some)}
    return rows


def _write_unsealed(session: Session, writer: Writer) -> None:
    connection = session.connection()
    for span in verify.spans(session):
        sealed = verify.members_in(connection, span, verify.Checked())
        ids = connection.scalars(verify.records_in(span).with_only_columns(AuditRecord.id)).all()
        loose = [number for number in ids if number not in sealed]
        for row in _rows(connection, loose).values():
            writer.record(row)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
