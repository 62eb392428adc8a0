"""Uploaded media: sizes, types and the three-day life."""

from __future__ import annotations

from dataclasses import dataclass

from xinglin_simulators.clock import Clock, Ids

from .errors import ApiError

LIFETIME = 3 * 86400
MIN_BYTES = 5
MAX_BYTES = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "file": 20 << 20}
_MAGIC = {
    "image": (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"),
    "voice": (b"#!AMR",),
}


@dataclass(frozen=True)
class Media:
    """One uploaded file; ``created_at`` in simulated seconds since the epoch."""

    media_id: str
    kind: str
    filename: str
    content_type: str
    content: bytes
    created_at: float


class MediaStore:
    """Keeps uploads in memory."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock, self._ids = clock, ids
        self._items: dict[str, Media] = {}

    def add(self, kind: str, filename: str, content_type: str, content: bytes) -> Media:
        """Store an upload. Raises 40004, 44001, 40006, 45001, 40005."""
        if kind not in MAX_BYTES:
            raise ApiError(40004)
        if not content:
            raise ApiError(44001)
        if len(content) <= MIN_BYTES:
            raise ApiError(40006)
        if len(content) > MAX_BYTES[kind]:
            raise ApiError(45001)
        if kind in _MAGIC and not content.startswith(_MAGIC[kind]):
            raise ApiError(40005)
        media = Media(self._ids.next("media", 64), kind, filename, content_type, content, self._clock.now())
        self._items[media.media_id] = media
        return media

    def get(self, media_id: str) -> Media:
        """A live upload. Raises 40007."""
        media = self._items.get(media_id)
        if media is None or media.created_at + LIFETIME <= self._clock.now():
            raise ApiError(40007)
        return media
