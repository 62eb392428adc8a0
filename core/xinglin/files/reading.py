"""Looking at a file without taking it along: who may, how far it is, and its pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.api.services import NotFound
from xinglin.files import reading_rules as rules
from xinglin.files.models import READABLE, FilePreview, FileState, PreviewState, StoredFile
from xinglin.files.names import extension_of
from xinglin.files.previewing import BROKEN_OFF, TOO_LARGE, TOO_SLOW
from xinglin.files.service import lock_of, page_name
from xinglin.files.vault import Vault
from xinglin.files.watermark import find_font, stamped
from xinglin.people.models import Person
from xinglin.types import Clock

if TYPE_CHECKING:
    from pyramid.request import Request

    from xinglin.crypto.service import Keyring
    from xinglin.kernel.settings import CoreSettings

_ = translator("core")


class Stage(StrEnum):
    """What the reader is told."""

    CHECKING = "checking"
    INFECTED = "infected"
    REFUSED = "refused"
    PREPARING = "preparing"
    READY = "ready"
    IMPOSSIBLE = "impossible"


PROBLEMS = {
    TOO_SLOW: _("It takes too long to draw."),
    TOO_LARGE: _("It is too large to be drawn."),
    BROKEN_OFF: _("Drawing it broke off several times."),
}
UNREADABLE = _("It is damaged, locked with a password, or not what its name says.")
NO_SUCH_KIND = _("Files of this kind have no preview.")
NO_OFD = _("Pages of OFD documents cannot be drawn yet; an OFD reader opens them.")
STAGES = {FileState.PENDING: Stage.CHECKING, FileState.INFECTED: Stage.INFECTED}


@dataclass(frozen=True)
class ShownPage:
    """A page of the preview, `number` from 1, its size in pixels."""

    number: int
    width: int
    height: int


@dataclass(frozen=True)
class Look:
    """What a reader sees of a file; `problem` is a sentence when nothing can be shown."""

    stored: StoredFile
    stage: Stage
    pages: tuple[ShownPage, ...] = ()
    has_more: bool = False
    problem: str = ""

    @property
    def can_download(self) -> bool:
        return self.stored.state in READABLE


@dataclass(frozen=True)
class Reader:
    """Who looks; `public_id` is that of the person."""

    public_id: str
    name: str


class ReadingService:
    """Files for readers: for who uploaded a file, and for whom the module that has it lets in by its rule."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        keyring: Keyring,
        settings: CoreSettings,
        reader: Reader,
        is_let_in: Callable[[StoredFile], bool],
    ) -> None:
        self._session = session
        self._clock = clock
        self._keyring = keyring
        self._settings = settings
        self._reader = reader
        self._is_let_in = is_let_in

    def find(self, public_id: str) -> StoredFile:
        """The file, for those who may read it; raises `NotFound`, the same when there is none."""
        query = select(StoredFile).where(
            StoredFile.public_id == public_id, StoredFile.state != FileState.REMOVED
        )
        stored = self._session.scalar(query)
        if stored is None or not self._may(stored):
            raise NotFound(
                _("This file does not exist, or is not for you."), _("Open it from its page once more.")
            )
        return stored

    def look(self, stored: StoredFile) -> Look:
        """How far the file is, and its pages."""
        if stored.state not in READABLE:
            return Look(stored, STAGES.get(FileState(stored.state), Stage.REFUSED))
        if stored.width is not None and stored.height is not None:
            return Look(stored, Stage.READY, (ShownPage(1, stored.width, stored.height),))
        preview = self._preview(stored)
        if preview is None or self._settings.preview_pages == 0:
            is_ofd = extension_of(stored.name) == "ofd"
            return Look(stored, Stage.IMPOSSIBLE, problem=NO_OFD if is_ofd else NO_SUCH_KIND)
        if preview.state == PreviewState.WAITING:
            return Look(stored, Stage.PREPARING)
        if preview.state == PreviewState.FAILED:
            return Look(stored, Stage.IMPOSSIBLE, problem=PROBLEMS.get(preview.problem, UNREADABLE))
        pages = tuple(
            ShownPage(number, width, height) for number, (_size, width, height) in enumerate(preview.pages, 1)
        )
        return Look(stored, Stage.READY, pages, preview.has_more)

    def page(self, stored: StoredFile, number: int) -> bytes:
        """Page `number` as JPEG with the reader's name, number and time; raises `NotFound`, `NoFont`."""
        look = self.look(stored)
        if not 1 <= number <= len(look.pages):
            raise NotFound(_("There is no such page."), _("Open it from its page once more."))
        font = find_font(self._settings.preview_font)
        name, size = self._object(stored, number)
        with Vault.of(self._settings, self._keyring).open(name, lock_of(stored), size) as page:
            return stamped(page, self._mark(), font)

    def _object(self, stored: StoredFile, number: int) -> tuple[str, int]:
        preview = self._preview(stored)
        if preview is None:
            return f"{stored.storage_key}.full", stored.size
        return page_name(stored.storage_key, preview.attempts, number), preview.pages[number - 1][0]

    def _mark(self) -> str:
        person = select(Person.staff_no).where(Person.public_id == self._reader.public_id)
        staff_no = self._session.scalar(person) or ""
        return f"{self._reader.name} {staff_no} {_minute(self._clock.now(), self._settings.zone)}"

    def _preview(self, stored: StoredFile) -> FilePreview | None:
        return self._session.scalar(select(FilePreview).where(FilePreview.file_id == stored.id))

    def _may(self, stored: StoredFile) -> bool:
        return stored.uploaded_by == self._reader.public_id or self._is_let_in(stored)


def _minute(now: datetime, zone: ZoneInfo) -> str:
    return now.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def factory(_context: object, request: Request) -> ReadingService:
    reader = Reader(request.identity.public_id, request.identity.name)

    def is_let_in(stored: StoredFile) -> bool:
        return rules.lets_in(request, stored)

    return ReadingService(request.db, request.clock, request.keyring, request.settings, reader, is_let_in)
