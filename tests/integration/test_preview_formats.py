"""Every format that hospitals send, drawn by the real LibreOffice and Poppler; and files that mean harm."""

from __future__ import annotations

import os
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from tests.integration.documents import converted, docx, endless, pdf, presentation

from xinglin.files.converting import PREFIX, Converter, Pages, forget_left_behind, scratch_folder
from xinglin.files.kinds import check_content
from xinglin.files.sandbox import Failed, Limits, Sandbox, TooMuch, TooSlow

TEXTS = ("门诊排班表", "第二页内容")
CSV = "科室,值班\n儿科,李护士\n".encode()
MADE = {
    "docx": (docx(TEXTS), "docx"),
    "doc": (docx(TEXTS), "docx"),
    "xls": (CSV, "csv"),
    "xlsx": (CSV, "csv"),
    "ppt": (presentation(TEXTS), "fodp"),
    "pptx": (presentation(TEXTS), "fodp"),
    "pdf": (docx(TEXTS), "docx"),
}


def converter(seconds: float = 120, most_pages: int = 10, **limits: int) -> Converter:
    return Converter(Limits(seconds, limits.pop("memory_mb", 2048), **limits), most_pages)


def drawn(name: str, content: bytes, given: Converter | None = None) -> tuple[list[Image.Image], bool]:
    """The pictures of the pages, and whether there are more."""
    with (given or converter()).pages(name, iter([content])) as pages:
        return [_picture(pages, number) for number in range(len(pages.shown))], pages.has_more


def _picture(pages: Pages, number: int) -> Image.Image:
    page = pages.shown[number]
    with Image.open(page.path) as opened:
        picture = opened.convert("L")
    assert picture.size == (page.width, page.height)
    return picture


def has_ink(picture: Image.Image) -> bool:
    darkest, lightest = picture.getextrema()
    return darkest < 100 and lightest > 200


@pytest.mark.parametrize("kind", MADE)
def test_a_format_is_drawn_page_by_page(kind: str, tmp_path: Path) -> None:
    content, source = MADE[kind]
    document = content if kind == source else converted(tmp_path, content, source, kind)
    assert check_content(f"排班.{kind}", BytesIO(document))  # the store takes it
    pages, has_more = drawn(f"排班.{kind}", document)
    assert (len(pages), has_more) == (1 if source == "csv" else 2, False)
    assert all(map(has_ink, pages))


def test_documents_of_wps_are_those_of_old_office_under_another_name(tmp_path: Path) -> None:
    for kind, (content, source), old in (("wps", MADE["doc"], "doc"), ("et", MADE["xls"], "xls")):
        document = converted(tmp_path, content, source, old)
        assert check_content(f"排班.{kind}", BytesIO(document))
        assert all(map(has_ink, drawn(f"排班.{kind}", document)[0]))


def test_chinese_letters_are_letters_and_no_boxes() -> None:
    first, second = (drawn("x.docx", docx([text]))[0][0] for text in ("门诊", "急诊"))
    assert ImageChops.difference(first, second).getbbox() is not None


def test_only_the_first_pages_of_a_long_document_are_drawn() -> None:
    for name, content in (("长.pdf", pdf(4000)), ("长.docx", docx(map(str, range(60))))):
        pages, has_more = drawn(name, content, converter(most_pages=3))
        assert (len(pages), has_more) == (3, True)
    pages, has_more = drawn("三页.pdf", pdf(3), converter(most_pages=3))
    assert (len(pages), has_more) == (3, False)


def test_a_page_of_a_kilometre_is_a_picture_of_the_common_size() -> None:
    pages, _more = drawn("长卷.pdf", pdf(1, (200, 2_000_000)))
    assert max(pages[0].size) <= 1600


def test_a_photo_is_upright_and_small(tmp_path: Path) -> None:
    photo = Image.new("RGB", (3000, 1000), "navy")
    turned = Image.Exif()
    turned[0x0112] = 6  # a quarter turn (CIPA DC-008, tag 274)
    photo.save(tmp_path / "photo.jpg", exif=turned)
    pages, _more = drawn("片子.jpg", (tmp_path / "photo.jpg").read_bytes())
    assert pages[0].size == (533, 1600)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("x.pdf", b"%PDF-1.4"),
        ("x.docx", b"PK\3\4"),
        ("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("x.png", b"\x89PNG\r\n\x1a\n"),
    ],
)
def test_what_is_damaged_fails_and_the_next_file_does_not(name: str, head: bytes) -> None:
    with pytest.raises(Failed):
        drawn(name, head + b"\0" * 5000)
    assert len(drawn("x.pdf", pdf(2))[0]) == 2


def test_a_document_that_takes_for_ever_is_given_up_and_the_next_is_drawn() -> None:
    with pytest.raises(TooSlow):
        drawn("endless.docx", endless(), converter(seconds=2))
    assert len(drawn("x.pdf", pdf(1))[0]) == 1
    assert list(scratch_folder().glob(f"{PREFIX}{os.getpid()}-*")) == []  # nothing lies about


def test_a_second_worker_leaves_the_pages_of_the_first_alone() -> None:
    with converter().pages("x.pdf", iter([pdf(1)])) as pages:
        forget_left_behind()
        assert _picture(pages, 0).size


def test_a_document_that_needs_too_much_memory_fails() -> None:
    with pytest.raises(Failed):
        drawn("x.docx", docx(["x"]), converter(memory_mb=64))


def test_a_document_that_becomes_too_large_is_given_up() -> None:
    with pytest.raises(TooMuch):
        drawn("x.pdf", pdf(4000), converter(most_pages=4000, most_written=1024 * 1024))


def left_by_a_taken_over_converter(folder: Path, what: str) -> None:
    """What it could leave behind in place of a page."""
    page = folder / "page-1.jpg"
    if what == "link":
        (folder / "secret.jpg").write_bytes(b"\xff\xd8\xff")
        page.symlink_to(folder / "secret.jpg")
    elif what == "pipe":
        os.mkfifo(page)
    elif what == "many pixels":
        Image.new("L", (9000, 9000)).save(page)
    elif what == "many bytes":
        page.write_bytes(b"\xff\xd8" + bytes(21 * 1024 * 1024))
    else:
        (folder / "page-x.jpg").write_bytes(b"")


@pytest.mark.parametrize("what", ["link", "pipe", "many pixels", "many bytes", "no number"])
def test_what_a_taken_over_converter_leaves_is_not_taken_for_a_page(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(self: Sandbox, command: object) -> None:
        left_by_a_taken_over_converter(self.folder, what)

    monkeypatch.setattr(Sandbox, "run", run)
    with pytest.raises(Failed, match="page"):
        drawn("x.pdf", b"%PDF-1.4")


def test_folders_of_workers_that_died_are_removed_and_others_stay() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    dead, alive = (scratch_folder() / f"{PREFIX}{pid}-test" for pid in (process.pid, os.getpid()))
    for folder in (dead, alive):
        folder.mkdir()
        (folder / "input.docx").write_bytes(b"plain")
    try:
        assert len(drawn("x.pdf", pdf(1))[0]) == 1
        assert (dead.exists(), alive.exists()) == (False, True)
    finally:
        shutil.rmtree(alive)
