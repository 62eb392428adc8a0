"""What IT does with processes: drafts, checks, publishing, the order and the switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyramid.request import Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.i18n import translator
from xinglin.api.security import current
from xinglin.types import Clock
from xinglin_documents.models import Definition as Version
from xinglin_documents.models import DefinitionState, Instance, Item, ItemStatus, Process
from xinglin_documents.service.definitions.database import DatabaseDirectory
from xinglin_documents.service.definitions.errors import (
    DraftChanged,
    NothingToPublish,
    ProcessExists,
    ProcessMissing,
    ReasonMissing,
    TextTooLarge,
)
from xinglin_documents.service.definitions.faults import DefinitionFaults, Fault
from xinglin_documents.service.definitions.parsing import Checked, check
from xinglin_documents.service.definitions.service import DefinitionService
from xinglin_documents.service.definitions.skeleton import skeleton
from xinglin_documents.service.definitions.source import MAX_BYTES
from xinglin_documents.service.definitions.versions import digest_of, dress, next_number
from xinglin_documents.service.engine.definition import Definition

_ = translator("documents")

UNDER_WAY = (ItemStatus.RUNNING, ItemStatus.SUSPENDED)


@dataclass(frozen=True)
class Overview:
    """A process in the list of IT. `live` and `draft` are numbers of versions; `running`: documents by version."""

    process: Process
    live: int | None
    draft: int | None
    running: Mapping[int, int]


class EditingService:
    """`author` is the name that stands at what is written. Every write is recorded."""

    def __init__(
        self, session: Session, clock: Clock, audit: AuditTrail, definitions: DefinitionService, author: str
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._definitions = definitions
        self._author = author

    def overview(self) -> list[Overview]:
        """All processes, also those switched off or never published."""
        states = (DefinitionState.LIVE, DefinitionState.DRAFT)
        query = select(Version.process_id, Version.state, Version.version).where(Version.state.in_(states))
        numbers = {(row.process_id, row.state): row.version for row in self._session.execute(query)}
        running = self._running()
        processes = self._session.scalars(select(Process).order_by(Process.sort_order, Process.key))
        return [
            Overview(
                process,
                numbers.get((process.id, DefinitionState.LIVE)),
                numbers.get((process.id, DefinitionState.DRAFT)),
                running.get(process.id, {}),
            )
            for process in processes
        ]

    def find(self, process_key: str) -> Process:
        """Also one that is switched off. Raises `ProcessMissing`."""
        process = self._session.scalar(select(Process).where(Process.key == process_key))
        if process is None:
            raise ProcessMissing
        return process

    def versions(self, process: Process) -> Sequence[Version]:
        """Newest first."""
        query = select(Version).where(Version.process_id == process.id).order_by(Version.version.desc())
        return self._session.scalars(query).all()

    def version(self, process: Process, number: int) -> Version:
        """Raises `ProcessMissing`."""
        query = select(Version).where(Version.process_id == process.id, Version.version == number)
        found = self._session.scalar(query)
        if found is None:
            raise ProcessMissing
        return found

    def draft_of(self, process: Process) -> Version | None:
        return self._in_state(process, DefinitionState.DRAFT)

    def live_of(self, process: Process) -> Version | None:
        return self._in_state(process, DefinitionState.LIVE)

    def edited(self, process: Process) -> Version:
        """What the editor opens: the draft, else the live version, else the newest one."""
        return self.draft_of(process) or self.live_of(process) or self.versions(process)[0]

    def check(self, process: Process, text: str, *, version: int = 0) -> Checked:
        """All faults and warnings, also against what the hospital has now and the key of the process."""
        directory = DatabaseDirectory(self._session, self._definitions.live_or_none)
        checked = check(text, version=version, directory=directory)
        if checked.definition is None or checked.definition.key == process.key:
            return checked
        cause = _("This is the text of another process: “${key}”.", mapping={"key": checked.definition.key})
        cure = _("Write “process: ${key}”.", mapping={"key": process.key})
        return Checked(None, (Fault(1, cause, cure),), checked.warnings)

    def create(self, key: str, title: str) -> Process:
        """A new process with a first draft; it can be started once that is published. Raises `ProcessExists`."""
        if self._session.scalar(select(Process.id).where(Process.key == key)) is not None:
            raise ProcessExists(key)
        process = Process(key=key, title=title)
        self._session.add(process)
        self._session.flush()
        self._audit.record("documents.create_process", "process", key, after={"title": title})
        self._write_draft(process, skeleton(key, title))
        return process

    def save(self, process: Process, text: str, *, based_on: str) -> Version:
        """Keep a draft, faulty or not. `based_on`: the digest of what was opened. Raises `DraftChanged`, `TextTooLarge`."""
        self._lock(process)
        edited, text = self.edited(process), text.replace("\r\n", "\n")
        if len(text.encode("utf-8", "replace")) > MAX_BYTES:
            raise TextTooLarge(MAX_BYTES // 1000)
        if digest_of(text) == edited.digest:
            return edited
        if edited.digest != based_on:
            raise DraftChanged
        return self._write_draft(process, text)

    def discard(self, process: Process) -> None:
        """Throw the draft away, if there is one and something is live."""
        self._lock(process)
        draft = self.draft_of(process)
        if draft is None or self.live_of(process) is None:
            raise NothingToPublish
        facts = {"version": draft.version, "digest": draft.digest}
        self._session.delete(draft)
        self._audit.record("documents.discard_process", "process", process.key, before=facts)

    def publish(self, process: Process, *, digest: str, reason: str) -> Version:
        """Make the draft live; what runs stays on its version.

        `digest` is that of the draft which was looked at. Raises `DefinitionFaults`, `DraftChanged`, `ReasonMissing`,
        `NothingToPublish`.
        """
        self._lock(process)
        draft, live = self.draft_of(process), self.live_of(process)
        if not reason.strip():
            raise ReasonMissing
        if draft is None or (live is not None and live.digest == draft.digest):
            raise NothingToPublish
        if draft.digest != digest:
            raise DraftChanged
        checked = self.check(process, draft.source, version=draft.version)
        if checked.definition is None:
            raise DefinitionFaults(checked.faults)
        self._put_live(process, draft, live, checked.definition)
        self._audit.record(
            "documents.publish_process",
            "process",
            process.key,
            before={"version": live.version, "digest": live.digest} if live else None,
            after={"version": draft.version, "digest": draft.digest, "reason": reason.strip()},
        )
        return draft

    def arrange(self, process: Process, *, is_active: bool, sort_order: int) -> None:
        """Whether new documents may be started, and its place in lists; what runs goes on."""
        before = {"is_active": process.is_active, "order": process.sort_order}
        process.is_active, process.sort_order = is_active, sort_order
        after = {"is_active": is_active, "order": sort_order}
        self._audit.record("documents.arrange_process", "process", process.key, before=before, after=after)

    def _running(self) -> Mapping[int, Mapping[int, int]]:
        query = (
            select(Version.process_id, Version.version, func.count())
            .join(Instance, Instance.definition_id == Version.id)
            .join(Item, Item.id == Instance.id)
            .where(Item.status.in_(UNDER_WAY))
            .group_by(Version.process_id, Version.version)
            .order_by(Version.version)
        )
        found: dict[int, dict[int, int]] = {}
        for process_id, version, count in self._session.execute(query):
            found.setdefault(process_id, {})[version] = count
        return found

    def _lock(self, process: Process) -> None:
        """Two who save or publish at once come one after the other."""
        self._session.execute(select(Process.id).where(Process.id == process.id).with_for_update())

    def _in_state(self, process: Process, state: DefinitionState) -> Version | None:
        query = select(Version).where(Version.process_id == process.id, Version.state == state)
        return self._session.scalar(query.execution_options(populate_existing=True))

    def _write_draft(self, process: Process, text: str) -> Version:
        draft = self.draft_of(process)
        if draft is None:
            number = next_number(self._session, process)
            draft = Version(process_id=process.id, version=number, state=DefinitionState.DRAFT)
            self._session.add(draft)
        draft.source, draft.digest = text, digest_of(text)
        draft.written_by, draft.created_at = self._author, self._clock.now()
        self._session.flush()
        after = {"version": draft.version, "digest": draft.digest}
        self._audit.record("documents.save_process", "process", process.key, after=after)
        return draft

    def _put_live(
        self, process: Process, draft: Version, live: Version | None, definition: Definition
    ) -> None:
        if live is not None:
            live.state = DefinitionState.RETIRED
        else:
            process.sort_order = definition.sort_order
        draft.state, draft.published_at = DefinitionState.LIVE, self._clock.now()
        dress(process, definition)
        self._session.flush()


def factory(context: object, request: Request) -> EditingService:
    definitions = request.service(DefinitionService)
    return EditingService(request.db, request.clock, request.audit, definitions, current(request).name)
