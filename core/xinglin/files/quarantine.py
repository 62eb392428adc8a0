"""Files that the virus check withheld: what the security administrator sees and decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError, NotFound
from xinglin.files.models import QUARANTINED, FileState, StoredFile
from xinglin.files.service import delete_after_commit, objects_of
from xinglin.files.vault import Vault
from xinglin.people.models import Person
from xinglin.types import Clock

if TYPE_CHECKING:
    from pyramid.request import Request

    from xinglin.audit.service import AuditTrail

_ = translator("core")
KEEP = timedelta(days=30)
LEAST_REASON = 4
SHOWN = 100


@dataclass(frozen=True)
class Entry:
    """A file as the list shows it; `uploader` is name and number, `at` (UTC) when it was checked or came."""

    id: str
    name: str
    plugin: str
    size: int
    state: str
    finding: str
    uploader: str
    at: datetime


class QuarantineService:
    """Infected and refused files. They are kept 30 days, then their bytes go and their row stays."""

    def __init__(self, session: Session, clock: Clock, audit: AuditTrail, vault: Vault) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._vault = vault

    def everything(self) -> Sequence[StoredFile]:
        """Withheld files, newest first."""
        query = select(StoredFile).where(StoredFile.state.in_(QUARANTINED))
        return self._session.scalars(query.order_by(StoredFile.id.desc())).all()

    def withheld(self, most: int = SHOWN) -> list[Entry]:
        """The newest of them, for the page."""
        return self._entries(StoredFile.state.in_(QUARANTINED), most)

    def held(self, most: int = SHOWN) -> list[Entry]:
        """What waits for the check, newest first."""
        return self._entries(StoredFile.state == FileState.PENDING, most)

    def entry(self, public_id: str) -> Entry:
        """One withheld file; raises `NotFound`."""
        is_it = and_(StoredFile.state.in_(QUARANTINED), StoredFile.public_id == public_id)
        found = self._entries(is_it, 1)
        if not found:
            raise _missing()
        return found[0]

    def count(self) -> int:
        """How many are withheld."""
        query = select(func.count()).select_from(StoredFile).where(StoredFile.state.in_(QUARANTINED))
        return self._session.scalars(query).one()

    def release(self, public_id: str, reason: str) -> StoredFile:
        """Pass a file against the engine's word, as for a false alarm. Raises `DomainError` without a reason."""
        stored = self._find(public_id)
        self._check_reason(reason)
        before = stored.state
        stored.state, stored.checked_at = FileState.CLEAN, self._clock.now()
        self._audit.record(
            "file.release",
            "file",
            public_id,
            before={"state": before, "finding": stored.finding},
            after={"reason": reason.strip()},
        )
        return stored

    def delete(self, public_id: str, reason: str) -> StoredFile:
        """Remove the bytes now; the row stays and says so."""
        stored = self._find(public_id)
        self._check_reason(reason)
        self._remove(stored, reason.strip())
        return stored

    def remove_old(self) -> int:
        """Remove the bytes of those whose 30 days are over; how many."""
        limit = self._clock.now() - KEEP
        old = [stored for stored in self.everything() if stored.checked_at and stored.checked_at < limit]
        for stored in old:
            self._remove(stored, "30 days are over")
        return len(old)

    def _entries(self, condition: ColumnElement[bool], most: int) -> list[Entry]:
        query = (
            select(StoredFile, Person.name, Person.staff_no)
            .outerjoin(Person, Person.public_id == StoredFile.uploaded_by)
            .where(condition)
            .order_by(StoredFile.id.desc())
            .limit(most)
        )
        return [_entry(*row) for row in self._session.execute(query)]

    def _remove(self, stored: StoredFile, reason: str) -> None:
        self._audit.record(
            "file.remove",
            "file",
            stored.public_id,
            before={"state": stored.state, "finding": stored.finding},
            after={"reason": reason},
        )
        stored.state = FileState.REMOVED
        delete_after_commit(self._session, self._vault, objects_of(self._session, stored))

    def _find(self, public_id: str) -> StoredFile:
        query = select(StoredFile).where(StoredFile.public_id == public_id, StoredFile.state.in_(QUARANTINED))
        found = self._session.scalar(query.with_for_update())
        if found is None:
            raise _missing()
        return found

    def _check_reason(self, reason: str) -> None:
        if len(reason.strip()) < LEAST_REASON:
            raise DomainError(_("A reason is needed."), _("Say in a few words why."))


def _entry(stored: StoredFile, name: str | None, staff_no: str | None) -> Entry:
    return Entry(
        id=stored.public_id,
        name=stored.name,
        plugin=stored.plugin,
        size=stored.size,
        state=stored.state,
        finding=stored.finding,
        uploader=" ".join(filter(None, (name, staff_no))),
        at=stored.checked_at or stored.created_at,
    )


def _missing() -> NotFound:
    return NotFound(
        _("There is no such file in quarantine."), _("Look at the list: xinglin files quarantine list")
    )


def factory(_context: object, request: Request) -> QuarantineService:
    vault = Vault.of(request.settings, request.keyring)
    return QuarantineService(request.db, request.clock, request.audit, vault)
