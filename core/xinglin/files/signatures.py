"""Something hidden in or behind a file of another kind: what other programs would find there."""

from __future__ import annotations

import re
import struct
from itertools import islice
from typing import BinaryIO

from xinglin.files.refusals import hidden

HEAD = 64 * 1024
TAIL = 64 * 1024 + 22
"""The end record of a zip file may have a remark of 65,535 bytes behind it."""
PIECE = 256 * 1024
OVERLAP = 8 * 1024
EMPTY_ZIP = b"PK\x05\x06"
PAGES = (b"<script", b"<html", b"<?php", b"<svg ")
FOREIGN = (*PAGES, b"%PDF-", EMPTY_ZIP)
"""What has no business at the beginning or the end of a picture, a film or a sound."""
PACKED = (
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"This program cannot be run in DOS mode",
    b"This program must be run under Win32",
)
"""Unpackers and Windows find these at any place; long enough that chance does not make them."""
PROGRAM = re.compile(rb"MZ(?=.{58}(..\0\0))", re.DOTALL)
MOST_CANDIDATES = 1000
PE = b"PE\0\0"
MOST_CHUNKS, MOST_SEGMENTS = 100_000, 1000
"""A picture in more parts than these was made to keep us busy."""
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""In the data of a JPEG scan, what ends it; a stuffed zero, a restart and filling do not."""


def check_foreign(stream: BinaryIO) -> None:
    """Refuse a picture, film or sound that is a page, a document or an archive as well: the classical polyglot."""
    head, tail = head_and_tail(stream)
    if any(mark in part for part in (head, head.lower(), tail, tail.lower()) for mark in FOREIGN):
        raise hidden()
    if holds_packed(head, 0) or holds_packed(tail, 0):
        raise hidden()


def check_packed(stream: BinaryIO) -> None:
    """Refuse a file with a 7z or RAR archive or a Windows program at any place. Reads it all, a piece at a time."""
    stream.seek(0)
    before = b""
    while piece := stream.read(PIECE):
        part = before + piece
        if holds_packed(part, len(before)):
            raise hidden()
        before = part[-OVERLAP:]


def holds_packed(part: bytes, seen: int) -> bool:
    """Whether an archive or a program begins in it; before `seen` it was looked at already, but for programs."""
    if any(mark in part[max(0, seen - 64) :] for mark in PACKED):
        return True
    candidates = list(islice(PROGRAM.finditer(part), MOST_CANDIDATES))
    # So many are no chance: they were put there to keep us busy.
    return len(candidates) == MOST_CANDIDATES or any(
        _is_program(part, found.start(), found[1]) for found in candidates
    )


def _is_program(part: bytes, at: int, offset: bytes) -> bool:
    new_header = at + struct.unpack("<I", offset)[0]
    return part[new_header : new_header + 4] == PE


def ends_as_archive(tail: bytes) -> bool:
    """Whether a program that reads zip files would find one, looking from the end."""
    return EMPTY_ZIP in tail


def head_and_tail(stream: BinaryIO) -> tuple[bytes, bytes]:
    """The first and the last 64 KiB."""
    stream.seek(0)
    head = stream.read(HEAD)
    stream.seek(max(0, stream.seek(0, 2) - TAIL))
    return head, stream.read(TAIL)


def check_behind(stream: BinaryIO, end: int | None) -> None:
    """Refuse a program right behind the end of the picture. Phones put second pictures and films there."""
    if end is None:
        return
    stream.seek(end)
    if stream.read(64).lstrip(b"\0\r\n ")[:2] == b"MZ":
        raise hidden()


def end_of_png(stream: BinaryIO) -> int | None:
    """Behind its chunk IEND; None when there is none."""
    at = 8
    for _part in range(MOST_CHUNKS):
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8:
            return None
        at += 12 + int(struct.unpack(">I", head[:4])[0])
        if head[4:] == b"IEND":
            return at
    return None


def end_of_jpeg(stream: BinaryIO) -> int | None:
    """Behind the end marker of the first picture; None when there is none."""
    at = 2
    for _part in range(MOST_SEGMENTS):
        stream.seek(at)
        head = stream.read(4)
        if len(head) < 2 or head[0] != 0xFF:
            return None
        if head[1] == 0xFF:
            at += 1
        elif head[1] == 0xD9:
            return at + 2
        elif 0xD0 <= head[1] <= 0xD8 or head[1] == 0x01:
            at += 2
        elif len(head) < 4:
            return None
        else:
            at += 2 + int(struct.unpack(">H", head[2:])[0])
            if head[1] == 0xDA:
                found = _next_marker(stream, at)
                if found is None:
                    return None
                at = found
    return None


def _next_marker(stream: BinaryIO, at: int) -> int | None:
    stream.seek(at)
    before = b""
    while piece := stream.read(HEAD):
        part = before + piece
        if found := MARKER.search(part):
            return at - len(before) + found.start()
        at += len(piece)
        before = part[-1:]
    return None
