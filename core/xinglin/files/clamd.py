"""Asking clamd over its own protocol (INSTREAM, clamd(8)). Only the literal `stream: OK` means clean."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass

from xinglin.api.i18n import translator

_ = translator("core")
PIECE = 64 * 1024
CONNECT_SECONDS = 3.0
MOST_ANSWER = 4096
CLEAN = b"stream: OK"
PREFIX, FOUND = b"stream: ", b" FOUND"
TOO_LARGE = b"INSTREAM size limit exceeded"
TOO_LARGE_SAID = _("larger than the virus check can take (StreamMaxLength of clamd)")
UNREADABLE = ("Heuristics.Limits.Exceeded", "Heuristics.Encrypted")
"""Findings that say: I could not look into it."""
MARKER = "*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE$}7)CC7)^P(45XZP\\4[PA@%P!O5X"
"""The EICAR test file, backwards, so that no scanner takes this source for it."""


class ScannerDown(Exception):
    """The engine gave no answer, or none that says anything about the file: it is not scanned."""


class NotScannable(Exception):
    """The engine works and cannot look into this file; the text says why."""


@dataclass(frozen=True)
class Verdict:
    """What the engine said; `signature` names what was found, empty for a clean file."""

    signature: str = ""

    @property
    def is_clean(self) -> bool:
        return not self.signature


@dataclass(frozen=True)
class Clamd:
    """`address` is a path of a unix socket or `host:port`."""

    address: str

    def scan(self, pieces: Iterable[bytes], *, seconds: float) -> Verdict:
        """Scan a stream within `seconds` in all. Raises `ScannerDown`, `NotScannable`."""
        deadline = time.monotonic() + seconds
        try:
            with self._connect(deadline) as connection:
                return _talk(connection, pieces, deadline)
        except (OSError, TimeoutError) as error:
            raise ScannerDown(f"{self.address}: {type(error).__name__}: {error}") from error

    def check_itself(self) -> None:
        """Scan the test file; an engine that does not find it has no signatures. Raises `ScannerDown`."""
        try:
            verdict = self.scan([MARKER[::-1].encode()], seconds=CONNECT_SECONDS)
        except NotScannable as error:
            raise ScannerDown(f"{self.address}: {error}") from error
        if verdict.is_clean:
            raise ScannerDown(f"{self.address}: the engine has no signatures. Cure: run freshclam")

    def _connect(self, deadline: float) -> socket.socket:
        seconds = min(CONNECT_SECONDS, _left(deadline))
        if self.address.startswith("/"):
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.settimeout(seconds)
                connection.connect(self.address)
            except BaseException:
                connection.close()
                raise
            return connection
        host, _, port = self.address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), timeout=seconds)


def _talk(connection: socket.socket, pieces: Iterable[bytes], deadline: float) -> Verdict:
    try:
        _send(connection, b"zINSTREAM\0", deadline)
        for piece in pieces:
            for start in range(0, len(piece), PIECE):
                part = piece[start : start + PIECE]
                _send(connection, len(part).to_bytes(4, "big") + part, deadline)
        has_spoken = _has_spoken(connection)
        _send(connection, b"\0\0\0\0", deadline)
    except (BrokenPipeError, ConnectionResetError):
        # Beyond its StreamMaxLength clamd says so and closes; what it said is still there.
        answer = _what_was_said(connection, deadline)
        if not answer:
            raise
        return _said_early(answer)
    answer = _receive(connection, deadline)
    return _said_early(answer) if has_spoken else _understood(answer)


def _has_spoken(connection: socket.socket) -> bool:
    """Whether an answer lies there already. Poll, since a busy worker has descriptors beyond what select takes."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _said_early(answer: bytes) -> Verdict:
    """An answer before the end of the file was sent: it may find something, but it passes nothing."""
    verdict = _understood(answer)
    if verdict.is_clean:
        raise ScannerDown("the engine called the file clean before it had all of it")
    return verdict


def _what_was_said(connection: socket.socket, deadline: float) -> bytes:
    try:
        return _receive(connection, deadline)
    except ConnectionResetError:
        return _receive(connection, deadline)  # the error is reported once, then come the bytes


def _send(connection: socket.socket, data: bytes, deadline: float) -> None:
    connection.settimeout(_left(deadline))
    connection.sendall(data)


def _receive(connection: socket.socket, deadline: float) -> bytes:
    answer = b""
    while len(answer) < MOST_ANSWER and not answer.endswith(b"\0"):
        connection.settimeout(_left(deadline))
        piece = connection.recv(MOST_ANSWER)
        if not piece:
            break
        answer += piece
    return answer.rstrip(b"\0\n")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left


def _understood(answer: bytes) -> Verdict:
    if answer == CLEAN:
        return Verdict()
    if answer.startswith(PREFIX) and answer.endswith(FOUND):
        signature = answer[len(PREFIX) : -len(FOUND)].decode("utf-8", "replace")
        if signature.startswith(UNREADABLE):
            raise NotScannable(signature)
        return Verdict(signature or "unnamed")
    if TOO_LARGE in answer:
        raise NotScannable(TOO_LARGE_SAID)
    raise ScannerDown(f"unexpected answer {answer[:100]!r}")
