"""Starting a document: what a person may start, and sending the form off; and which files a draft may hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.api.people import Audience, AudienceService, Term
from xinglin.api.security import current
from xinglin.api.services import NotFound
from xinglin_documents.models import Definition as Version
from xinglin_documents.models import (
    DefinitionState,
    Entry,
    Instance,
    Item,
    Process,
    Secrecy,
    Urgency,
)
from xinglin_documents.service.definitions import DefinitionService
from xinglin_documents.service.engine.definition import START, Definition, FieldKind, FormField
from xinglin_documents.service.engine.state import State
from xinglin_documents.service.flow.service import FlowService
from xinglin_documents.service.forms.drafts import DraftService
from xinglin_documents.service.forms.rights import is_editable, rights_of, rights_of_task

_ = translator("documents")


class Definitions(Protocol):
    """Versions of processes as values, and who may start them."""

    def live(self, process_key: str) -> Definition: ...

    def of(self, instance: Instance) -> Definition: ...

    def of_version(self, version_id: int) -> Definition: ...

    def startable(self, person_id: int) -> Sequence[Process]: ...


class Starter(Protocol):
    """What makes a document of a form."""

    def start(
        self,
        process_key: str,
        values: Mapping[str, Any],
        *,
        files: Mapping[str, tuple[str, ...]],
        secrecy: Secrecy,
        urgency: Urgency,
        audience: Audience | None,
    ) -> Item: ...

    def may_start(self, definition: Definition) -> bool: ...


@dataclass(frozen=True)
class Handling:
    """How a document is to be handled. `terms`: who may know it besides those who handle it; empty: nobody."""

    secrecy: Secrecy = Secrecy.OPEN
    urgency: Urgency = Urgency.NORMAL
    terms: tuple[Term, ...] = ()


class StartingService:
    """For one person."""

    def __init__(
        self,
        session: Session,
        definitions: Definitions,
        starter: Starter,
        drafts: DraftService,
        audiences: AudienceService,
        person_id: int,
    ) -> None:
        self._session = session
        self._definitions = definitions
        self._starter = starter
        self._drafts = drafts
        self._audiences = audiences
        self._person_id = person_id

    def startable(self) -> Sequence[Process]:
        return self._definitions.startable(self._person_id)

    def definition(self, process_key: str) -> Definition:
        """The live version of a process that this person may start; raises `NotFound`."""
        if process_key not in {process.key for process in self.startable()}:
            raise NotFound(
                _("You cannot start this process."), _("Choose one of the list, or ask the IT department.")
            )
        return self._definitions.live(process_key)

    def switched_off(self, process_key: str) -> Definition | None:
        """The last version of a process that is switched off, if this person might start it otherwise."""
        query = (
            select(Version.id)
            .join(Process, Process.id == Version.process_id)
            .where(
                Process.key == process_key,
                Process.is_active.is_(False),
                Version.state == DefinitionState.LIVE,
            )
        )
        version_id = self._session.scalar(query)
        definition = self._definitions.of_version(version_id) if version_id is not None else None
        return definition if definition is not None and self._starter.may_start(definition) else None

    def file_fields(self, address: str) -> Sequence[FormField]:
        """The fields of files that the draft of this address may fill; raises `NotFound`."""
        place = self._drafts.place(address)
        entry = self._session.get(Entry, place.entry_id) if place.entry_id else None
        if entry is None:
            definition = self.definition(address.partition("-")[2])
            rights = rights_of(definition, START)
        else:
            instance = self._session.get(Instance, entry.item_id)
            if instance is None:
                return ()
            definition = self._definitions.of(instance)
            rights = rights_of_task(definition, State.from_json(instance.state), entry)
        return [
            field for field in definition.form if field.kind is FieldKind.FILES and is_editable(field, rights)
        ]

    def begin(self, definition: Definition, values: Mapping[str, Any], handling: Handling) -> Item:
        """Send it off with the files of its draft, which is over then. Nothing has happened when it raises."""
        place = self._drafts.place(f"new-{definition.key}")
        added = self._drafts.files(place)
        with self._session.begin_nested():
            audience = self._audiences.store(handling.terms) if handling.terms else None
            item = self._starter.start(
                definition.key,
                values,
                files={key: tuple(one.public_id for one in files) for key, files in added.items()},
                secrecy=handling.secrecy,
                urgency=handling.urgency,
                audience=audience,
            )
            self._drafts.finish(place)
        return item


def factory(context: object, request: Request) -> StartingService:
    return StartingService(
        request.db,
        request.service(DefinitionService),
        request.service(FlowService),
        request.service(DraftService),
        request.service(AudienceService),
        current(request).id,
    )
