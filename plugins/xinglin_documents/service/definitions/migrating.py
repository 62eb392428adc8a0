"""Moving running documents to the live version of their process: first looked at, then done, one by one or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.i18n import TranslationString
from xinglin.api.security import current
from xinglin.api.services import DomainError
from xinglin_documents.models import Definition as Version
from xinglin_documents.models import Instance, Item
from xinglin_documents.service.definitions.editing import UNDER_WAY, EditingService
from xinglin_documents.service.definitions.errors import NotLive, ReasonMissing
from xinglin_documents.service.definitions.moving import hindrances, waiting_steps
from xinglin_documents.service.definitions.service import DefinitionService
from xinglin_documents.service.engine.commands import Act, Command
from xinglin_documents.service.engine.definition import Definition
from xinglin_documents.service.engine.state import State
from xinglin_documents.service.flow.running import Runner

MOST = 2_000
"""How many are looked at and moved at a time; the rest follows with the next look."""


class Mover(Protocol):
    """Carries out acts on documents as events; see `service.flow.running.Runner`."""

    def lock(self, item_ids: Iterable[int]) -> dict[int, Instance]:
        """These documents, and those above them, held until the transaction ends."""

    def perform(self, instance: Instance, command: Command, definition: Definition | None = None) -> object:
        """Do it, by this definition. Raises `DomainError`."""


@dataclass(frozen=True)
class Move:
    """A running document: by which version, where it waits, and what hinders it. Without faults it may be moved."""

    item: Item
    version: int
    steps: tuple[str, ...]
    faults: tuple[TranslationString, ...]


@dataclass(frozen=True)
class Moved:
    """What became of it: how many moved, and which stayed."""

    count: int
    left: Sequence[Move]


class MigrationService:
    """`actor_id`: who moves; it stands in the events of the documents."""

    def __init__(
        self,
        session: Session,
        audit: AuditTrail,
        definitions: DefinitionService,
        editing: EditingService,
        mover: Mover,
        actor_id: int,
    ) -> None:
        self._session = session
        self._audit = audit
        self._definitions = definitions
        self._editing = editing
        self._mover = mover
        self._actor_id = actor_id

    def preview(self, process_key: str, to_version: int) -> list[Move]:
        """The oldest documents that run by another version; nothing is changed. Raises `NotLive`."""
        new = self._goal(process_key, to_version)
        return [self._move(instance, item, new) for instance, item in self._running(process_key, to_version)]

    def migrate(self, process_key: str, to_version: int, items: Collection[str], reason: str) -> Moved:
        """Move those of `items` (public ids) that fit; each is locked, looked at again, and moves whole or stays."""
        if not reason.strip():
            raise ReasonMissing
        new = self._goal(process_key, to_version)
        found = {item.id: item for _instance, item in self._running(process_key, to_version, set(items))}
        locked = self._mover.lock(found)
        tried = [self._try(locked[key], item, new) for key, item in found.items()]
        left = [move for move in tried if move is not None]
        count = len(tried) - len(left)
        after = {"version": to_version, "moved": count, "left": len(left), "reason": reason.strip()}
        self._audit.record("documents.migrate_process", "process", process_key, after=after)
        return Moved(count, left)

    def _try(self, instance: Instance, item: Item, new: Definition) -> Move | None:
        move = self._move(instance, item, new)
        if move.faults:
            return move
        try:
            with self._session.begin_nested():
                self._mover.perform(instance, Command(Act.MIGRATE, self._actor_id, is_manager=True), new)
        except DomainError as refused:
            return Move(item, move.version, move.steps, (TranslationString(refused.message),))
        return None

    def _goal(self, process_key: str, to_version: int) -> Definition:
        live = self._editing.live_of(self._editing.find(process_key))
        if live is None or live.version != to_version:
            raise NotLive
        return self._definitions.of_version(live.id)

    def _move(self, instance: Instance, item: Item, new: Definition) -> Move:
        old, state = self._definitions.of(instance), State.from_json(instance.state)
        return Move(item, old.version, waiting_steps(state, old), hindrances(state, old, new))

    def _running(
        self, process_key: str, to_version: int, only: Collection[str] | None = None
    ) -> Iterator[tuple[Instance, Item]]:
        process = self._editing.find(process_key)
        query = (
            select(Instance, Item)
            .join(Item, Item.id == Instance.id)
            .join(Version, Version.id == Instance.definition_id)
            .where(Version.process_id == process.id, Version.version != to_version)
            .where(Item.status.in_(UNDER_WAY))
            .order_by(Item.id)
            .limit(MOST)
        )
        if only is not None:
            query = query.where(Item.public_id.in_(only))
        for row in self._session.execute(query).all():
            yield row[0], row[1]


def factory(context: object, request: Request) -> MigrationService:
    return MigrationService(
        request.db,
        request.audit,
        request.service(DefinitionService),
        request.service(EditingService),
        request.service(Runner),
        current(request).id,
    )
