"""The mark on a page: everywhere, of this reader, in Chinese, and the page stays readable below."""

from __future__ import annotations

import stat
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw

from xinglin.files import watermark
from xinglin.files.watermark import Font, NoFont, find_font, stamped

TEXT = "单玉梅 10011 2026-11-23 09:41"


def page(width: int = 1132, height: int = 1600, ground: str = "white") -> BytesIO:
    out = BytesIO()
    Image.new("RGB", (width, height), ground).save(out, "JPEG", quality=95)
    out.seek(0)
    return out


def marked(text: str = TEXT, **of_page: object) -> Image.Image:
    return Image.open(BytesIO(stamped(page(**of_page), text, find_font(None)))).convert("L")  # type: ignore[arg-type]


@pytest.mark.parametrize("ground", ["white", "black", "gray"])
@pytest.mark.parametrize("size", [(1132, 1600), (1600, 900), (400, 300)])
def test_no_part_of_a_page_worth_cutting_out_is_free_of_it(size: tuple[int, int], ground: str) -> None:
    width, height = size
    shown = marked(width=width, height=height, ground=ground)
    columns, rows = 2, 3
    for column in range(columns):
        for row in range(rows):
            box = (
                column * width // columns,
                row * height // rows,
                (column + 1) * width // columns,
                (row + 1) * height // rows,
            )
            darkest, lightest = shown.crop(box).getextrema()
            assert lightest - darkest > 25, box


def test_two_readers_and_two_moments_differ_and_rare_names_are_drawn() -> None:
    texts = (
        TEXT,
        TEXT.replace("单玉梅", "王丽"),
        TEXT.replace("09:41", "09:42"),
        TEXT.replace("梅", "𠮷"),
        TEXT.replace("梅", "䶮"),
    )
    shown = [marked(text) for text in texts]
    for number, one in enumerate(shown):
        for other in shown[number + 1 :]:
            assert ImageChops.difference(one, other).getbbox() is not None


def test_what_stands_below_stays_dark_on_light() -> None:
    picture = Image.new("L", (1132, 1600), "white")
    ImageDraw.Draw(picture).rectangle((100, 100, 1000, 1500), fill="black")
    out = BytesIO()
    picture.save(out, "JPEG")
    out.seek(0)
    shown = Image.open(BytesIO(stamped(out, TEXT, find_font(None)))).convert("L")
    assert shown.crop((100, 100, 1000, 1500)).getextrema()[1] < 110
    assert shown.crop((0, 0, 1132, 90)).getextrema()[0] > 140


def test_a_font_of_the_settings_is_taken() -> None:
    of_system = find_font(None)
    assert find_font(of_system.path) == Font(of_system.path)


def test_a_system_without_a_chinese_font_shows_no_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering = tmp_path / "fc-match"
    answering.write_text("#!/bin/sh\nprintf 'en|de\\n0\\n/bin/sh'\n")
    answering.chmod(answering.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}")
    for _program in ("that knows no Chinese", "that is not there"):
        watermark._font_of_the_system.cache_clear()
        with pytest.raises(NoFont):
            find_font(None)
        answering.unlink(missing_ok=True)
    watermark._font_of_the_system.cache_clear()
