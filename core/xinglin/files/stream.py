"""Files sealed in chunks of 64 KiB: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015).

Layout: magic `XLF1`, one byte for the suite, 7 random bytes; then chunks, each with a tag of 16 bytes. The nonce of a
chunk is those 7 bytes, its number (4 bytes) and 1 for the last, 0 for any other: a chunk that was changed, moved,
left out, or taken for the last does not open. The header and the file's context are authenticated with every chunk.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import BinaryIO, Self

from xinglin.crypto.errors import SealBroken
from xinglin.crypto.suites import Suite, suite_of
from xinglin.files.seekable import Seekable
from xinglin.files.storage import Sink

CHUNK = 64 * 1024
TAG = 16
SEALED_CHUNK = CHUNK + TAG
MAGIC = b"XLF1"
PREFIX_BYTES = 7
HEADER_BYTES = len(MAGIC) + 1 + PREFIX_BYTES
BATCH = 8
"""Chunks that a helper seals at once: little enough that the first are on their way to the disk soon."""
HELPERS = 2
MOST_WAITING = 4
CODES = {"aes": b"\x01", "sm": b"\x02"}
NAMES = {code: name for name, code in CODES.items()}


class FileBroken(Exception):
    """The stored bytes are not those that were written: changed, cut, moved, or sealed under another key."""


class SealedWriter:
    """Write plain bytes in pieces of any size; `close` seals the last chunk. A `with` block ends its helpers.

    With a slow suite, batches of chunks (which are independent) are sealed by helpers beside the caller, who reads, hashes
    and writes to the disk; a small file costs no thread. At most `MOST_WAITING` batches are in memory, whatever the size.
    """

    def __init__(self, out: Sink, suite: Suite, key: bytes, context: str) -> None:
        self._out, self._suite, self._key = out, suite, key
        self._prefix = os.urandom(PREFIX_BYTES)
        header = MAGIC + CODES[suite.name] + self._prefix
        self._aad = header + context.encode()
        self._number = 0
        self._rest = b""
        self._batch: list[tuple[bytes, bytes]] = []
        self._helpers: ThreadPoolExecutor | None = None
        self._waiting: deque[Future[bytes]] = deque()
        out.write(header)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._helpers is not None:
            self._helpers.shutdown(cancel_futures=True)

    def write(self, plain: bytes) -> None:
        start = 0
        while start < len(plain):
            # The last chunk is sealed differently, so a full one is kept back until more comes.
            if len(self._rest) == CHUNK:
                self._add(self._rest, is_last=False)
                self._rest = b""
            end = start + CHUNK - len(self._rest)
            # A piece that is taken whole is not copied: most pieces have the size of a chunk.
            part = plain if start == 0 and len(plain) <= end else plain[start:end]
            self._rest = self._rest + part if self._rest else part
            start = end

    def close(self) -> None:
        """Seal what is left; the caller closes the file below. Without this call the file cannot be read."""
        self._add(self._rest, is_last=True)
        self._rest = b""
        if self._helpers is not None:
            self._hand_over(self._helpers)
        while self._waiting:
            self._out.write(self._waiting.popleft().result())
        if self._batch:
            self._out.write(self._sealed(self._batch))

    def _add(self, plain: bytes, *, is_last: bool) -> None:
        chunk = (_nonce(self._prefix, self._number, is_last=is_last), plain)
        self._number += 1
        if not self._suite.is_slow:
            self._out.write(self._sealed([chunk]))
            return
        if len(self._batch) == BATCH:
            self._helpers = self._helpers or ThreadPoolExecutor(HELPERS, "seal")
            self._hand_over(self._helpers)
        self._batch.append(chunk)

    def _hand_over(self, helpers: ThreadPoolExecutor) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._out.write(self._waiting.popleft().result())
        self._waiting.append(helpers.submit(self._sealed, self._batch))
        self._batch = []

    def _sealed(self, batch: list[tuple[bytes, bytes]]) -> bytes:
        return b"".join(self._suite.encrypt(self._key, nonce, plain, self._aad) for nonce, plain in batch)


class SealedReader(Seekable):
    """The plain bytes, seekable: a read opens only the chunks it touches. Raises `FileBroken`."""

    def __init__(self, source: BinaryIO, key: bytes, context: str, *, size: int) -> None:
        """`size` is that of the plain file, from its row: a file of another length is refused at once."""
        super().__init__(size)
        self._source, self._key, self._context = source, key, context
        header = source.read(HEADER_BYTES)
        if len(header) != HEADER_BYTES or header[:4] != MAGIC or header[4:5] not in NAMES:
            raise self._broken("its header is not one of ours")
        self._suite = suite_of(NAMES[header[4:5]])
        self._prefix, self._aad = header[5:], header + context.encode()
        self._last = last_chunk(size)
        if source.seek(0, os.SEEK_END) != sealed_size(size):
            raise self._broken("its length is not what was written")
        self._open: tuple[int, bytes] = (-1, b"")

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        if self._at >= self._size and self._size:
            return 0
        number, start = divmod(self._at, CHUNK)
        part = self._chunk(number)[start : start + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        if self._open[0] != number:
            self._source.seek(HEADER_BYTES + number * SEALED_CHUNK)
            sealed = self._source.read(SEALED_CHUNK)
            nonce = _nonce(self._prefix, number, is_last=number == self._last)
            try:
                self._open = (number, self._suite.decrypt(self._key, nonce, sealed, self._aad))
            except SealBroken as error:
                raise self._broken(f"chunk {number} was changed or moved") from error
        return self._open[1]

    def _broken(self, reason: str) -> FileBroken:
        return FileBroken(f"{self._context}: {reason}. Cure: restore this file from the backup")


def chunks_of(stream: BinaryIO, size: int = CHUNK) -> Iterator[bytes]:
    """The rest of `stream` in pieces of at most `size` bytes."""
    while piece := stream.read(size):
        yield piece


def last_chunk(size: int) -> int:
    """The number of the last chunk of a plain file of `size` bytes; an empty file has one, too."""
    return max(0, (size - 1) // CHUNK)


def sealed_size(size: int) -> int:
    """Bytes on disk of a plain file of `size` bytes."""
    return HEADER_BYTES + size + (last_chunk(size) + 1) * TAG


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([is_last])
