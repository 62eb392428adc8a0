"""The file store."""

from __future__ import annotations

from xinglin.files.models import StoredFile
from xinglin.files.service import FileRefused, FileStore

__all__ = ["FileRefused", "FileStore", "StoredFile"]
