"""The file store as one part: its objects as they lie there, most of them sealed already."""

from __future__ import annotations

import os
import shutil
import tarfile
from typing import IO, BinaryIO

from xinglin.backup.errors import BackupDamaged
from xinglin.files.storage import TEMPORARY, Storage

BUFFER = 1024 * 1024


def pack(storage: Storage, out: IO[bytes]) -> int:
    """Write every whole object into a tar; how many. One that is deleted meanwhile is left out.

    The database must have been copied before: an object is written before its row and deleted after it.
    """
    packed = 0
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT, bufsize=BUFFER) as tar:
        for found in storage.objects():
            if found.name.startswith(TEMPORARY):
                continue
            try:
                stream = storage.open(found.name)
            except FileNotFoundError:
                continue
            with stream:
                entry = tarfile.TarInfo(found.name)
                entry.size = stream.seek(0, os.SEEK_END)
                entry.mtime = int(found.modified_at.timestamp())
                stream.seek(0)
                tar.addfile(entry, stream)
            packed += 1
    return packed


def unpack(source: BinaryIO, storage: Storage) -> int:
    """Write the objects of a tar into an empty store; how many. Raises `BackupDamaged`."""
    unpacked = 0
    with tarfile.open(fileobj=source, mode="r|", bufsize=BUFFER) as tar:
        for entry in tar:
            content = tar.extractfile(entry)
            # Names are ours, but what comes from an archive is never taken as a path.
            if content is None or "/" in entry.name or entry.name.startswith("."):
                raise BackupDamaged(
                    f"{entry.name!r} is no object of the file store. Cure: take the other copy"
                )
            with storage.create(entry.name) as out:
                shutil.copyfileobj(content, out, BUFFER)
            unpacked += 1
    return unpacked
