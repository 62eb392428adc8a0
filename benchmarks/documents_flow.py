"""Flows of persons outside a request: the same services that a request puts together, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from xinglin.audit.service import Actor, AuditTrail
from xinglin.files.service import FileStore
from xinglin.files.storage import Storage
from xinglin.files.vault import Vault
from xinglin.kernel.db import Session
from xinglin.kernel.site import Site
from xinglin.people.models import Person
from xinglin.push.service import PushService
from xinglin_documents.push import KINDS
from xinglin_documents.schemas import DocumentsSettings
from xinglin_documents.service.definitions.service import DefinitionService
from xinglin_documents.service.flow.attaching import Attaching
from xinglin_documents.service.flow.managers import GrantedManagers
from xinglin_documents.service.flow.running import Runner
from xinglin_documents.service.flow.service import FlowService
from xinglin_documents.service.forms.signatures import SignatureService
from xinglin_documents.service.inbox.seeing import Looker
from xinglin_documents.service.time.deputies import DeputyService
from xinglin_documents.service.time.working import WorkingTime

PUSH_KINDS = {one.name: one for one in KINDS}


@dataclass(frozen=True)
class Desk:
    """Where persons of one site act; `hours` as of the settings' default."""

    site: Site
    hours: str

    @classmethod
    def of(cls, site: Site) -> Desk:
        return cls(site, DocumentsSettings().working_hours)

    @contextmanager
    def flow(self, person_id: int) -> Iterator[FlowService]:
        """The service of this person; commits at the end."""
        with self.site.database.session() as session:
            yield self._service(session, person_id)

    def definitions(self, session: Session) -> DefinitionService:
        audit = AuditTrail(session, Actor.system("bench"), self.site.clock, self.site.keyring)
        return DefinitionService(session, self.site.clock, audit)

    def _service(self, session: Session, person_id: int) -> FlowService:
        clock, keyring = self.site.clock, self.site.keyring
        person = session.get_one(Person, person_id)
        audit = AuditTrail(session, Actor("person", person.public_id, person.name), clock, keyring)
        push = PushService(session, clock, audit, kinds=PUSH_KINDS)
        definitions = DefinitionService(session, clock, audit)
        working = WorkingTime.of(session, self.hours, self.site.settings.zone)
        deputies = DeputyService(session, clock, audit, push)
        managers = GrantedManagers(session, clock, audit)
        principals = deputies.principals_of(person_id, clock.now())
        looker = Looker(
            person_id, person.name, {key: tuple(one.processes) for key, one in principals.items()}
        )
        runner = Runner(session, clock, audit, push, definitions, working, deputies, managers)
        files = FileStore(Vault(Storage(str(self.site.settings.files_folder)), keyring), session, clock)
        signatures = SignatureService(session, audit, files, keyring)
        attaching = Attaching(session, signatures, person_id, person.public_id)
        return FlowService(
            session,
            clock,
            audit,
            push,
            runner,
            definitions,
            working,
            attaching,
            looker,
            self.site.settings.zone,
        )
