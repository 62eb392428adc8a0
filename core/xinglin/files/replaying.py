"""A packed member of an archive, read as a file of its own: at any place, without a copy on the disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

from xinglin.files.directories import END_SIZE, MOST_DIRECTORY
from xinglin.files.seekable import Seekable

KEPT = MOST_DIRECTORY + END_SIZE
"""The directory of a zip file lies within its last bytes, and is read first."""
PIECE = 256 * 1024


class Replayed(Seekable):
    """Keeps the last 4 MiB in memory; what lies before is unpacked anew when it is read backwards."""

    def __init__(self, opening: Callable[[], IO[bytes]], size: int) -> None:
        super().__init__(size)
        self._kept = b""
        with opening() as stream:
            while piece := stream.read(PIECE):
                self._kept = (
                    (self._kept + piece)[-KEPT:]
                    if len(self._kept) + len(piece) > 2 * KEPT
                    else self._kept + piece
                )
        self._kept = self._kept[-KEPT:]
        self._stream = opening()

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        part = self._part(len(view))
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()

    def _part(self, most: int) -> bytes:
        kept_from = self._size - len(self._kept)
        if self._at >= kept_from:
            return self._kept[self._at - kept_from :][:most]
        self._stream.seek(self._at)
        return self._stream.read(min(most, kept_from - self._at))
