"""What is let in, and what people get to read when something is not."""

from __future__ import annotations

import io
import random
import zipfile

import pytest
from tests.dangerous import (
    ZIP,
    directory_claims,
    document,
    linked,
    locked,
    macro_sheet,
    old_word_with_package,
    overlapping,
    picture,
    pixel_bomb,
    program,
    repacked,
    stored_in_old_word,
    text_bomb,
    with_document_type,
    with_relation,
    with_remark,
    workbook,
    zipped,
)

from xinglin.files.errors import FileRefused
from xinglin.files.kinds import EMPTY_ZIP, OLE, check_content

OFFICE = "application/vnd.openxmlformats-officedocument."
NOISE = random.Random(7).randbytes(1_000_000)
ICON = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink"><style>.a{fill:url(#g)}</style><use x:href="#a"/><image href="data:image/png;base64,AA"/></svg>'
ACTIVE = [
    b"<svg><script>alert(1)</script></svg>",
    b"<svg onload='alert(1)'/>",
    b"<svg><foreignObject/></svg>",
    b"<svg xmlns:x='http://www.w3.org/1999/xlink'><image x:href='http://evil.example/a.png'/></svg>",
    b"<svg><style>@import 'http://evil.example/a.css'</style></svg>",
    b"<svg><style>a{background:url(//evil.example/a)}</style></svg>",
    b"<svg style='fill:url(http://evil.example/a)'/>",
    b"<?xml-stylesheet href='http://evil.example/a.css'?><svg/>",
    b"<!DOCTYPE svg [<!ENTITY a 'a'>]><svg>&a;</svg>",
    b"<svg><a><animate attributeName='href' to='javascript:alert(1)'/></a></svg>",
]
BEHIND = [
    b"7z\xbc\xaf\x27\x1c" + NOISE[:300_000],
    b"Rar!\x1a\x07\x01\0" + NOISE[:300_000],
    NOISE[:1000] + program() + NOISE[:300_000],
    b"MZ" + b"\0" * 300 + b"This program cannot be run in DOS mode" + NOISE[:300_000],
]


