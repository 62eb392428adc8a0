"""Heads of the chain outside the database: whoever cuts the chain's end, or brings an old database back, is found by them."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from logging.handlers import SysLogHandler
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import defer

from xinglin.audit.canonical import moment
from xinglin.audit.models import AuditSeal
from xinglin.audit.seals import digest_of

if TYPE_CHECKING:
    from xinglin.audit.sealing import SealingContext

LAST_BYTES = 4_096
AT_ONCE = 1_000
logger = logging.getLogger(__name__)


class AnchorsUnreadable(Exception):
    """A line of the anchor file is not an anchor."""


@dataclass(frozen=True)
class Anchor:
    """A seal as the world outside knows it; `made_at` in UTC."""

    number: int
    digest: str
    first_id: int
    last_id: int
    count: int
    made_at: str

    @classmethod
    def of(cls, seal: AuditSeal) -> Anchor:
        return cls(
            seal.number, digest_of(seal), seal.first_id, seal.last_id, seal.count, moment(seal.made_at)
        )

    @property
    def line(self) -> str:
        return json.dumps(asdict(self))


def keep(context: SealingContext, head: AuditSeal | None) -> None:
    """Append to the file, and tell the log host, every seal that is not there yet.

    A file that cannot be written does not stop sealing: the error is logged, and the next call writes what is missing.
    """
    path = context.settings.anchor_file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            written = _append(context, stream, head)
    except (OSError, AnchorsUnreadable) as error:
        logger.error(
            "the audit anchors cannot be kept in %s: %s. Cure: let the portal's user append to it",
            path,
            error,
        )
        return
    if context.settings.audit_log_host:
        _tell(context.settings.audit_log_host, written)


def read(path: Path) -> list[Anchor]:
    """All anchors of a file, oldest first; none when there is no file. Raises `AnchorsUnreadable`."""
    if not path.is_file():
        return []
    with path.open("rb") as stream:
        return [_parsed(line, path) for line in stream if line.endswith(b"\n")]


def remember(path: Path, head: Anchor) -> None:
    """Append a seal to a verifier's own file, unless it is the last there."""
    with path.open("a+b") as stream:
        last = _last(stream)
        if last is None or last.digest != head.digest:
            stream.write(f"{head.line}\n".encode())


def _append(context: SealingContext, stream: IO[bytes], head: AuditSeal | None) -> list[Anchor]:
    last = _last(stream)
    if head is None or (last and last.digest == digest_of(head)):
        return []
    # After an old database was brought back the numbers come again: the new seals are kept beside the old ones.
    after = last.number if last and last.number < head.number else head.number - 1
    written = [Anchor.of(seal) for seal in _seals(context, after if last else 0)]
    stream.write("".join(f"{anchor.line}\n" for anchor in written).encode())
    stream.flush()
    os.fsync(stream.fileno())
    return written


def _seals(context: SealingContext, after: int) -> Iterator[AuditSeal]:
    query = select(AuditSeal).options(defer(AuditSeal.members)).where(AuditSeal.number > after)
    with context.database.read_session() as session:
        yield from session.scalars(query.order_by(AuditSeal.number).execution_options(yield_per=AT_ONCE))


def _last(stream: IO[bytes]) -> Anchor | None:
    """The last whole line; half a line, of a process that was killed, is ended so that nothing is written onto it."""
    end = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, end - LAST_BYTES))
    tail = stream.read()
    if tail and not tail.endswith(b"\n"):
        os.ftruncate(stream.fileno(), end - len(tail) + tail.rfind(b"\n") + 1)
        tail = tail[: tail.rfind(b"\n") + 1]
    lines = tail.splitlines()
    return _parsed(lines[-1], Path(stream.name)) if lines else None


def _parsed(line: bytes, path: Path) -> Anchor:
    try:
        return Anchor(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise AnchorsUnreadable(f"{path}: {line[:80]!r} is not an anchor") from error


class LogHost(SysLogHandler):
    """Messages of RFC 5424; a host that is away is a line in the portal's own log."""

    append_nul = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - named by the standard library
        logger.warning("the log host %s did not take an audit anchor; the file has it", self.address)


def _tell(address: str, written: list[Anchor]) -> None:
    scheme, _, place = address.rpartition("://")
    host, _, port = place.rpartition(":")
    kind = socket.SOCK_STREAM if scheme == "tcp" else socket.SOCK_DGRAM
    try:
        handler = LogHost((host, int(port)), SysLogHandler.LOG_AUTH, kind)
    except OSError as error:
        logger.warning(
            "the log host %s cannot be reached: %s; the anchor file has what it missed", address, error
        )
        return
    for anchor in written:
        text = f"1 {anchor.made_at} {socket.gethostname()} xinglin {os.getpid()} audit-seal - {anchor.line}\n"
        handler.emit(logging.makeLogRecord({"msg": text, "levelno": logging.INFO, "levelname": "INFO"}))
    handler.close()
