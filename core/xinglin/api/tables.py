"""Tables that leave the portal, and files of tables that come in."""

from __future__ import annotations

from xinglin.admin.csv_file import text_of as csv_text
from xinglin.files.archives import check_archive

__all__ = ["check_archive", "csv_text"]
