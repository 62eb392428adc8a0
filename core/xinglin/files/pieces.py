"""The pieces of an upload, read as one file."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import BinaryIO

from xinglin.files.seekable import Seekable
from xinglin.files.vault import Lock, Vault


class Pieces(Seekable):
    """Plain bytes, seekable; one piece is open at a time."""

    def __init__(self, vault: Vault, lock: Lock, pieces: Sequence[tuple[str, int]]) -> None:
        super().__init__(sum(size for _name, size in pieces))
        self._vault, self._lock, self._pieces = vault, lock, pieces
        self._starts = [0, *accumulate(size for _name, size in pieces)]
        self._number = -1
        self._open: BinaryIO | None = None

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        if self._at >= self._size:
            return 0
        number = bisect.bisect_right(self._starts, self._at) - 1
        stream = self._piece(number)
        stream.seek(self._at - self._starts[number])
        part = stream.read(min(len(view), self._starts[number + 1] - self._at))
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None
        super().close()

    def _piece(self, number: int) -> BinaryIO:
        if self._number != number or self._open is None:
            if self._open is not None:
                self._open.close()
            name, size = self._pieces[number]
            self._open, self._number = self._vault.open(name, self._lock, size), number
        return self._open
