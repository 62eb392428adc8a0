"""From a stored file to pictures of its pages, by LibreOffice and Poppler in the sandbox."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from xinglin.files.names import extension_of
from xinglin.files.newroot import of_python
from xinglin.files.pictures import FULL_EDGE
from xinglin.files.sandbox import MOST_WRITTEN, Failed, Limits, Sandbox

PACKAGE = Path(__file__).resolve().parents[1]
PREFIX = "xinglin-preview-"
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
"""Where the plain bytes lie while they are converted: in memory where it has room, else in the folder for such files."""
LEFT_BEHIND_SECONDS = 3600
PAGE = re.compile(r"page-([0-9]{1,6})\.jpg")
LARGEST_PAGE = 20 * 1024 * 1024
PICTURES = frozenset({"jpg", "jpeg", "png", "gif", "webp"})
OFFICE = {
    "doc": ("writer", "MS Word 97"),
    "docx": ("writer", "MS Word 2007 XML"),
    "xls": ("calc", "MS Excel 97"),
    "xlsx": ("calc", "Calc MS Excel 2007 XML"),
    "ppt": ("impress", "MS PowerPoint 97"),
    "pptx": ("impress", "Impress MS PowerPoint 2007 XML"),
}
"""Which part of LibreOffice draws it, and its reader: left alone it would try them all, and draw any garbage as text."""
AS_READ = {"wps": "doc", "et": "xls", "dps": "ppt"}
"""WPS writes the formats of Office 97 under names of its own, which LibreOffice takes for Microsoft Works."""
SHOWN = PICTURES | OFFICE.keys() | AS_READ.keys() | {"pdf"}
PROGRAMS = ("soffice", "pdftoppm", "setpriv", "prlimit", "unshare")
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
{items}
</oor:items>
"""
ITEM = '<item oor:path="/org.openoffice.Office.{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
CAREFUL = (
    ("Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Writer/Content/Update", "Link", "0"),
    ("Calc/Content/Update", "Link", "2"),
)
"""No macro, no embedded program, nothing fetched from elsewhere."""


