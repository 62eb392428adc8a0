"""Office files of today, which are zip files: what their parts say about macros and about addresses elsewhere."""

from __future__ import annotations

import re
from typing import IO
from urllib.parse import unquote

from xinglin.files.markup import elements
from xinglin.files.refusals import fetched, macros

OFFICE = frozenset({"docx", "xlsx", "pptx", "ofd"})
MARKS = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "pptx": "ppt/presentation.xml",
    "ofd": "OFD.xml",
}
TYPES = "[content_types].xml"
MACRO_FILES = ("vbaproject.bin", "vbadata.xml")
MACRO_FOLDERS = ("xl/macrosheets/",)
FETCHED = frozenset(
    {"attachedtemplate", "oleobject", "frame", "subdocument", "afchunk", "control", "package"}
)
"""Relations whose target is opened with the document, unlike a link that somebody clicks."""
LOCAL = re.compile(r"(?:file:///)?(?![\\/])(?:[a-z]:[\\/])?[^:]*$", re.IGNORECASE)
"""A path of the writer's own disk, as Word notes it of every template; not of a server."""


def is_macro_part(name: str) -> bool:
    lower = name.lower()
    return lower.endswith(MACRO_FILES) or lower.startswith(MACRO_FOLDERS)


def check_types(stream: IO[bytes]) -> None:
    """The list of content types, in any encoding: a document with macros says so there. Raises `MarkupBroken`."""
    for _name, values in elements(stream):
        said = values.get("ContentType", "").lower()
        if "macroenabled" in said or "vbaproject" in said or "macrosheet" in said:
            raise macros()


def check_relations(name: str, stream: IO[bytes]) -> None:
    """The relations of one part: no macros, nothing that is fetched from a server. Raises `MarkupBroken`."""
    for _name, values in elements(stream):
        sort = values.get("Type", "").rpartition("/")[2].lower()
        target = unquote(values.get("Target", "")).strip()
        if sort in ("vbaproject", "xlmacrosheet", "xlintlmacrosheet"):
            raise macros()
        is_outside = values.get("TargetMode", "").lower() == "external"
        if is_outside and sort in FETCHED and not LOCAL.match(target):
            raise fetched(name, target)
