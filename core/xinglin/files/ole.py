"""Old Office files (OLE2, MS-CFB), alone or inside others: macros, programs, and what was appended to them."""

from __future__ import annotations

import re
import struct
from typing import IO, BinaryIO

from xinglin.api.i18n import translator
from xinglin.files.errors import FileRefused
from xinglin.files.refusals import hidden, macros, packed_program
from xinglin.files.signatures import TAIL, ends_as_archive

_ = translator("core")

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_OLE = 50 * 1024 * 1024
PIECE = 64 * 1024
OVERLAP = 256
HEADER = 512
FREE = 0xFFFFFFFF
MOST_REGULAR = 0xFFFFFFFA
OLE_MACROS = tuple(name.encode("utf-16-le") for name in ("_VBA_PROJECT", "Macros\0", "_VBA_PROJECT_CUR"))
"""Macros lie in storages whose names stand in the directory, as UTF-16."""
SHEET = re.compile(rb"\x85\x00(?=(.)\x00.{5}([\x01\x06])([\x01-\x1f]))", re.DOTALL)
"""BOUNDSHEET of MS-XLS 2.4.28: length, place and visibility (5 bytes), sort (1: macro sheet, 6: VBA), letters."""
PROGRAM = b"This program cannot be run in DOS mode"


def check_ole(stream: IO[bytes]) -> None:
    """Refuse macros and packed programs; `stream` stands at its beginning and is read forwards, once."""
    before, size = b"", 0
    while piece := stream.read(PIECE):
        size += len(piece)
        if size > MOST_OLE:
            raise FileRefused(
                _("Files of old Office formats may have at most 50 MB."),
                _("Save it as .docx, .xlsx or .pptx."),
            )
        part = before + piece
        if any(mark in part for mark in OLE_MACROS) or _has_macro_sheet(part):
            raise macros()
        if PROGRAM in part:
            raise packed_program()
        before = part[-OVERLAP:]


def _has_macro_sheet(part: bytes) -> bool:
    """Whether a sheet of Excel 4.0 macros is listed: its length must fit its letters, so that chance finds none."""
    for found in SHEET.finditer(part):
        length, letters = found[1][0], found[3][0]
        if length in (7 + letters, 8 + letters, 8 + 2 * letters):
            return True
    return False


def check_ole_end(stream: BinaryIO) -> None:
    """Refuse an archive behind the last sector; one in a sector is a document that was put into the document."""
    size = stream.seek(0, 2)
    start = max(0, size - TAIL, min(size, _end_of(stream)))
    stream.seek(start)
    if ends_as_archive(stream.read()):
        raise hidden()


def _end_of(stream: BinaryIO) -> int:
    """Where the last sector ends that is in use; the end of the header for a file whose tables cannot be read."""
    stream.seek(0)
    header = stream.read(HEADER)
    if len(header) < HEADER or header[30:32] not in (b"\x09\0", b"\x0c\0"):
        return HEADER
    sector = 1 << header[30]
    last = -1
    for number, place in enumerate(_tables(stream, header, sector)):
        stream.seek((place + 1) * sector)
        raw = stream.read(sector)
        entries = struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])
        used = [at for at, entry in enumerate(entries) if entry != FREE]
        if used:
            last = number * (sector // 4) + used[-1]
    return (last + 2) * sector if last >= 0 else HEADER


def _tables(stream: BinaryIO, header: bytes, sector: int) -> list[int]:
    """The sectors of the allocation table: 109 in the header, more in a chain."""
    found = [place for place in struct.unpack("<109I", header[76:512]) if place < MOST_REGULAR]
    following = struct.unpack("<I", header[68:72])[0]
    for _round in range(MOST_OLE // sector):
        if following >= MOST_REGULAR or len(found) * sector > MOST_OLE:
            break
        stream.seek((following + 1) * sector)
        raw = stream.read(sector)
        if len(raw) < sector:
            break
        *places, following = struct.unpack(f"<{sector // 4}I", raw)
        found += [place for place in places if place < MOST_REGULAR]
    return found
