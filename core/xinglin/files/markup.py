"""XML from outside: a document type declares entities, which may unpack without end or name files of this machine."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import IO
from xml.parsers import expat

MOST_PROLOGUE = 1024 * 1024
"""The first element of a well-meant document begins within some hundred bytes."""
MOST_SMALL = 8 * 1024 * 1024
PIECE = 8 * 1024
BLANK = b" \t\r\n\0"
MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
ACTIVE = frozenset({"script", "foreignobject", "iframe", "embed", "object", "handler", "listener", "audio", "video"})  # fmt: skip
ADDRESSES = frozenset({"href", "src"})
HARMLESS = re.compile(r"\s*(#|data:image/(png|jpe?g|gif|webp)[;,]|$)", re.IGNORECASE)
POINTS_OUT = re.compile(r"@import|javascript:|expression\(|url\(\s*['\"]?\s*(?!#|['\"\s])", re.IGNORECASE)


class MarkupBroken(Exception):
    """It is no XML, or no element begins within the first MiB."""


class DocumentType(MarkupBroken):
    """A document type stands before the first element."""


class _Seen(Exception):
    """What stands first, a document type or an element."""


def begins_as_markup(head: bytes) -> bool:
    """Whether a reader of XML would take it, in any encoding, whatever the member's name."""
    for mark in MARKS:
        head = head.removeprefix(mark)
    return head.lstrip(BLANK).startswith(b"<")


def has_document_type(stream: IO[bytes]) -> bool:
    """Whether a document type stands before the first element, in any encoding. Raises `MarkupBroken`.

    The parser itself looks: a search for its bytes misses it in UTF-16, or behind a long remark. Nothing is expanded,
    since the parser is stopped before it reads a declaration.
    """
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_declared: _stop(is_document_type=True)
    parser.StartElementHandler = lambda *_started: _stop(is_document_type=False)
    try:
        with _as_broken():
            _feed(parser, stream, MOST_PROLOGUE)
    except _Seen as seen:
        return bool(seen.args[0])
    raise MarkupBroken("there is no element")


def elements(stream: IO[bytes], most: int = MOST_SMALL) -> list[tuple[str, dict[str, str]]]:
    """All elements of a small document, by their local names in lower case. Raises `MarkupBroken`, `DocumentType`."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_declared: _stop(is_document_type=True)
    parser.StartElementHandler = lambda name, values: found.append((_local(name), values))
    try:
        with _as_broken():
            _feed(parser, stream, most)
    except _Seen as seen:
        raise DocumentType from seen
    return found


def is_active_drawing(stream: IO[bytes]) -> bool:
    """Whether an SVG drawing does more than draw: script, handlers, pages, addresses elsewhere, entities."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_declared: _stop(is_document_type=True)
    parser.ProcessingInstructionHandler = lambda *_said: _stop(is_document_type=False)
    parser.StartElementHandler = _watch_element
    parser.CharacterDataHandler = _watch_text
    parser.buffer_text = True
    try:
        with _as_broken():
            _feed(parser, stream, MOST_SMALL)
    except _Seen:
        return True
    return False


def _watch_element(name: str, values: dict[str, str]) -> None:
    is_active = _local(name) in ACTIVE or any(_is_active(_local(key), said) for key, said in values.items())
    if is_active:
        _stop(is_document_type=False)


def _is_active(key: str, said: str) -> bool:
    if key.startswith("on") or POINTS_OUT.search(said):
        return True
    return key in ADDRESSES and not HARMLESS.match(said)


def _watch_text(said: str) -> None:
    if POINTS_OUT.search(said):
        _stop(is_document_type=False)


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


@contextmanager
def _as_broken() -> Iterator[None]:
    try:
        yield
    except (expat.ExpatError, ValueError, LookupError) as error:  # the last two: an encoding it does not know
        raise MarkupBroken(str(error)) from error


def _feed(parser: expat.XMLParserType, stream: IO[bytes], most: int) -> None:
    """All of it, a piece at a time, up to `most` bytes."""
    taken = 0
    for piece in chain(iter(lambda: stream.read(PIECE), b""), [b""]):
        taken += len(piece)
        if taken > most:
            raise MarkupBroken("it is too long")
        parser.Parse(piece, not piece)


def _stop(*, is_document_type: bool) -> None:
    raise _Seen(is_document_type)
