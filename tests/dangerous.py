"""Dangerous files as somebody might send them, for tests of every way in. Nothing here is harmful outside of a parser."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable

from openpyxl import Workbook
from PIL import Image

from xinglin.files.kinds import OLE

END = b"PK\x05\x06"


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def workbook(*more: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    book = Workbook()
    book.active.append(["姓名", "科室"])
    book.save(out)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in more:
            archive.writestr(name, content)
    return out.getvalue()


def document(content_type: bytes = b"document.main+xml", *more: tuple[str, bytes]) -> bytes:
    types = b'<Types><Override PartName="/word/document.xml" ContentType="' + content_type + b'"/></Types>'
    return zipped(("[Content_Types].xml", types), ("word/document.xml", b"<w/>"), *more)


def picture(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(out, kind, **options)
    return out.getvalue()


def directory_claims(size: int) -> bytes:
    """An archive whose only member says that it unpacks to `size` bytes."""
    content = bytearray(zipped(("a.txt", b"a" * 2000)))
    at = content.index(b"PK\x01\x02")
    struct.pack_into("<I", content, at + 24, size)
    return bytes(content)


def overlapping() -> bytes:
    """Many members that share the bytes of one (as of David Fifield, 2019)."""
    content = zipped(("a.txt", b"a" * 9000))
    start, end = content.index(b"PK\x01\x02"), content.index(END)
    entry = content[start:end]
    entries = b"".join(entry.replace(b"a.txt", b"%05d" % number) for number in range(100))
    tail = END + struct.pack("<HHHHIIH", 0, 0, 100, 100, len(entries), start, 0)
    return content[:start] + entries + tail


def locked() -> bytes:
    content = bytearray(zipped(("a.txt", b"secret")))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    return bytes(content)


def stored_in_old_word(name: str) -> bytes:
    """An old .doc whose directory has a storage of this name."""
    return OLE + b"\0" * 65_520 + name.encode("utf-16-le") + b"\0" * 600


def with_document_type(content: bytes, part: str, padding: int = 0) -> bytes:
    """The Office file with an entity bomb in one part, behind a remark of `padding` bytes."""
    remark = b"<!--" + b"x" * padding + b"-->"
    bomb = remark + b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return repacked(content, part, lambda body: re.sub(rb"^(<\?xml[^>]*\?>)?", rb"\1" + bomb, body, count=1))


def repacked(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The archive with one member changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    return zipped(*((name, change(body) if name == part else body) for name, body in members))


def pixel_bomb(width: int, height: int) -> bytes:
    """A PNG of some bytes whose header says that it has this many pixels."""
    content = bytearray(picture("PNG"))
    struct.pack_into(">II", content, 16, width, height)
    struct.pack_into(">I", content, 29, zlib.crc32(content[12:29]))
    return bytes(content)


def text_bomb() -> bytes:
    """A PNG whose remark unpacks to 64 MB."""
    body = b"Comment\0\0" + zlib.compress(b"\0" * (64 * 1024 * 1024), 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    plain = picture("PNG")
    return plain[:33] + chunk + plain[33:]


def with_relation(sort: str, target: str, mode: str = "External") -> bytes:
    """A document one part of which has a relation."""
    said = (
        f'<Relationships><Relationship Id="r1" Type="http://schemas.example/relationships/{sort}"'
        f' Target="{target}" TargetMode="{mode}"/></Relationships>'
    )
    return document(b"document.main+xml", ("word/_rels/settings.xml.rels", said.encode()))


def linked() -> bytes:
    """An archive with a symbolic link and a file behind it."""
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(link, "/etc")
        archive.writestr("link/x", "y")
    return out.getvalue()


def with_remark(size: int) -> bytes:
    """An archive with a remark of this many bytes at its end."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.exe", b"MZ")
        archive.comment = b"c" * size
    return out.getvalue()


def program() -> bytes:
    """What Windows takes for a program: an old header that points to a new one."""
    return b"MZ" + b"\0" * 58 + struct.pack("<I", 64) + b"PE\0\0" + b"\0" * 200


def macro_sheet(kind: int = 1) -> bytes:
    """An old workbook whose list has one sheet of this kind (MS-XLS 2.4.28)."""
    name = b"\x07\0Macros1"
    record = struct.pack("<IBB", 2048, 0, kind) + name
    return OLE + b"\0" * 700 + struct.pack("<HH", 0x85, len(record)) + record + b"\0" * 600


def old_word_with_package(appended: bytes = b"") -> bytes:
    """An old file of four sectors, one of which holds a zip file, as when a workbook was put into a document."""
    table = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFE, *[0xFFFFFFFF] * 125)
    header = bytearray(512)
    header[:8], header[30:32] = OLE, b"\x09\0"
    struct.pack_into("<I", header, 68, 0xFFFFFFFE)
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)
    return bytes(header) + table + b"\0" * 512 + ZIP.ljust(512, b"\0") + appended


ZIP = zipped(("a.txt", b"hello"))
