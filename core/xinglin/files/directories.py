"""The directory of a zip file: sizes, places and names, before a member is unpacked."""

from __future__ import annotations

import stat
import struct
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from xinglin.api.i18n import translator
from xinglin.files.errors import FileRefused
from xinglin.files.names import clean_name, extension_of
from xinglin.files.refusals import bomb, damaged, hidden, program, shown

_ = translator("core")

MOST_MEMBERS = 2000
MOST_MEMBERS_IN_ALL = 20_000
MOST_UNPACKED = 500 * 1024 * 1024
MOST_RATIO = 200
SMALL = 1024 * 1024
"""A member that unpacks to less than this harms nobody, however well it was packed."""
MOST_DIRECTORY = 4 * 1024 * 1024
MOST_NOTHING = 8
"""Nothing, packed."""
END, END_SIZE = b"PK\x05\x06", 22
LOCAL = b"PK\x03\x04"
LOCAL_SIZE = 30
ENCRYPTED = 0x1
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
METHOD_NAMES = {9: "Deflate64", 12: "BZIP2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd", 99: "AES"}
ORDINARY = frozenset({0, stat.S_IFREG, stat.S_IFDIR})
PROGRAMS = frozenset({"exe", "com", "scr", "pif", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "wsf", "wsh", "hta", "lnk", "msi", "dll", "cpl", "apk", "sh", "svg", "html", "htm", "docm", "xlsm", "pptm", "dotm", "xltm", "potm", "ppsm", "xlam", "ppam"})  # fmt: skip


@dataclass
class Budget:
    """What one upload may unpack to in all, with the documents inside of it."""

    bytes_left: int = MOST_UNPACKED
    members_left: int = MOST_MEMBERS_IN_ALL

    def spend(self, members: list[zipfile.ZipInfo]) -> None:
        """Raises `FileRefused` when it is used up."""
        self.bytes_left -= sum(member.file_size for member in members)
        self.members_left -= len(members)
        if self.bytes_left < 0 or self.members_left < 0:
            raise bomb()


def check_end(stream: BinaryIO, size: int) -> int:
    """Where the directory begins. Read before `zipfile` does, which would load a directory of any size."""
    if size < END_SIZE:
        raise damaged()
    stream.seek(size - END_SIZE)
    end = stream.read(END_SIZE)
    if end[:4] != END or end[-2:] != b"\0\0":
        # A comment is allowed by the format and used by nobody but those who append something.
        raise hidden()
    here, total, directory_size, directory_at = struct.unpack("<HHII", end[8:20])
    if here != total or total > MOST_MEMBERS or directory_size > MOST_DIRECTORY:
        raise bomb()
    if directory_at + directory_size + END_SIZE != size:
        raise hidden()
    return int(directory_at)


def check_sizes(members: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse bombs, and what cannot be unpacked here."""
    if sum(member.file_size for member in members) > max(SMALL, size * MOST_RATIO):
        raise bomb()
    for member in members:
        if member.file_size > max(SMALL, member.compress_size * MOST_RATIO):
            raise bomb()
        if member.flag_bits & ENCRYPTED:
            raise FileRefused(
                _("The archive is locked with a password, so it cannot be checked."),
                _("Send it without the password."),
            )
        if not member.file_size and member.compress_size > MOST_NOTHING:
            raise damaged()  # it says that it is empty, and others would unpack it all the same
        if member.compress_type not in METHODS:
            raise _unknown_method(member)


def _unknown_method(member: zipfile.ZipInfo) -> FileRefused:
    method = METHOD_NAMES.get(member.compress_type, str(member.compress_type))
    return FileRefused(
        _(
            "${name} is packed with ${method}, which is not allowed.",
            mapping={"name": shown(member.filename), "method": method},
        ),
        _("Pack it anew as an ordinary zip file (Deflate)."),
    )


def check_places(members: list[zipfile.ZipInfo], directory_at: int) -> None:
    """Members must lie one after the other: entries that share bytes unpack to far more than they weigh."""
    end = 0
    for member in members:
        if member.header_offset < end:
            raise bomb()
        end = member.header_offset + LOCAL_SIZE + member.compress_size
    if end > directory_at:
        raise bomb()


def check_names(members: list[zipfile.ZipInfo], *, is_package: bool) -> None:
    """Refuse names that lead out, links, programs; `is_package` for Office, whose names do not differ by case alone."""
    seen = set()
    for member in members:
        # `filename` ends at a NUL; the original name shows what stood behind it.
        name = member.orig_filename.replace("\\", "/")
        _check_path(name, member)
        key = name.lower() if is_package else name
        if key in seen:
            raise hidden()
        seen.add(key)
        is_drawing = is_package and "/media/" in name and extension_of(name) == "svg"
        if not is_drawing and not PROGRAMS.isdisjoint(_extensions(name)):
            raise program(name)


def _check_path(name: str, member: zipfile.ZipInfo) -> None:
    if name.startswith("/") or ".." in name.split("/") or "\0" in name or name[1:2] == ":":
        raise FileRefused(
            _("A name in the archive leads out of its folder."), _("Pack it anew and upload it again.")
        )
    if stat.S_IFMT(member.external_attr >> 16) not in ORDINARY:
        raise FileRefused(
            _("The archive contains a link instead of a file: ${name}", mapping={"name": shown(name)}),
            _("Pack the file itself that it points to."),
        )


def _extensions(name: str) -> set[str]:
    """As written, and as Windows reads it: no dots and spaces at the end, and what follows a colon is a stream."""
    last = clean_name(name.rstrip("/"))
    return {extension_of(last), extension_of(last.partition(":")[0].rstrip(". "))}