class ProgramMissing(Exception):
    """A converter is not installed."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"{', '.join(names)} not found. Cure: install what docs/operations.md names")


@dataclass(frozen=True)
class Page:
    """A picture of one page: where it lies inside the block, and its size in pixels."""

    path: Path
    width: int
    height: int


@dataclass(frozen=True)
class Pages:
    """The first pages of a file; `has_more` when the file goes on after them."""

    shown: tuple[Page, ...]
    has_more: bool


@dataclass(frozen=True)
class Converter:
    """At most `most_pages` pages are made."""

    limits: Limits
    most_pages: int

    @contextmanager
    def pages(self, name: str, pieces: Iterator[bytes]) -> Iterator[Pages]:
        """The pages of a file `name`, which are gone after the block.

        Raises what `Sandbox.run` does.
        """
        with workplace(name, pieces) as source:
            extension = extension_of(source.name)
            yield self._convert(Sandbox(source.parent, self.limits), source, extension)

    def _convert(self, sandbox: Sandbox, source: Path, extension: str) -> Pages:
        if extension in PICTURES:
            return self._picture(sandbox, source)
        if extension in OFFICE:
            source = self._portable(sandbox, source, *OFFICE[extension])
        return self._drawn(sandbox, source)

    def _picture(self, sandbox: Sandbox, source: Path) -> Pages:
        target = sandbox.folder / "page-1.jpg"
        command = [sys.executable, "-m", "xinglin.files.picture_page", str(source), str(target)]
        with_python = replace(sandbox, shown=of_python(PACKAGE))
        with_python.run(command, {"PYTHONPATH": str(PACKAGE.parent), "PYTHONDONTWRITEBYTECODE": "1"})
        return Pages(_found(sandbox.folder, 1), has_more=False)

    def _portable(self, sandbox: Sandbox, source: Path, program: str, reader: str) -> Path:
        """A PDF of the pages that are shown and one more, which tells that there are more."""
        pages = json.dumps({"PageRange": {"type": "string", "value": f"1-{self.most_pages + 1}"}})
        return by_office(sandbox, source, reader, f"pdf:{program}_pdf_Export:{pages}")

    def _drawn(self, sandbox: Sandbox, source: Path) -> Pages:
        # The longer edge is fixed, so that a page of a kilometre costs no more than one of A4.
        sandbox.run(
            [
                "pdftoppm",
                "-q",
                "-jpeg",
                "-jpegopt",
                "quality=80,optimize=y",
                "-scale-to",
                str(FULL_EDGE),
                "-l",
                str(self.most_pages + 1),
                source,
                sandbox.folder / "page",
            ]
        )
        found = _found(sandbox.folder, self.most_pages + 1)
        return Pages(found[: self.most_pages], has_more=len(found) > self.most_pages)


@contextmanager
def workplace(name: str, pieces: Iterable[bytes]) -> Iterator[Path]:
    """The file `name` alone in a folder, which is gone after the block."""
    forget_left_behind()
    owned = f"{PREFIX}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=owned, dir=scratch_folder(), ignore_cleanup_errors=True) as made:
        extension = AS_READ.get(extension_of(name), extension_of(name))
        source = Path(made) / f"input.{extension}"
        with source.open("wb") as out:
            for piece in pieces:
                out.write(piece)
        yield source


def by_office(sandbox: Sandbox, source: Path, reader: str, target: str) -> Path:
    """What LibreOffice makes of a file it takes for `reader`; `target` as in its option --convert-to."""
    profile = sandbox.folder / "profile"
    _write_settings(profile / "user")
    sandbox.run(
        [
            "soffice",
            "--headless",
            "--norestore",
            "--nologo",
            "--nodefault",
            "--nolockcheck",
            f"-env:UserInstallation={profile.as_uri()}",
            f"--infilter={reader}",
            "--convert-to",
            target,
            "--outdir",
            sandbox.folder,
            source,
        ]
    )
    made = source.with_suffix(f".{target.partition(':')[0]}")
    if not made.is_file():
        raise Failed("soffice: made nothing")  # it says so and ends with 0
    return made


def can_show(name: str) -> bool:
    """Whether pages can be made of a file of this name."""
    return extension_of(name) in SHOWN


def check_programs() -> None:
    """Raises `ProgramMissing` when something is not installed that is needed."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        raise ProgramMissing(missing)


def forget_left_behind() -> None:
    """Remove the folders of workers that died while they converted: plain bytes lie in them."""
    for folder in scratch_folder().glob(f"{PREFIX}*"):
        try:
            is_old = folder.stat().st_mtime < time.time() - LEFT_BEHIND_SECONDS
        except FileNotFoundError:
            continue
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if is_old or not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _found(folder: Path, most: int) -> tuple[Page, ...]:
    """The first pages, in order. What lies there may be the work of a converter that was taken over."""
    numbered = [(int(match[1]), path) for path in folder.iterdir() if (match := PAGE.fullmatch(path.name))]
    if not numbered:
        raise Failed("no page was made")
    return tuple(_page(path) for _number, path in sorted(numbered)[:most])


def _page(path: Path) -> Page:
    facts = path.lstat()
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST_PAGE:
        raise Failed("a page is no file, or too large")
    try:
        with Image.open(path, formats=("JPEG",)) as picture:
            page = Page(path, *picture.size)
    except (OSError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Failed("a page is no picture") from error
    if max(page.width, page.height) > FULL_EDGE:
        raise Failed("a page has too many pixels")
    return page


def _write_settings(folder: Path) -> None:
    folder.mkdir(parents=True)
    items = "\n".join(ITEM.format(path=path, name=name, value=value) for path, name, value in CAREFUL)
    (folder / "registrymodifications.xcu").write_text(SETTINGS.format(items=items), encoding="utf-8")


def scratch_folder() -> Path:
    """Where working folders are made: in memory only if there is room: a container may have 64 MB there."""
    has_room = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MOST_WRITTEN
    return MEMORY if has_room else Path(tempfile.gettempdir())
