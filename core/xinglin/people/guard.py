"""Looks at an .xlsx file before a library unpacks it: bombs, macros, two files in one, entities, merged cells."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import IO

from xinglin.api.i18n import translator
from xinglin.files.archives import check_archive
from xinglin.files.errors import FileRefused
from xinglin.people.problems import Problems

_ = translator("core")
FILE_BYTES = 16 * 2**20
UNPACKED_BYTES = 96 * 2**20
PART_BYTES = 16 * 2**20
PARTS = 1000
BLOCK = 2**20
OVERLAP = 512
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]{0,200}?ref=\"([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})\"")
ROW = re.compile(rb"<(?:\w+:)?row[\s>]")
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
CURE_SAVE_AGAIN = _("Open it in Excel or WPS, save it as .xlsx without a password, and try again.")


def check(path: Path, problems: Problems) -> None:
    """Raises `FileRefused` unless the file is an .xlsx of reasonable size, packed and unpacked."""
    if path.stat().st_size > FILE_BYTES:
        raise problems.stop(
            "", _("The file is too large."), _("16 MB is the most. Copy only the two sheets into a new file.")
        )
    with path.open("rb") as stream:
        if stream.read(4) == OLD_EXCEL:
            raise problems.stop("", _("This is an old .xls file, or it has a password."), CURE_SAVE_AGAIN)
    try:
        with zipfile.ZipFile(path) as archive:
            _check_parts(archive, problems)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        raise problems.stop("", _("This is not an Excel workbook."), CURE_SAVE_AGAIN) from error
    try:
        with path.open("rb") as stream:
            check_archive(stream, "xlsx")
    except FileRefused as refused:
        raise problems.stop("", refused.message, refused.cure) from refused


def _check_parts(archive: zipfile.ZipFile, problems: Problems) -> None:
    """Tighter than for an upload: this file is read on the machine of IT, all at once."""
    parts = archive.infolist()
    other = [part.file_size for part in parts if not part.filename.startswith("xl/worksheets/")]
    # zipfile never unpacks more than the size that is declared here, so that the declaration can be believed.
    if (
        len(parts) > PARTS
        or sum(part.file_size for part in parts) > UNPACKED_BYTES
        or max(other, default=0) > PART_BYTES
    ):
        raise problems.stop(
            "",
            _("The workbook is far too large when it is unpacked."),
            _("Copy only the two sheets into a new file."),
        )


def merged_ranges(path: Path, part: str) -> list[str]:
    """The merged ranges of one worksheet part, such as A1:C1, in the order of the file."""
    with zipfile.ZipFile(path) as archive, archive.open(part.lstrip("/")) as stream:
        return list(dict.fromkeys(_scan(stream)))


def row_count(path: Path, part: str) -> int:
    """How many rows one worksheet part has, more or less: enough to show how far reading is."""
    with zipfile.ZipFile(path) as archive, archive.open(part.lstrip("/")) as stream:
        return sum(len(ROW.findall(block)) for block in iter(lambda: stream.read(BLOCK), b""))


def _scan(stream: IO[bytes]) -> list[str]:
    found: list[str] = []
    tail = b""
    while block := stream.read(BLOCK):
        found += [match.decode() for match in MERGED.findall(tail + block)]
        tail = (tail + block)[-OVERLAP:]
    return found
