"""Plain text: of a known encoding to its end, and nothing that a browser would take for a page."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from xinglin.files.refusals import hidden, not_what_it_says
from xinglin.files.signatures import ends_as_archive, head_and_tail

PIECE = 256 * 1024
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MARKUP = (b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script", b"<?php", b"<iframe", b"<body", b"<!--")
"""A remark that is still there has no end within the head, so that what follows it is not known."""


def check_text(stream: BinaryIO, extension: str) -> None:
    """Text of a known encoding that no browser would take for a page, with no archive behind it."""
    head, tail = head_and_tail(stream)
    encodings = ("utf-16",) if head.startswith(UTF16) else ("utf-8", "gb18030")
    if not any(_reads(stream, name) for name in encodings) or begins_as_page(head):
        raise not_what_it_says(extension)
    if ends_as_archive(tail):
        raise hidden()


def begins_as_page(head: bytes) -> bool:
    """Whether markup stands first, behind blanks and remarks."""
    if head.startswith(UTF16):
        head = head.decode("utf-16", "ignore").encode()
    rest = head.removeprefix(codecs.BOM_UTF8).lstrip()
    while rest.startswith(b"<!--"):
        _remark, end, after = rest.partition(b"-->")
        if not end:
            break
        rest = after.lstrip()
    return rest[:16].lower().startswith(MARKUP)


def _reads(stream: BinaryIO, encoding: str) -> bool:
    """Whether all of it can be decoded, without the letter NUL, which no text has."""
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    try:
        while piece := stream.read(PIECE):
            if "\0" in decoder.decode(piece):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
