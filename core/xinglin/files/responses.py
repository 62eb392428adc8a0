"""Giving a file out: in chunks, in ranges, under a name that no header and no browser trips over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from pyramid.request import Request
from pyramid.response import Response

from xinglin.files.models import StoredFile
from xinglin.files.names import attachment_header
from xinglin.files.pictures import MEDIA_TYPE
from xinglin.files.stream import CHUNK

SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


class FileBody:
    """The body of a response; WebOb asks it for a range, and only the chunks of that range are opened."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return self.app_iter_range(0, None)

    def app_iter_range(self, start: int, stop: int | None) -> Iterator[bytes]:
        """The bytes from `start` to before `stop`."""
        self._stream.seek(start)
        left = stop - start if stop is not None else None
        while left is None or left > 0:
            piece = self._stream.read(CHUNK if left is None else min(CHUNK, left))
            if not piece:
                return
            left = None if left is None else left - len(piece)
            yield piece

    def close(self) -> None:
        self._stream.close()


def file_response(request: Request, stored: StoredFile, variant: str = "full") -> Response:
    """The file as a download, or a picture of ours in place; the view has decided that this person may have it.

    Answers HTTP ranges (206, 416). Raises `FileHeld` while the file is being checked and when it was withheld.
    """
    stream = request.files.open(stored, variant)
    response = Response(app_iter=FileBody(stream), content_type=stored.media_type, charset=None)
    response.content_length = stored.size if variant == "full" else stored.thumb_size
    response.accept_ranges = "bytes"
    response.etag = f"{stored.public_id}-{variant}"
    response.conditional_response = True
    is_our_picture = stored.width is not None and stored.media_type == MEDIA_TYPE
    if not is_our_picture:
        response.headers["Content-Disposition"] = attachment_header(stored.name)
    response.headers["Content-Security-Policy"] = SANDBOX
    return response
