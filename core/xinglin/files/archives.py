"""Zip files and Office files, which are zip files: looked at before anything is unpacked, then member by member.

A virus scanner skips what is too large to unpack and calls the file clean, so our own limits come first. Documents
inside are looked at as if they had been sent alone, down to `MOST_DEPTH`, under one budget for the whole upload.
Pictures and films inside are not: no browser opens them there.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import IO, BinaryIO

from xinglin.files.directories import (
    LOCAL,
    Budget,
    check_end,
    check_names,
    check_places,
    check_sizes,
)
from xinglin.files.errors import FileRefused
from xinglin.files.markup import (
    DocumentType,
    MarkupBroken,
    begins_as_markup,
    has_document_type,
    is_active_drawing,
)
from xinglin.files.names import extension_of
from xinglin.files.ole import OLE, check_ole
from xinglin.files.packages import MARKS, OFFICE, TYPES, check_relations, check_types, is_macro_part
from xinglin.files.refusals import (
    active_drawing,
    damaged,
    document_type,
    hidden,
    inner_archive,
    inside,
    macros,
    not_what_it_says,
    program,
    too_deep,
)
from xinglin.files.replaying import Replayed
from xinglin.files.signatures import holds_packed
from xinglin.files.texts import begins_as_page

ARCHIVES = frozenset({"zip", "7z", "rar", "tar", "gz", "tgz", "bz2", "xz", "cab", "iso", "jar"})
PACKED = (b"Rar!\x1a\x07", b"7z\xbc\xaf", b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"MSCF\0\0\0\0", b"BZh91AY&SY")
PLAIN = frozenset({"txt", "csv"})
MARKUP = (".xml", ".rels")
HEAD, PIECE = 4096, 64 * 1024
MOST_DEPTH = 2
MOST_DEEP = 16 * 1024 * 1024
"""A document inside the document of an archive is held in memory, so that nothing is unpacked twice for it."""
BROKEN = (
    zipfile.BadZipFile,
    NotImplementedError,
    UnicodeDecodeError,
    ValueError,
    RuntimeError,
    struct.error,
    EOFError,
    OSError,
    zlib.error,
    MarkupBroken,
)


@dataclass(frozen=True)
class Place:
    """Where an archive was found: 0 is the upload itself. `budget` is that of the whole upload."""

    depth: int = 0
    budget: Budget = field(default_factory=Budget)

    def below(self) -> Place:
        return Place(self.depth + 1, self.budget)


@dataclass(frozen=True)
class Part:
    """One member, opened: `stream` stands at its beginning and is read forwards; `head` is what it will give first."""

    name: str
    size: int
    head: bytes
    stream: BinaryIO
    opening: Callable[[], IO[bytes]]


def check_archive(stream: BinaryIO, extension: str) -> None:
    """Refuse an archive that is a bomb, hides something, or is not what `extension` says."""
    _check(stream, extension, Place())


def _check(stream: BinaryIO, extension: str, place: Place) -> None:
    """`extension` is empty for a document inside a document, which may be of any sort."""
    try:
        size = stream.seek(0, 2)
        directory_at = check_end(stream, size)
        with zipfile.ZipFile(stream) as archive:
            # In their order in the file: a packed stream is read forwards, and only once.
            members = sorted(archive.infolist(), key=lambda member: member.header_offset)
            place.budget.spend(members)
            check_sizes(members, size)
            check_places(members, directory_at)
            check_names(members, is_package=extension != "zip")
            _check_beginning(stream, members)
            _check_parts(members, extension)
            look = _look_into_archive if extension == "zip" else _look_into_package
            for member in members:
                if member.file_size:
                    _open(archive, member, look, place)
    except BROKEN as error:
        raise damaged() from error


def _open(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, look: Callable[[Part, Place], None], place: Place
) -> None:
    opening = partial(archive.open, member)
    with io.BufferedReader(opening(), PIECE) as stream:  # type: ignore[type-var]
        look(Part(member.filename, member.file_size, stream.peek(HEAD)[:HEAD], stream, opening), place)


def _check_beginning(stream: BinaryIO, members: list[zipfile.ZipInfo]) -> None:
    stream.seek(0)
    if members and stream.read(4) != LOCAL:
        raise hidden()


def _check_parts(members: list[zipfile.ZipInfo], extension: str) -> None:
    if extension == "zip":
        return
    names = {member.filename for member in members}
    if any(is_macro_part(name) for name in names):
        raise macros()
    if extension in OFFICE and MARKS[extension] not in names:
        raise not_what_it_says(extension)
    if extension in OFFICE and extension != "ofd" and TYPES not in {name.lower() for name in names}:
        raise not_what_it_says(extension)


def _look_into_package(part: Part, place: Place) -> None:
    name = part.name
    if part.head.startswith((OLE, LOCAL)):
        _look_into_document(part, place, "")
    elif extension_of(name) == "svg":
        if is_active_drawing(part.stream):
            raise active_drawing(name)
    elif name.lower().endswith(MARKUP) or begins_as_markup(part.head):
        _look_into_markup(name.lower(), part.stream)


def _look_into_markup(name: str, stream: BinaryIO) -> None:
    try:
        if name == TYPES:
            check_types(stream)
        elif name.endswith(".rels"):
            check_relations(name, stream)
        elif has_document_type(stream):
            raise document_type()
    except DocumentType as error:
        raise document_type() from error


def _look_into_archive(part: Part, place: Place) -> None:
    """No archive inside an archive; an Office file inside is one file."""
    name, head, extension = part.name, part.head, extension_of(part.name)
    is_zip = head.startswith(LOCAL)
    if extension in ARCHIVES or head.startswith(PACKED) or (is_zip and extension not in OFFICE):
        raise inner_archive(name)
    if head.startswith(b"MZ") and holds_packed(head, 0):
        raise program(name)
    if extension in OFFICE and not is_zip:
        raise inside(name, not_what_it_says(extension))
    if extension in PLAIN and begins_as_page(head):
        raise inside(name, not_what_it_says(extension))
    if head.startswith((OLE, LOCAL)):
        _look_into_document(part, place, extension)


def _look_into_document(part: Part, place: Place, extension: str) -> None:
    try:
        if part.head.startswith(OLE):
            check_ole(part.stream)
        else:
            with _seekable(part, place) as document:
                _check(document, extension, place.below())
    except FileRefused as refused:
        raise inside(part.name, refused) from refused


def _seekable(part: Part, place: Place) -> BinaryIO:
    """The member as a file of its own."""
    if place.depth < MOST_DEPTH and part.size <= MOST_DEEP:
        return io.BytesIO(part.stream.read())
    if place.depth > 0:
        raise too_deep(part.name)
    return io.BufferedReader(Replayed(part.opening, part.size))
