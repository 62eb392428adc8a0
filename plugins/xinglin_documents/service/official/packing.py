"""The archive package: a ZIP that says by itself what is in it, and can be proved unchanged in thirty years."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO

MANIFEST = "manifest.json"
CHUNK = 1024 * 1024
MOMENT = (1980, 1, 1, 0, 0, 0)
"""Every member has it: the same document gives the same bytes. When things were is said inside."""
FORMAT = "xinglin-archive-1"


@dataclass(frozen=True)
class Member:
    """A file of the package: where it stands, and its bytes in pieces."""

    path: str
    pieces: Iterable[bytes]


@dataclass(frozen=True)
class Sealed:
    """`digest` is the SHA-256 of the manifest's lines: that of the whole content."""

    digest: str
    count: int


def pack(out: IO[bytes], about: dict[str, object], members: Iterable[Member]) -> Sealed:
    """Write members and manifest into `out`; nothing is compressed, so that any tool of the future can read it."""
    entries = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for member in members:
            digest, size = hashlib.sha256(), 0
            with archive.open(zipfile.ZipInfo(member.path, MOMENT), "w", force_zip64=True) as place:
                for piece in member.pieces:
                    digest.update(piece)
                    size += len(piece)
                    place.write(piece)
            entries.append({"path": member.path, "size": size, "sha256": digest.hexdigest()})
        whole = _whole(entries)
        manifest = {"format": FORMAT, **about, "files": entries, "sha256": whole}
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        archive.writestr(zipfile.ZipInfo(MANIFEST, MOMENT), text)
    return Sealed(whole, len(entries))


def faults(stream: BinaryIO, digest: str) -> list[str]:
    """What is wrong with a package whose SHA-256 was `digest` once; empty: it is as it was made."""
    found = [] if _digest_of(stream) == digest else ["the package is not the one that was sealed"]
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            found += _faults_of_members(archive, manifest)
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, OSError) as error:
        found.append(f"the package cannot be read: {error}")
    return found


def _faults_of_members(archive: zipfile.ZipFile, manifest: dict[str, object]) -> Iterator[str]:
    entries = manifest["files"]
    if not isinstance(entries, list):
        raise ValueError("the manifest lists no files")  # noqa: TRY004 - told as an unreadable package
    known = {str(entry["path"]): str(entry["sha256"]) for entry in entries}
    names = {name for name in archive.namelist() if name != MANIFEST}
    yield from (f"{name} is missing" for name in sorted(known.keys() - names))
    yield from (f"{name} was added" for name in sorted(names - known.keys()))
    for name in sorted(known.keys() & names):
        with archive.open(name) as stream:
            if _digest_of(stream) != known[name]:
                yield f"{name} was changed"
    if manifest["sha256"] != _whole(entries):
        yield "the manifest was changed"


def _whole(entries: list[dict[str, object]]) -> str:
    lines = "".join(f"{entry['sha256']}  {entry['path']}\n" for entry in entries)
    return hashlib.sha256(lines.encode()).hexdigest()


def _digest_of(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := stream.read(CHUNK):
        digest.update(piece)
    return digest.hexdigest()