def nested(depth: int) -> bytes:
    """A document in a document, and so on."""
    return document() if depth == 0 else document(b"x", ("word/embeddings/a.docx", nested(depth - 1)))


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.jpg", picture("JPEG"), "image/jpeg"),
        ("门诊.PNG", picture("PNG"), "image/png"),
        ("a.gif", picture("GIF"), "image/gif"),
        ("a.webp", picture("WEBP"), "image/webp"),
        ("a.pdf", b"%PDF-1.7\n%%EOF", "application/pdf"),
        ("a.xlsx", workbook(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.docx", document(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.ofd", zipped(("OFD.xml", b"<ofd/>")), "application/ofd"),
        ("a.doc", OLE + b"\0" * 600, "application/msword"),
        ("a.zip", ZIP, "application/zip"),
        ("a.zip", zipped(("员工.xlsx", workbook())), "application/zip"),
        ("a.zip", zipped(), "application/zip"),
        ("a.txt", "通知".encode(), "text/plain"),
        ("a.csv", "姓名,𠮷\r\n".encode("gb18030"), "text/csv"),
        ("a.txt", "通知".encode("utf-16"), "text/plain"),
        ("a.txt", ("知" * 40_000).encode(), "text/plain"),
        ("a.docx", document(b"x", ("word/media/a.svg", ICON)), f"{OFFICE}wordprocessingml.document"),
        ("a.docx", document(b"x", ("word/embeddings/a.xlsx", workbook())), f"{OFFICE}wordprocessingml.document"),
        ("a.docx", document(b"x", ("word/embeddings/o.bin", OLE + b"\0" * 600)), f"{OFFICE}wordprocessingml.document"),
        ("a.docx", with_relation("hyperlink", "https://hospital.example/"), f"{OFFICE}wordprocessingml.document"),
        ("a.docx", with_relation("attachedTemplate", "file:///C:\\Users\\li\\Normal.dotm"), f"{OFFICE}wordprocessingml.document"),
        ("a.docx", with_relation("externalLinkPath", "file:///\\\\server\\表.xlsx"), f"{OFFICE}wordprocessingml.document"),
        ("a.zip", zipped(("信.docx", document(b"x", ("word/embeddings/a.xlsx", workbook())))), "application/zip"),
        ("a.zip", zipped(("图.pptx", zipped(("[Content_Types].xml", b"<Types/>"), ("ppt/presentation.xml", b"<p/>"), ("ppt/media/a.bin", NOISE * 20)))), "application/zip"),
        ("a.doc", old_word_with_package(), "application/msword"),
        ("a.xls", macro_sheet(0), "application/vnd.ms-excel"),
        ("a.jpg", picture("JPEG") + picture("JPEG"), "image/jpeg"),
        ("a.jpg", picture("JPEG") + b"\0\0\0\x18ftypmp42" + NOISE, "image/jpeg"),
        ("a.pdf", b"%PDF-1.7\n%%EOF\r\n\0\0", "application/pdf"),
        ("a.txt", "<!-- 说明 --> 通知".encode(), "text/plain"),
        ("a.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 100, "video/mp4"),
        ("a.wav", b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
    ],
)  # fmt: skip
def test_what_is_true_is_let_in(name: str, content: bytes, media_type: str) -> None:
    assert check_content(name, io.BytesIO(content)) == media_type


@pytest.mark.parametrize(
    ("what", "name", "content", "sentence"),
    [
        ("an extension that is not listed", "a.exe", b"MZ", "may not be uploaded"),
        ("no extension", "README", b"text", "may not be uploaded"),
        ("a double extension", "a.pdf.exe", b"%PDF-1.7", "may not be uploaded"),
        ("SVG, which can carry script", "a.svg", b"<svg onload=x>", "may not be uploaded"),
        ("HTML", "a.html", b"<html>", "may not be uploaded"),
        ("a macro extension", "a.xlsm", workbook(), "may not be uploaded"),
        ("SVG with another name", "a.png", b"<svg onload=alert(1)>", "not .png"),
        ("HTML with another name", "a.txt", b"  <!DOCTYPE html><script>", "not .txt"),
        ("a program with another name", "a.pdf", b"MZ\x90\0", "not .pdf"),
        ("csv that says xlsx", "a.xlsx", b"a,b\n1,2\n", "not .xlsx"),
        ("zip that says docx", "a.docx", ZIP, "not .docx"),
        ("xlsx that says docx", "a.docx", workbook(), "not .docx"),
        ("a program that says csv", "a.csv", b"MZ\0\0\x01", "not .csv"),
        ("bytes in no encoding", "a.txt", b"abc\xff\xff\xffabc", "not .txt"),
        ("a macro in xlsx", "a.xlsx", workbook(("xl/vbaProject.bin", b"x")), "macros"),
        ("an old macro sheet", "a.xlsx", workbook(("xl/macrosheets/sheet1.xml", b"x")), "macros"),
        ("xlsm that says xlsx", "a.docx", document(b"ms-word.document.macroEnabled.main+xml"), "macros"),
        ("a macro in doc", "a.doc", stored_in_old_word("_VBA_PROJECT"), "macros"),
        ("a page behind a JPEG", "a.jpg", picture("JPEG") + b"<HTML><script>x</script>", "two things"),
        ("a page in a GIF's remark", "a.gif", picture("GIF", comment=b"<script>alert(1)</script>"), "two things"),
        ("an archive behind a JPEG", "a.jpg", picture("JPEG") + ZIP, "two things"),
        ("an archive behind a PDF", "a.pdf", b"%PDF-1.7\n%%EOF" + ZIP, "two things"),
        ("a PDF before an archive", "a.zip", b"%PDF-1.7\n%%EOF" + ZIP, "not .zip"),
        ("something after an archive", "a.zip", ZIP + b"<script>x</script>", "two things"),
        ("something between members and directory", "a.zip", ZIP.replace(b"PK\x01\x02", b"xxPK\x01\x02"), "two things"),
        ("half a PNG header", "a.png", b"\x89PNG\r\n\x1a\n", "damaged"),
        ("a bomb by its ratio", "a.zip", zipped(("a.txt", b"\0" * 40_000_000)), "more than is allowed"),
        ("a bomb by its claim", "a.zip", directory_claims(600 * 1024 * 1024), "more than is allowed"),
        ("entries that overlap", "a.zip", overlapping(), "more than is allowed"),
        ("a bomb in xlsx", "a.xlsx", workbook(("xl/media/a.bin", b"\0" * 40_000_000)), "more than is allowed"),
        ("an entity bomb in docx", "a.docx", with_document_type(document(), "word/document.xml"), "document type"),
        ("an entity bomb in xlsx", "a.xlsx", with_document_type(workbook(), "xl/workbook.xml"), "document type"),
        ("an entity bomb behind a long remark", "a.xlsx", with_document_type(workbook(), "xl/workbook.xml", 100_000), "document type"),
        ("an entity bomb in UTF-16", "a.docx", zipped(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", "<!DOCTYPE x [<!ENTITY a 'a'>]><x/>".encode("utf-16"))), "document type"),
        ("a part that is all remark", "a.xlsx", workbook(("xl/a.xml", b"<!--" + random.Random(1).randbytes(700_000).hex().encode())), "damaged"),
        ("a remark in a PNG that unpacks to 64 MB", "a.png", text_bomb(), "damaged"),
        ("an archive in an archive", "a.zip", zipped(("inner.zip", ZIP)), "another archive"),
        ("an archive in an archive under another name", "a.zip", zipped(("a.txt", ZIP)), "another archive"),
        ("a locked archive", "a.zip", locked(), "password"),
        ("a program in an archive", "a.zip", zipped(("发票.pdf.exe", b"MZ")), "发票.pdf.exe"),
        ("a name that leads out", "a.zip", zipped(("../../etc/cron.d/x", b"x")), "leads out"),
        ("an absolute name", "a.zip", zipped(("/etc/passwd", b"x")), "leads out"),
        ("a drive letter", "a.zip", zipped(("C:\\x.txt", b"x")), "leads out"),
        ("what keeps the search busy", "a.mp3", b"ID3" + b"MZ\0\0" * 200_000, "two things"),
        ("a member that says it is empty", "a.zip", directory_claims(0), "damaged"),
        ("a link in an archive", "a.zip", linked(), "link instead of a file: link"),
        ("a program's name with a dot behind it", "a.zip", zipped(("setup.exe.", b"x")), "setup.exe."),
        ("a program's name with a blank behind it", "a.zip", zipped(("setup.exe ", b"x")), "setup.exe"),
        ("a program as a stream of NTFS", "a.zip", zipped(("setup.exe::$DATA", b"x")), "setup.exe::$DATA"),
        ("a program under another name in an archive", "a.zip", zipped(("a.txt", program())), "program or a document with macros: a.txt"),
        ("a packed file under another name", "a.zip", zipped(("a.dat", b"\x1f\x8b\x08\0" + b"x" * 90)), "another archive"),
        ("LZMA", "a.zip", zipped(("a.txt", b"hello" * 90), method=zipfile.ZIP_LZMA), "a.txt is packed with LZMA"),
        ("BZIP2", "a.docx", zipped(("word/document.xml", b"<w/>"), method=zipfile.ZIP_BZIP2), "packed with BZIP2"),
        ("a document without its list of types", "a.docx", zipped(("word/document.xml", b"<w/>")), "not .docx"),
        ("a list of types in UTF-16", "a.docx", repacked(document(b"a.macroEnabled.main+xml"), "[Content_Types].xml", lambda body: body.decode().encode("utf-16")), "macros"),
        ("a macro in a docx in an archive", "a.zip", zipped(("合同.docx", document(b"x", ("word/vbaProject.bin", b"x")))), "macros"),
        ("a macro in a doc in an archive", "a.zip", zipped(("合同.doc", stored_in_old_word("_VBA_PROJECT"))), "macros"),
        ("a macro in a doc under another name", "a.zip", zipped(("合同.dat", stored_in_old_word("_VBA_PROJECT"))), "macros"),
        ("a macro in an object", "a.docx", document(b"x", ("word/embeddings/o.bin", stored_in_old_word("_VBA_PROJECT"))), "macros"),
        ("a macro in a workbook in a document", "a.docx", document(b"x", ("word/embeddings/b.xlsx", workbook(("xl/vbaProject.bin", b"x")))), "macros"),
        ("the same in an archive", "a.zip", zipped(("a.docx", document(b"x", ("word/embeddings/b.xlsx", workbook(("xl/vbaProject.bin", b"x")))))), "macros"),
        ("a macro in a large pptx in an archive", "a.zip", zipped(("a.pptx", zipped(("a.bin", NOISE * 20), ("ppt/vbaProject.bin", b"x"), ("ppt/presentation.xml", b"<p/>")))), "macros"),
        ("a bomb in a docx in an archive", "a.zip", zipped(("a.docx", document(b"x", ("x.bin", b"\0" * 40_000_000)))), "more than is allowed"),
        ("many small bombs", "a.zip", zipped(*((f"{number}.docx", document(b"x", ("x.bin", NOISE[:250_000] + b"\0" * 45_000_000))) for number in range(12))), "more than is allowed"),
        ("an entity bomb in a docx in an archive", "a.zip", zipped(("a.docx", with_document_type(document(), "word/document.xml"))), "document type"),
        ("an entity bomb in a part of another name", "a.docx", document(b"x", ("word/document.dat", b"\xef\xbb\xbf<!DOCTYPE x [<!ENTITY a 'a'>]><x/>")), "document type"),
        ("the same in UTF-16", "a.docx", document(b"x", ("word/document.dat", "<!DOCTYPE x [<!ENTITY a 'a'>]><x/>".encode("utf-16"))), "document type"),
        ("an old sheet of macros", "a.xls", macro_sheet(), "macros"),
        ("an old sheet of macros in an archive", "a.zip", zipped(("a.xls", macro_sheet())), "macros"),
        ("a program packed into an object", "a.docx", document(b"x", ("word/embeddings/o.bin", OLE + b"!This program cannot be run in DOS mode")), "program packed into"),
        ("documents in documents in documents", "a.docx", nested(4), "cannot be checked"),
        ("a template of a server", "a.docx", with_relation("attachedTemplate", "http://evil.example/x.dotm"), "http://evil.example/x.dotm"),
        ("a template of a share", "a.docx", with_relation("attachedTemplate", "file://evil.example/x.dotm"), "elsewhere"),
        ("a template of a share by its path", "a.docx", with_relation("attachedTemplate", "%5C%5Cevil.example\\x.dotm"), "elsewhere"),
        ("an object of a server", "a.docx", with_relation("oleObject", "mhtml:http://evil.example/x!x"), "elsewhere"),
        ("a frame of a server", "a.docx", with_relation("frame", "//evil.example/x"), "elsewhere"),
        ("macros by their relation", "a.docx", with_relation("vbaProject", "a.bin", "Internal"), "macros"),
        *(("a drawing that acts", "a.docx", document(b"x", ("word/media/a.svg", content)), "word/media/a.svg") for content in ACTIVE),
        ("a drawing beside the media", "a.docx", document(b"x", ("word/a.svg", ICON)), "word/a.svg"),
        ("an archive with a long remark behind a JPEG", "a.jpg", picture("JPEG") + b"\0" * 70_000 + with_remark(65_535), "two things"),
        ("an archive with a long remark behind a PDF", "a.pdf", b"%PDF-1.7\n%%EOF" + with_remark(65_535), "two things"),
        ("an archive with a long remark behind a sound", "a.mp3", b"ID3" + b"\0" * 70_000 + with_remark(65_535), "two things"),
        ("an archive behind an old document", "a.doc", OLE + b"\0" * 1500 + ZIP, "two things"),
        ("an archive behind the last sector", "a.doc", old_word_with_package(ZIP), "two things"),
        ("an archive behind a text", "a.txt", b"hello\n" * 12_000 + EMPTY_ZIP, "two things"),
        ("NUL late in a text", "a.txt", b"hello\n" * 12_000 + b"\0", "not .txt"),
        ("no encoding late in a text", "a.txt", b"hello\n" * 60_000 + b"\xff\xff\xff", "not .txt"),
        ("SVG behind a remark", "a.txt", b"\xef\xbb\xbf  <!-- x --> <!-- y -->\n<svg onload=alert(1)>", "not .txt"),
        ("a page behind an endless remark", "a.txt", b"<!--" + b"x" * 70_000 + b"--><html>", "not .txt"),
        ("a page at the beginning of a PDF", "a.pdf", b"%PDF-1.4\n<html><script>x</script>" + b"\n%%EOF", "two things"),
        *(("something behind a picture", f"a.{kind}", picture(kind) + what, "two things") for kind in ("jpeg", "png", "gif", "webp") for what in BEHIND),
        *(("something behind a PDF", "a.pdf", b"%PDF-1.7\n%%EOF\n" + what, "two things") for what in BEHIND),
        *(("something behind a sound", "a.mp3", b"ID3" + b"\1" * 500 + what, "two things") for what in BEHIND),
        ("a program without a stub right behind", "a.jpg", picture("JPEG") + b"MZ" + b"x" * 300, "two things"),
        ("a program without a stub right behind", "a.png", picture("PNG") + b"MZ" + b"x" * 300, "two things"),
        ("a damaged archive", "a.zip", b"PK\x03\x04" + b"\0" * 200, "two things"),
    ],
)  # fmt: skip
def test_what_is_not_is_refused_with_a_sentence(what: str, name: str, content: bytes, sentence: str) -> None:
    with pytest.raises(FileRefused) as refused:
        check_content(name, io.BytesIO(content))
    message = refused.value.message
    assert sentence in (message.interpolate() if hasattr(message, "interpolate") else message)
    assert refused.value.cure


class Counted(io.BytesIO):
    """Counts the bytes that are read."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.count += len(found)
        return found


def test_too_many_members_are_refused_before_their_list_is_read() -> None:
    content = zipped(*((f"{number}.txt", b"") for number in range(60_000)), method=zipfile.ZIP_STORED)
    stream = Counted(content)
    with pytest.raises(FileRefused, match="more than is allowed"):
        check_content("a.zip", stream)
    assert stream.count < len(content) / 20


def test_the_same_name_twice_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = zipped(("a.txt", b"1"), ("a.txt", b"2"))
    with pytest.raises(FileRefused, match="two things"):
        check_content("a.zip", io.BytesIO(content))


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (12_000, 12_000)])
def test_a_bomb_of_pixels_is_refused_by_its_header(width: int, height: int) -> None:
    with pytest.raises(FileRefused, match="40 million"):
        check_content("a.png", io.BytesIO(pixel_bomb(width, height)))


def test_a_refusal_names_the_document_inside() -> None:
    inner = document(b"x", ("word/vbaProject.bin", b"x"))
    with pytest.raises(FileRefused, match="macros") as refused:
        check_content("a.zip", io.BytesIO(zipped(("合同/一.docx", inner))))
    assert refused.value.cure.mapping["name"] == "合同/一.docx"  # type: ignore[attr-defined]


def test_damaged_archives_end_in_a_sentence_whatever_is_wrong() -> None:
    seeds = [("a.zip", zipped(("a.docx", document()))), ("a.docx", document()), ("a.xlsx", workbook())]
    chance, refusals = random.Random(5), 0
    for number in range(600):
        name, seed = seeds[number % len(seeds)]
        content = bytearray(seed)
        for _change in range(chance.randint(1, 6)):
            content[chance.randrange(len(content))] = chance.choice([0, 255, chance.randrange(256)])
        try:
            check_content(name, io.BytesIO(bytes(content)))
        except FileRefused:
            refusals += 1
    assert refusals > 300


def test_a_large_document_in_an_archive_is_read_forwards() -> None:
    """Each of its parts is unpacked twice at most: once for the directory, once for what they hold."""
    parts = [
        (f"word/x{number}.xml", b"<x>" + NOISE[:20_000].hex().encode() + b"</x>") for number in range(500)
    ]
    inner = zipped(
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", b"<w/>"),
        *parts,
        method=zipfile.ZIP_STORED,
    )
    content = zipped(("a.docx", inner))
    stream = Counted(content)
    check_content("a.zip", stream)
    assert stream.count < 4 * len(content)
