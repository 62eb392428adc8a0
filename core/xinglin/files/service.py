"""Storing pictures: true type by content, bounded size and pixels, re-encoded so that nothing hidden survives."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
import unicodedata
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin.files.models import StoredFile
from xinglin.types import Clock

_ = translator("core")

MAX_PICTURE_BYTES = 20 * 1024 * 1024
MAX_PICTURE_PIXELS = 40_000_000
FULL_EDGE, THUMB_EDGE = 1600, 240
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MEDIA_TYPE = "image/jpeg"
ORIENTATION = 0x0112
TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class FileRefused(DomainError):
    """The upload is not acceptable; the sentence says why and what to do instead."""

    status = 422


class FileStore:
    """A folder of files under random names. Bytes are written before the row and removed after it."""

    def __init__(self, folder: Path, session: Session, clock: Clock) -> None:
        self._folder = folder
        self._session = session
        self._clock = clock

    def save_picture(self, name: str, stream: BinaryIO, *, plugin: str, uploaded_by: str) -> StoredFile:
        """Store a picture from `stream`; raises `FileRefused`. Two sizes are kept, both JPEG without metadata."""
        raw = stream.read(MAX_PICTURE_BYTES + 1)
        if len(raw) > MAX_PICTURE_BYTES:
            raise FileRefused(
                _("The picture is larger than 20 MB."),
                _("Choose a smaller one, or take the photo at a lower size."),
            )
        picture = _decode(raw)
        key = secrets.token_hex(16)
        picture.thumbnail((FULL_EDGE, FULL_EDGE))
        full = _encode(picture)
        width, height = picture.size
        self._write(key, "full", full)
        picture.thumbnail((THUMB_EDGE, THUMB_EDGE))
        self._write(key, "thumb", _encode(picture))
        stored = StoredFile(
            plugin=plugin,
            name=_clean_name(name),
            media_type=MEDIA_TYPE,
            size=len(full),
            sha256=hashlib.sha256(full).hexdigest(),
            width=width,
            height=height,
            storage_key=key,
            uploaded_by=uploaded_by,
            created_at=self._now(),
        )
        self._session.add(stored)
        self._session.flush()
        return stored

    def open(self, stored: StoredFile, variant: str = "full") -> BinaryIO:
        """The bytes of `full` or `thumb`."""
        return self._path(stored.storage_key, variant).open("rb")

    def path(self, stored: StoredFile, variant: str = "full") -> Path:
        """Where the bytes lie, for a response that streams them."""
        return self._path(stored.storage_key, variant)

    def discard(self, stored: StoredFile) -> None:
        """Remove row and bytes; the bytes go only after the row's transaction has committed."""
        paths = [self._path(stored.storage_key, variant) for variant in ("full", "thumb")]
        self._session.delete(stored)
        state = inspect(stored)

        def remove(session: Session) -> None:
            # The release of a savepoint is no commit, and a rolled back savepoint brings the row back.
            if not session.in_nested_transaction() and state.was_deleted:
                for path in paths:
                    path.unlink(missing_ok=True)

        event.listen(self._session, "after_commit", remove)

    def _now(self) -> datetime:
        return self._clock.now()

    def _path(self, key: str, variant: str) -> Path:
        return self._folder / key[:2] / f"{key}.{variant}"

    def _write(self, key: str, variant: str, content: bytes) -> None:
        path = self._path(key, variant)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def _decode(raw: bytes) -> Image.Image:
    cure = _("Choose a JPEG, PNG, WebP or GIF picture.")
    try:
        return _flatten(_upright(_load(raw)))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        message = _("The picture has more than 40 million pixels.")
        raise FileRefused(message, _("Choose a smaller one.")) from error
    except UnidentifiedImageError as error:
        raise FileRefused(_("This file is not a picture, whatever its name says."), cure) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise FileRefused(_("The picture is damaged and cannot be read."), cure) from error


def _load(raw: bytes) -> Image.Image:
    """The pixels; how many there are is known from the header, before any is decoded."""
    picture = Image.open(BytesIO(raw), formats=FORMATS)
    if picture.width * picture.height > MAX_PICTURE_PIXELS:
        raise Image.DecompressionBombError(picture.size)
    picture.draft("RGB", (FULL_EDGE, FULL_EDGE))
    picture.load()
    return picture


def _upright(picture: Image.Image) -> Image.Image:
    """Turned as the camera says; `ImageOps.exif_transpose` fails on odd metadata that we drop anyway."""
    turn = TURNS.get(picture.getexif().get(ORIENTATION))
    return picture if turn is None else picture.transpose(turn)


def _flatten(picture: Image.Image) -> Image.Image:
    """RGB on white (JPEG knows no transparency), without the remarks that Pillow would write into the new file."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        ground = Image.new("RGBA", layered.size, "white")
        picture = Image.alpha_composite(ground, layered)
    plain = picture.convert("RGB")
    plain.info.clear()
    return plain


def _encode(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return out.getvalue()


def _clean_name(name: str) -> str:
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C")
    return kept.strip()[:255] or "picture"
