"""What may be started, and by which version a document runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyramid.request import Request
from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.db import ask
from xinglin.api.people import Person, PersonState
from xinglin.api.security import held_grants
from xinglin.types import Clock
from xinglin_documents.models import Definition as Version
from xinglin_documents.models import DefinitionState, Instance, Process
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.definitions.cache import CACHE
from xinglin_documents.service.definitions.database import standing_of
from xinglin_documents.service.definitions.errors import ProcessMissing
from xinglin_documents.service.definitions.parsing import parse
from xinglin_documents.service.definitions.shipped import ensure_shipped
from xinglin_documents.service.engine.definition import Definition

_OF_VERSION = select(Version.id, Version.digest, Version.version).where(Version.id == bindparam("version_id"))
MANAGE = DocumentsPermission.MANAGE.value


class DefinitionService:
    """Definitions are kept by digest, so that asking for one again costs a short query."""

    def __init__(self, session: Session, clock: Clock, audit: AuditTrail) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit

    @staticmethod
    def parse(text: str, *, version: int = 0) -> Definition:
        """Raises `DefinitionFaults`."""
        return parse(text, version=version)

    def live(self, process_key: str) -> Definition:
        """The version by which new documents run; raises `ProcessMissing`, also when the process is switched off."""
        found = self.live_or_none(process_key)
        if found is None:
            raise ProcessMissing
        return found

    def live_or_none(self, process_key: str) -> Definition | None:
        """As `live`; None when there is none."""
        row = self._session.execute(_live().where(Process.key == process_key)).one_or_none()
        return self._read(row.id, row.digest, row.version) if row is not None else None

    def published(self, process_key: str) -> Definition:
        """As `live`, also of a process that is switched off: for the parts of documents under way."""
        query = _published().where(Process.key == process_key)
        row = self._session.execute(query).one_or_none()
        if row is None:
            raise ProcessMissing
        return self._read(row.id, row.digest, row.version)

    def of(self, instance: Instance) -> Definition:
        """The version by which this instance runs, whatever has been published since."""
        return self.of_version(instance.definition_id)

    def of_version(self, version_id: int) -> Definition:
        """By the id of its row, which must be there and must have been live once."""
        row = ask(self._session, _OF_VERSION, version_id=version_id).one()
        return self._read(row.id, row.digest, row.version)

    def startable(self, person_id: int) -> list[Process]:
        """What she may start now, in the order of IT; nothing for whoever does not work here."""
        person = self._session.get(Person, person_id)
        if person is None or person.state != PersonState.ACTIVE:
            return []
        is_manager = bool(held_grants(self._session, person_id, self._clock.now(), {MANAGE}))
        standing = standing_of(self._session, person, is_manager=is_manager)
        rows = self._session.execute(
            _live().add_columns(Process).order_by(Process.sort_order, Process.key)
        ).all()
        return [row.Process for row in rows if standing.is_meant(self._read(*row[:3]).starters)]

    def may_start(self, process_key: str, person_id: int) -> bool:
        return any(process.key == process_key for process in self.startable(person_id))

    def titles(self, keys: Iterable[str]) -> Mapping[str, Process]:
        """Processes by key, also those switched off."""
        rows = self._session.scalars(select(Process).where(Process.key.in_(set(keys))))
        return {process.key: process for process in rows}

    def is_empty(self) -> bool:
        """Whether there is no process at all: the site is new, and its worker has not put them in yet."""
        return self._session.scalar(select(Process.id).limit(1)) is None

    def ensure(self) -> int:
        """Put in the processes that come with the portal, if they are missing; how many were new."""
        return ensure_shipped(self._session, self._clock, self._audit)

    def _read(self, version_id: int, digest: str, number: int) -> Definition:
        query = select(Version.source).where(Version.id == version_id)
        return CACHE.get(digest, number, lambda: str(self._session.scalar(query)))


def _live() -> Select[int, str, int]:
    return _published().where(Process.is_active)


def _published() -> Select[int, str, int]:
    return (
        select(Version.id, Version.digest, Version.version)
        .join(Process, Process.id == Version.process_id)
        .where(Version.state == DefinitionState.LIVE)
    )


def factory(context: object, request: Request) -> DefinitionService:
    return DefinitionService(request.db, request.clock, request.audit)
