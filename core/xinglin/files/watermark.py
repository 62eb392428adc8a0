"""The reader's name, number and time across a page, drawn for him alone and kept nowhere."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageDraw, ImageFont

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError

_ = translator("core")
ANGLE = 28
LETTERS_ACROSS = 34
"""The size of the letters, as a part of the page's width."""
STRENGTH = 58
"""Of 255: read with ease on a photo of the screen, and what stands below is, too."""
DARK, LIGHT = (60, 60, 60), (235, 235, 235)
QUALITY = 80


class NoFont(DomainError):
    """There is no font that could draw the reader's name: the page is not shown without it."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            _("Pages cannot be shown: the portal has no font for the watermark."),
            _("Tell the IT department to install fonts-noto-cjk, or to set preview_font."),
        )


@dataclass(frozen=True)
class Font:
    """A font file; `index` chooses one of a collection."""

    path: Path
    index: int = 0

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(str(self.path), size, index=self.index)


def stamped(page: BinaryIO, text: str, font: Font) -> bytes:
    """The picture `page` as JPEG with `text` all over it."""
    with Image.open(page, formats=("JPEG",)) as opened:
        picture = opened.convert("RGB")
    mark = _mark(text, font, max(14, picture.width // LETTERS_ACROSS))
    for row, top in enumerate(range(-mark.height // 4, picture.height, mark.height)):
        start = -(mark.width // 2) * (row % 2) - mark.width // 4
        for left in range(start, picture.width, mark.width):
            picture.paste(mark, (left, top), mark)
    out = BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def find_font(chosen: Path | None) -> Font:
    """The font of the settings, or what fontconfig has for Chinese; raises `NoFont`."""
    return Font(chosen) if chosen is not None else _font_of_the_system()


@lru_cache(maxsize=64)
def _mark(text: str, font: Font, size: int) -> Image.Image:
    """The text once, slanted, with room around it; light letters on a dark rim are seen on any ground."""
    face = font.at(size)
    left, top, right, bottom = face.getbbox(text, stroke_width=1)
    room = size * 3
    flat = Image.new("RGBA", (int(right - left) + room, int(bottom - top) + room), (0, 0, 0, 0))
    ImageDraw.Draw(flat).text(
        (room // 2 - left, room // 2 - top),
        text,
        font=face,
        fill=(*DARK, STRENGTH),
        stroke_width=1,
        stroke_fill=(*LIGHT, STRENGTH // 2),
    )
    return flat.rotate(ANGLE, expand=True, resample=Image.Resampling.BICUBIC)


@lru_cache(maxsize=1)
def _font_of_the_system() -> Font:
    program = shutil.which("fc-match")
    if program is None:
        raise NoFont
    asked = [program, "-f", "%{lang}\n%{index}\n%{file}", "sans:lang=zh-cn"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=20).stdout
    languages, _newline, rest = answer.partition("\n")
    index, _newline, path = rest.partition("\n")
    # fc-match always names some font; one without Chinese would draw the name as empty boxes.
    if "zh-cn" not in languages.split("|") or not Path(path).is_file():
        raise NoFont
    return Font(Path(path), int(index or 0))
