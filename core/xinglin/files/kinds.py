"""What may be uploaded: the extension must be on the list and the content must be what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from xinglin.api.i18n import translator
from xinglin.files.archives import check_archive
from xinglin.files.errors import FileRefused
from xinglin.files.names import extension_of
from xinglin.files.ole import OLE, check_ole, check_ole_end
from xinglin.files.pictures import check_pixels
from xinglin.files.refusals import hidden, not_what_it_says
from xinglin.files.signatures import (
    PAGES,
    check_behind,
    check_foreign,
    check_packed,
    end_of_jpeg,
    end_of_png,
    ends_as_archive,
    head_and_tail,
)
from xinglin.files.texts import check_text

_ = translator("core")

ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
BEGINNING = 1024


@dataclass(frozen=True)
class Kind:
    """One sort of file: how its content begins, at which byte, and what else is checked."""

    media_type: str
    begins: tuple[bytes, ...]
    at: int = 0
    check: Callable[[BinaryIO, str], None] | None = None


def _film(stream: BinaryIO, _extension: str) -> None:
    check_foreign(stream)


def _sound(stream: BinaryIO, _extension: str) -> None:
    check_foreign(stream)
    check_packed(stream)


def _picture(stream: BinaryIO, extension: str) -> None:
    _sound(stream, extension)
    if extension == "png":
        check_behind(stream, end_of_png(stream))
    elif extension in ("jpg", "jpeg"):
        check_behind(stream, end_of_jpeg(stream))
    stream.seek(0)
    check_pixels(stream)


def _pdf(stream: BinaryIO, _extension: str) -> None:
    head, tail = head_and_tail(stream)
    beginning = head[:BEGINNING].lower()
    if ends_as_archive(tail) or any(mark in beginning for mark in PAGES):
        raise hidden()
    check_packed(stream)


def _ole(stream: BinaryIO, _extension: str) -> None:
    stream.seek(0)
    check_ole(stream)
    check_ole_end(stream)


def _office(media_type: str) -> Kind:
    return Kind(f"application/vnd.openxmlformats-officedocument.{media_type}", (ZIP,), check=check_archive)


def _old_office(media_type: str) -> Kind:
    return Kind(media_type, (OLE,), check=_ole)


JPEG = Kind("image/jpeg", (b"\xff\xd8\xff",), check=_picture)
MP4 = Kind("video/mp4", (b"ftyp",), at=4, check=_film)
WPS = "application/vnd.ms-works"
KINDS: dict[str, Kind] = {
    "jpg": JPEG,
    "jpeg": JPEG,
    "png": Kind("image/png", (b"\x89PNG\r\n\x1a\n",), check=_picture),
    "gif": Kind("image/gif", (b"GIF87a", b"GIF89a"), check=_picture),
    "webp": Kind("image/webp", (b"WEBP",), at=8, check=_picture),
    "pdf": Kind("application/pdf", (b"%PDF-",), check=_pdf),
    "docx": _office("wordprocessingml.document"),
    "xlsx": _office("spreadsheetml.sheet"),
    "pptx": _office("presentationml.presentation"),
    "ofd": Kind("application/ofd", (ZIP,), check=check_archive),
    "doc": _old_office("application/msword"),
    "xls": _old_office("application/vnd.ms-excel"),
    "ppt": _old_office("application/vnd.ms-powerpoint"),
    "wps": _old_office(WPS),
    "et": _old_office(WPS),
    "dps": _old_office(WPS),
    "zip": Kind("application/zip", (ZIP, EMPTY_ZIP), check=check_archive),
    "txt": Kind("text/plain", (b"",), check=check_text),
    "csv": Kind("text/csv", (b"",), check=check_text),
    "mp4": MP4,
    "m4a": Kind("audio/mp4", (b"ftyp",), at=4, check=_film),
    "mov": Kind("video/quicktime", (b"ftyp",), at=4, check=_film),
    "mp3": Kind("audio/mpeg", (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), check=_sound),
    "wav": Kind("audio/wav", (b"WAVE",), at=8, check=_sound),
}


def kind_of(name: str) -> Kind:
    """The kind that the name claims; raises `FileRefused` for an extension that is not on the list."""
    found = KINDS.get(extension_of(name))
    if found is None:
        raise FileRefused(
            _("Files of this kind may not be uploaded: ${name}", mapping={"name": name[-60:]}),
            _("Allowed are Office and PDF documents, pictures, text, sound, films and zip archives."),
        )
    return found


def check_content(name: str, stream: BinaryIO) -> str:
    """The media type of a file whose content is what its name says; raises `FileRefused`. Moves the stream."""
    kind, extension = kind_of(name), extension_of(name)
    stream.seek(kind.at)
    head = stream.read(16)
    if not any(head.startswith(mark) for mark in kind.begins):
        raise not_what_it_says(extension)
    if kind.check is not None:
        kind.check(stream, extension)
    return kind.media_type
