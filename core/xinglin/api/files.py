"""Files: `request.files` stores them, `file_response` gives them out. A page uploads large ones to `/files/uploads`.
`file_path` is the address of a page that shows a file without download. Who may open it, besides the one who uploaded
the file, is decided by the module: `config.add_file_rule("roster", may_read)` with a `FileRule`.

`OfficeConverter` makes a PDF of a text document, for slow jobs (`Job.is_slow`).

A file may be read when the virus check has passed it; until then `FileStore.open` and `file_response` raise `FileHeld`.
"""

from __future__ import annotations

from xinglin.files.errors import FileHeld, FileRefused
from xinglin.files.models import FileState, StoredFile
from xinglin.files.office import ConverterAway, OfficeConverter, Unconvertible, can_convert
from xinglin.files.reading_rules import FileRule
from xinglin.files.reading_views import file_path
from xinglin.files.responses import file_response
from xinglin.files.service import FileStore
from xinglin.files.stream import FileBroken

__all__ = [
    "ConverterAway",
    "FileBroken",
    "FileHeld",
    "FileRefused",
    "FileRule",
    "FileState",
    "FileStore",
    "OfficeConverter",
    "StoredFile",
    "Unconvertible",
    "can_convert",
    "file_path",
    "file_response",
]
