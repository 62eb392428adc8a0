"""A plain file, seekable, over something that is not: the position is kept here, the bytes come from the subclass."""

from __future__ import annotations

import io
import os


class Seekable(io.RawIOBase):
    """`size`: bytes of the whole. A subclass gives `readinto`, which reads at `_at` and moves it on."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at
