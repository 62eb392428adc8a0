"""Pictures, re-encoded so that nothing hidden survives; how many pixels one has is known before any is decoded."""

from __future__ import annotations

from io import BytesIO
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from xinglin.api.i18n import translator
from xinglin.files.errors import FileRefused

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


def read_picture(stream: BinaryIO) -> Image.Image:
    """The picture of an upload, upright, RGB; raises `FileRefused`."""
    raw = stream.read(MAX_PICTURE_BYTES + 1)
    if len(raw) > MAX_PICTURE_BYTES:
        raise FileRefused(
            _("The picture is larger than 20 MB."),
            _("Choose a smaller one, or take the photo at a lower size."),
        )
    return _decode(raw)


def check_pixels(stream: BinaryIO) -> None:
    """Refuse a picture that is none, or has more pixels than a phone can show, by its header alone."""
    cure = _("Choose a JPEG, PNG, WebP or GIF picture.")
    try:
        width, height = Image.open(stream, formats=FORMATS).size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except (OSError, SyntaxError, ValueError) as error:
        raise FileRefused(_("The picture is damaged and cannot be read."), cure) from error
    if width * height > MAX_PICTURE_PIXELS:
        raise _too_many_pixels()


def encode(picture: Image.Image) -> bytes:
    """The picture as JPEG, without metadata."""
    out = BytesIO()
    picture.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return out.getvalue()


def _decode(raw: bytes) -> Image.Image:
    cure = _("Choose a JPEG, PNG, WebP or GIF picture.")
    try:
        return _flatten(_upright(_load(raw)))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise FileRefused(_("This file is not a picture, whatever its name says."), cure) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise FileRefused(_("The picture is damaged and cannot be read."), cure) from error


def _too_many_pixels() -> FileRefused:
    return FileRefused(_("The picture has more than 40 million pixels."), _("Choose a smaller one."))


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
