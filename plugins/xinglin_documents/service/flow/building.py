"""Putting flows together: for a request, and for the clock."""

from __future__ import annotations

from collections.abc import Sequence

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.push import PushService
from xinglin.api.security import current
from xinglin.types import JobContext
from xinglin_documents.models import FlowEvent, Instance
from xinglin_documents.service.definitions import DefinitionService
from xinglin_documents.service.engine.commands import Command
from xinglin_documents.service.engine.definition import Approvers
from xinglin_documents.service.engine.state import State
from xinglin_documents.service.flow.attaching import Attaching
from xinglin_documents.service.flow.errors import ItemMissing
from xinglin_documents.service.flow.managers import GrantedManagers
from xinglin_documents.service.flow.running import Runner
from xinglin_documents.service.flow.service import FlowService
from xinglin_documents.service.forms.signatures import SignatureService
from xinglin_documents.service.inbox.seeing import Looker
from xinglin_documents.service.time.deputies import DeputyService
from xinglin_documents.service.time.working import WorkingTime


class ClockFlow:
    """The part of a flow that the clock uses: nobody looks, and no right is asked."""

    def __init__(self, session: Session, runner: Runner) -> None:
        self._session = session
        self._runner = runner

    def by_clock(self, item_public_id: str, command: Command) -> FlowEvent:
        """Carry it out. Raises `DomainError` when the engine refuses."""
        found = self._session.scalar(select(Instance.id).where(Instance.public_id == item_public_id))
        if found is None:
            raise ItemMissing
        return self._runner.perform(self._runner.lock([found])[found], command)

    def persons(self, instance: Instance, rules: Sequence[Approvers]) -> tuple[int, ...]:
        """Active persons by these rules for this document, each once, in their order."""
        starter = State.from_json(instance.state).starter
        facts = self._runner.facts(starter, instance.values or {}, instance.item)
        return tuple(dict.fromkeys(person for rule in rules for person in facts.persons(rule)))


def clock_flow(context: JobContext) -> ClockFlow:
    """For a job."""
    session, clock, audit = context.session, context.clock, context.audit
    site = context.registry
    hours = site.plugins.settings_of("documents").working_hours
    push = PushService(
        session, clock, audit, kinds=site.plugins.push_kinds, handlers=site.plugins.push_handlers
    )
    runner = Runner(
        session,
        clock,
        audit,
        push,
        DefinitionService(session, clock, audit),
        WorkingTime.of(session, hours, site.settings.zone),
        DeputyService(session, clock, audit, push),
        GrantedManagers(session, clock, audit),
    )
    return ClockFlow(session, runner)


def runner_factory(context: object, request: Request) -> Runner:
    return Runner(
        request.db,
        request.clock,
        request.audit,
        request.service(PushService),
        request.service(DefinitionService),
        request.service(WorkingTime),
        request.service(DeputyService),
        GrantedManagers(request.db, request.clock, request.audit),
    )


def factory(context: object, request: Request) -> FlowService:
    identity = current(request)
    attaching = Attaching(request.db, request.service(SignatureService), identity.id, identity.public_id)
    return FlowService(
        request.db,
        request.clock,
        request.audit,
        request.service(PushService),
        request.service(Runner),
        request.service(DefinitionService),
        request.service(WorkingTime),
        attaching,
        request.service(Looker),
        request.settings.zone,
    )
