"""Documents made by LibreOffice in the sandbox: for slow jobs, as it takes seconds (`Job.is_slow`)."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from xinglin.files.converting import AS_READ, OFFICE, ProgramMissing, by_office, check_programs, workplace
from xinglin.files.names import extension_of
from xinglin.files.sandbox import Failed, Killed, Limits, NotIsolated, Sandbox, TooMuch, TooSlow

if TYPE_CHECKING:
    from xinglin.kernel.settings import CoreSettings

FLAT = "fodt"
"""Flat ODF text: one XML file."""
FLAT_READER = "OpenDocument Text Flat XML"
READERS = {name: reader for name, (program, reader) in OFFICE.items() if program == "writer"} | {
    FLAT: FLAT_READER
}
LONG_TERM = json.dumps({"SelectPdfVersion": {"type": "long", "value": "2"}})
"""PDF/A-2b (ISO 19005-2): fonts are inside, nothing is fetched, so that it is the same page in thirty years."""
MOST_MADE = 64 * 1024 * 1024


class Unconvertible(Exception):
    """It is the document's fault: another try would end alike."""


class ConverterAway(Exception):
    """It is not the document's fault: a program is missing, or memory, or room. Try again later."""


class OfficeConverter:
    """Text documents into PDF or flat ODF; nothing of theirs is run or fetched. Every method takes seconds.

    `name` says by its extension (docx, doc, wps, fodt) how the bytes are read. Methods raise `Unconvertible` and
    `ConverterAway`.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    @classmethod
    def of(cls, settings: CoreSettings) -> OfficeConverter:
        must_isolate = settings.preview_isolation == "required"
        return cls(Limits(settings.preview_seconds, settings.preview_memory_mb, must_isolate=must_isolate))

    def pdf(self, name: str, pieces: Iterable[bytes]) -> bytes:
        """All pages as PDF/A."""
        return self._made(name, pieces, f"pdf:writer_pdf_Export:{LONG_TERM}")

    def flat_text(self, name: str, pieces: Iterable[bytes]) -> bytes:
        """The document as one XML file, pictures inside."""
        return self._made(name, pieces, f"{FLAT}:{FLAT_READER}")

    @staticmethod
    def fonts() -> frozenset[str]:
        """The families that documents can be drawn with, under all their names."""
        try:
            done = subprocess.run(["fc-list", ":", "family"], capture_output=True, check=True, timeout=20)
        except (OSError, subprocess.SubprocessError) as error:
            raise ConverterAway(f"fc-list: {error}") from error
        lines = done.stdout.decode(errors="replace").splitlines()
        return frozenset(name.strip() for line in lines for name in line.split(","))

    def _made(self, name: str, pieces: Iterable[bytes], target: str) -> bytes:
        extension = AS_READ.get(extension_of(name), extension_of(name))
        if extension not in READERS:
            raise Unconvertible(f"no text document: {extension or name[-20:]}")
        try:
            check_programs()
            with workplace(name, pieces) as source:
                sandbox = Sandbox(source.parent, self._limits)
                return _bytes_of(by_office(sandbox, source, READERS[extension], target))
        except (TooSlow, TooMuch, Failed) as error:
            raise Unconvertible(str(error)) from error
        except (ProgramMissing, NotIsolated, Killed, OSError, MemoryError, shutil.Error) as error:
            raise ConverterAway(str(error)) from error


def can_convert(name: str) -> bool:
    """Whether a file of this name is a text document that the converter reads."""
    return AS_READ.get(extension_of(name), extension_of(name)) in READERS


def _bytes_of(made: Path) -> bytes:
    """What lies there may be the work of a converter that was taken over."""
    facts = made.lstat()
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > MOST_MADE:
        raise Failed("what was made is no file, or too large")
    return made.read_bytes()
