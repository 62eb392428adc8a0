"""Carrying out commands: event, state, entries, messages, record and child processes in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.db import ask, new_public_id
from xinglin.api.i18n import translator
from xinglin.api.people import Audience, Person
from xinglin.api.push import PushService
from xinglin.api.services import DomainError, NotFound
from xinglin.types import Clock
from xinglin_documents.models import (
    BUILT_IN,
    Entry,
    FlowEvent,
    Instance,
    Item,
    ItemStatus,
    Process,
    Secrecy,
    Urgency,
)
from xinglin_documents.models import Definition as DefinitionRow
from xinglin_documents.service.engine.commands import SYSTEM, Act, Command
from xinglin_documents.service.engine.deciding import Decision, decide
from xinglin_documents.service.engine.definition import ChildNode, Definition
from xinglin_documents.service.engine.effects import Entered, Left, Moved, to_json
from xinglin_documents.service.engine.errors import Refused
from xinglin_documents.service.engine.state import State
from xinglin_documents.service.flow.change import Change
from xinglin_documents.service.flow.facts import DatabaseFacts
from xinglin_documents.service.flow.locking import lock
from xinglin_documents.service.flow.projection import Projection
from xinglin_documents.service.flow.rules import primary_department
from xinglin_documents.service.flow.seams import Definitions, Deputies, Managers, WorkingTime
from xinglin_documents.service.flow.telling import Telling
from xinglin_documents.service.flow.titles import PLACE, title_of

_ = translator("documents")
ANEW = {"populate_existing": True}
DEEPEST = 5
"""Processes inside processes; a process that starts itself is stopped here."""
_NAME = select(Person.name).where(Person.id == bindparam("person_id"))


@dataclass(frozen=True)
class Beginning:
    """What a new document is besides its form. `public_id` empty: a new one. `parent` waits for its end at `node`."""

    secrecy: Secrecy = Secrecy.OPEN
    urgency: Urgency = Urgency.NORMAL
    audience: Audience | None = None
    public_id: str = ""
    parent: Instance | None = None
    node: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


class Runner:
    """Knows no rights: whoever calls it has checked that `command.actor` may do this, and holds `lock`."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        push: PushService,
        definitions: Definitions,
        working: WorkingTime,
        deputies: Deputies,
        managers: Managers,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._definitions = definitions
        self._managers = managers
        self._projection = Projection(session, working)
        self._telling = Telling(session, push, deputies)

    def lock(self, item_ids: Iterable[int]) -> dict[int, Instance]:
        """See `locking.lock`: the instances and their parents, read anew and held until the transaction ends."""
        return lock(self._session, item_ids)

    def hold(self, condition: ColumnElement[bool], facts: Mapping[str, Any]) -> tuple[Item, Instance] | None:
        """The document of this condition, read anew and locked; None when there is none. One statement for most.

        `facts` are the parameters of the condition.
        """
        query = select(Item, Instance).join(Instance, Instance.id == Item.id).where(condition)
        alone = query.where(Instance.parent_id.is_(None)).with_for_update(of=(Instance, Item), key_share=True)
        row = self._session.execute(alone, facts, execution_options=ANEW).first()
        if row is None and (row := self._session.execute(query, facts).first()) is not None:
            self.lock([row[0].id])  # a part of another, which is locked before it
            self._session.refresh(row[0])
        return (row[0], row[1]) if row is not None else None

    def facts(self, starter_id: int, values: Mapping[str, Any], item: Item | None = None) -> DatabaseFacts:
        """What the engine may ask about a document with these form values; `item`: if there is one already."""
        now = self._clock.now()
        return DatabaseFacts(self._session, starter_id, values, self._managers, now=now, item=item)

    def begin(self, definition: Definition, starter: Person, beginning: Beginning) -> Instance:
        """A new document. Raises `Refused` when nobody could take its first step."""
        now = self._clock.now()
        department = primary_department(self._session, starter.id)
        department_name = department.name if department else ""
        public_id = beginning.public_id or new_public_id()
        item = Item(
            public_id=public_id,
            source=BUILT_IN,
            external_id=public_id,
            process_key=definition.key,
            process_title=definition.title,
            title=title_of(self._session, definition, starter, department_name, beginning.values),
            starter_id=starter.id,
            starter_name=starter.name,
            department_id=department.id if department else None,
            audience_id=beginning.audience.id if beginning.audience else None,
            secrecy=beginning.secrecy,
            urgency=beginning.urgency,
            status=ItemStatus.RUNNING,
            started_at=now,
            changed_at=now,
        )
        state = State(starter=starter.id)
        instance = Instance(
            public_id=public_id,
            item=item,
            definition_id=self._row_id(definition),
            parent_id=beginning.parent.id if beginning.parent else None,
            parent_node=beginning.node,
            state=state.to_json(),
            values=dict(beginning.values),
        )
        self._session.add(instance)
        self._session.flush()
        command = Command(Act.START, starter.id, values=beginning.values)
        self._carry_out(instance, definition, command)
        return instance

    def perform(
        self,
        instance: Instance,
        command: Command,
        definition: Definition | None = None,
        entry: Entry | None = None,
    ) -> FlowEvent:
        """Do it; raises `Refused`. `definition`: another version than the instance's own, for MIGRATE.

        `entry`: that of the task, when it was read under the lock.
        """
        return self._carry_out(instance, definition or self._definitions.of(instance), command, entry)

    def _carry_out(
        self, instance: Instance, definition: Definition, command: Command, entry: Entry | None = None
    ) -> FlowEvent:
        before = State.from_json(instance.state)
        values = {**(instance.values or {}), **command.values}
        facts = self.facts(before.starter, values, instance.item)
        decision = decide(definition, State.from_json(instance.state), command, facts)
        change = replace(self._keep(instance, definition, command, before, decision, values), entry=entry)
        projected = self._projection.project(change)
        if command.act is Act.START:
            self._projection.note_starter(change, command.actor)
        self._session.flush()
        self._telling.tell(change, projected)
        self._record(change, command)
        self._follow(change, command)
        return change.event

    def _keep(
        self,
        instance: Instance,
        definition: Definition,
        command: Command,
        before: State,
        decision: Decision,
        values: Mapping[str, Any],
    ) -> Change:
        instance.sequence += 1
        instance.state = decision.state.to_json()
        if command.values and command.act is not Act.START:
            self._retitle(instance, definition, values)
            instance.values = dict(values)
        for moved in (one for one in decision.effects if isinstance(one, Moved)):
            instance.definition_id = self._row_id(replace(definition, version=moved.version))
        event = FlowEvent(
            public_id=new_public_id(),
            instance_id=instance.id,
            sequence=instance.sequence,
            at=self._clock.now(),
            act=command.act.value,
            actor_id=None if command.actor == SYSTEM else command.actor,
            for_id=command.acting_for or None,
            node=self._node_of(before, command),
            task=command.task,
            opinion=command.opinion or None,
            changes=dict(command.values) or None,
            effects=[to_json(effect) for effect in decision.effects],
        )
        self._session.add(event)
        name = ask(self._session, _NAME, person_id=command.actor).scalar() if command.actor != SYSTEM else ""
        return Change(
            instance.item, instance, definition, before, decision.state, event, decision.effects, name or ""
        )

    def _retitle(self, instance: Instance, definition: Definition, values: Mapping[str, Any]) -> None:
        """The title follows the fields it is made of."""
        item, known = instance.item, instance.values or {}
        changed = {key for key, value in values.items() if known.get(key) != value}
        if not changed & set(PLACE.findall(definition.title_pattern)):
            return
        starter = self._session.get_one(Person, item.starter_id)
        department = item.department.name if item.department else ""
        item.title = title_of(self._session, definition, starter, department, values)

    def _node_of(self, before: State, command: Command) -> str:
        found = before.task(command.task) if command.task else None
        if found is not None:
            return found[0].node
        return command.to if command.act in (Act.TAKE_BACK, Act.CHILD_ENDED) else ""

    def _record(self, change: Change, command: Command) -> None:
        after: dict[str, Any] = {
            "sequence": change.event.sequence,
            "status": change.after.status.value,
            "waits_for": sorted(change.after.runs),
        }
        asked = {
            "task": command.task,
            "node": change.event.node,
            "to": command.to,
            "persons": list(command.persons),
            "acting_for": command.acting_for,
            "fields": sorted(command.values),
        }
        after |= {key: value for key, value in asked.items() if value}
        self._audit.record(f"documents.{command.act}", "document", change.item.public_id, after=after)

    def _follow(self, change: Change, command: Command) -> None:
        """Child processes: begun, left behind, or awaited by the parent of what has ended."""
        for left in (one for one in change.all(Left) if one.child):
            self._terminate_child(left.child)
        for entered in (one for one in change.all(Entered) if one.child):
            self._begin_child(change, entered)
        if change.has_ended() and change.instance.parent_id is not None:
            self._tell_parent(change)

    def _begin_child(self, change: Change, entered: Entered) -> None:
        node = change.definition.node(entered.node)
        assert isinstance(node, ChildNode)
        self._check_depth(change.instance)
        starter = self._session.get_one(Person, change.after.starter)
        form = change.instance.values or {}
        beginning = Beginning(
            Secrecy(change.item.secrecy),
            Urgency(change.item.urgency),
            change.item.audience,
            entered.child,
            change.instance,
            node.key,
            {key: form.get(source) for key, source in node.values.items()},
        )
        self.begin(self._child(node), starter, beginning)

    def _child(self, node: ChildNode) -> Definition:
        """A process that is switched off takes no new documents, but those under way may come to their end."""
        try:
            return self._definitions.published(node.process)
        except NotFound as error:
            raise Refused(
                _("The process that this step starts was never published."), _("Ask who manages processes.")
            ) from error

    def _check_depth(self, instance: Instance) -> None:
        above: Instance | None = instance
        for _level in range(DEEPEST):
            if above is None or above.parent_id is None:
                return
            above = self._session.get(Instance, above.parent_id)
        raise DomainError(
            _("This process starts processes inside each other without an end."),
            _("Ask who manages processes to correct it."),
        )

    def _terminate_child(self, public_id: str) -> None:
        child = self._session.scalar(select(Instance).where(Instance.public_id == public_id))
        if child is None:
            return
        child = self.lock([child.id])[child.id]
        if not State.from_json(child.state).status.is_over:
            self.perform(child, Command(Act.TERMINATE, SYSTEM, is_manager=True))

    def _tell_parent(self, change: Change) -> None:
        """A parent that waits no more, because it was gone back over, is not told."""
        parent = self._session.get_one(Instance, change.instance.parent_id)
        run = State.from_json(parent.state).runs.get(change.instance.parent_node)
        if run is not None and run.child == change.item.public_id:
            outcome = change.after.status.value
            to = change.instance.parent_node
            self.perform(parent, Command(Act.CHILD_ENDED, SYSTEM, to=to, outcome=outcome))

    def _row_id(self, definition: Definition) -> int:
        query = (
            select(DefinitionRow.id)
            .join(Process, Process.id == DefinitionRow.process_id)
            .where(Process.key == definition.key, DefinitionRow.version == definition.version)
        )
        found = self._session.scalar(query)
        if found is None:
            raise NotFound(_("This process does not exist any more."), _("Choose another one."))
        return found
