"""Documents of our own engine as one person starts, sees and handles them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, bindparam, select, update
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.i18n import translator
from xinglin.api.people import Audience, Person
from xinglin.api.push import PushService
from xinglin.api.services import DomainError
from xinglin.types import Clock
from xinglin_documents.models import Box, Entry, EntryState, Instance, Item, Secrecy, Urgency
from xinglin_documents.service.engine.commands import Act, Command
from xinglin_documents.service.engine.definition import Definition, Right
from xinglin_documents.service.engine.state import State
from xinglin_documents.service.flow.attaching import Attaching
from xinglin_documents.service.flow.checking import Checks, start_rights
from xinglin_documents.service.flow.errors import ActRefused, ItemMissing, TaskGone
from xinglin_documents.service.flow.offers import Offers
from xinglin_documents.service.flow.projection import retire
from xinglin_documents.service.flow.running import Beginning, Runner
from xinglin_documents.service.flow.seams import Definitions, WorkingTime
from xinglin_documents.service.flow.seats import CLOCKS, Seat, Seats
from xinglin_documents.service.flow.timeline import Timeline
from xinglin_documents.service.flow.values import Asked, BatchResult, Shown, Step
from xinglin_documents.service.inbox.seeing import TASK_BOXES, Looker, anybody, is_closed, may_see

_ = translator("documents")

MOST_BATCHED = 100
PARTAKING = frozenset({Act.COPY, Act.CIRCULATE, Act.COMMENT})
"""Acts of whom the document has come to."""
READ = "read"
"""`Entry.act` of a to-read that was closed without an opinion."""


class FlowService:
    """Acts in the name of `looker`, whom `audit` names."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        push: PushService,
        runner: Runner,
        definitions: Definitions,
        working: WorkingTime,
        attaching: Attaching,
        looker: Looker,
        zone: ZoneInfo,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._push = push
        self._runner = runner
        self._definitions = definitions
        self._working = working
        self._attaching = attaching
        self._looker = looker
        self._zone = zone

    def start(
        self,
        process_key: str,
        values: Mapping[str, Any],
        *,
        files: Mapping[str, tuple[str, ...]] | None = None,
        secrecy: Secrecy = Secrecy.OPEN,
        urgency: Urgency = Urgency.NORMAL,
        audience: Audience | None = None,
    ) -> Item:
        """Send a new document on its way; `files` are public ids of finished uploads by field.

        Raises `ActRefused` for who may not start it, `Refused` when nobody could take its first step.
        """
        definition = self._definitions.live(process_key)
        starter = self._session.get_one(Person, self._looker.person_id)
        rights = start_rights(definition)
        form = {key: value for key, value in values.items() if rights.get(key, Right.HIDE) is Right.EDIT}
        self._check_may_start(definition)
        beginning = Beginning(secrecy, urgency, audience, values=form)
        instance = self._runner.begin(definition, starter, beginning)
        self._attaching.add(instance, definition, files or {}, "", self._clock.now())
        return instance.item

    def may_start(self, definition: Definition) -> bool:
        """Whether this person may start this process."""
        facts = self._runner.facts(self._looker.person_id, {})
        me = self._looker.person_id
        return not definition.starters or any(me in facts.persons(rule) for rule in definition.starters)

    def show(self, item_public_id: str) -> Shown:
        """The document with what this person may do. Raises `ItemMissing` for who may not see it."""
        item, instance = self._found(item_public_id)
        definition = self._definitions.of(instance)
        state = State.from_json(instance.state)
        entry = self._seats().open_entry(item)
        own = self._own(item)
        facts = self._runner.facts(state.starter, instance.values or {}, item)
        offers = Offers(self._looker, item, definition, state, facts)
        return Shown(
            item=item,
            instance=instance,
            definition=definition,
            state=state,
            entry=entry,
            reading=_first(own, Box.TO_READ, EntryState.OPEN),
            principal_name=self._principal_name(entry),
            acts=offers.acts(entry, self._seats().last_done(item), has_part=has_part(entry, own)),
            targets=offers.targets(entry),
            is_tracked=_first(own, Box.TRACKED, EntryState.OPEN) is not None,
        )

    def act(self, item_public_id: str, asked: Asked) -> Shown:
        """Do it and show what came of it. Raises `TaskGone` when somebody was faster, `ActRefused`, `Refused`."""
        self.do(item_public_id, asked)
        return self.show(item_public_id)

    def do(self, item_public_id: str, asked: Asked) -> None:
        """As `act`, for whom another page awaits: what came of it is not looked up."""
        facts = {"public_id": item_public_id, "looker": self._looker.person_id}
        found = self._runner.hold(_visible_to(self._looker), facts)
        if found is None:
            raise self._missing(item_public_id, asked)
        self._carry_out(*found, asked)

    def timeline(self, shown: Shown) -> tuple[Step, ...]:
        """Who did what when and how long it took, and where it waits now."""
        return Timeline(self._session, self._working, self._clock.now()).of(shown)

    def batch(self, entry_ids: Sequence[int], opinion: str) -> list[BatchResult]:
        """Approve tasks of nodes that are marked safe, each by itself: what fails does not stop the others."""
        if len(entry_ids) > MOST_BATCHED:
            raise ActRefused(
                _("At most ${count} documents can be approved at once.", mapping={"count": MOST_BATCHED}),
                _("Choose fewer."),
            )
        query = select(Entry).where(Entry.id.in_(entry_ids), Entry.box == Box.TO_DO).order_by(Entry.item_id)
        entries = {entry.id: entry for entry in self._session.scalars(query)}
        visible = self._visible(entry.item_id for entry in entries.values())
        self._runner.lock(visible)  # all at once and in order: two batches never wait for each other
        wanted = [entries[key] for key in dict.fromkeys(entry_ids) if key in entries]
        return [self._approve(entry, opinion) for entry in wanted if entry.item_id in visible]

    def track(self, item_public_id: str, is_wanted: bool) -> None:
        """跟踪: list the document under tracked ones, or no longer."""
        item, _instance = self._found(item_public_id)
        found = next((one for one in self._own(item) if one.box == Box.TRACKED), None)
        state = EntryState.OPEN if is_wanted else EntryState.GONE
        if found is None and is_wanted:
            now = self._clock.now()
            self._session.add(
                Entry(item_id=item.id, person_id=self._looker.person_id, box=Box.TRACKED, arrived_at=now)
            )
        elif found is not None:
            found.state, found.is_latest = state, is_wanted
        self._session.flush()
        act = "documents.track" if is_wanted else "documents.untrack"
        self._audit.record(act, "document", item.public_id)

    def mark_read(self, entry: Entry) -> None:
        """The document of this entry was opened; the first time counts."""
        query = update(Entry).where(Entry.id == entry.id, Entry.read_at.is_(None))
        self._session.execute(query.values(read_at=self._clock.now()))
        item = self._session.get_one(Item, entry.item_id)
        self._push.mark_opened(item.public_id, self._looker.person_id)

    def acknowledge(self, item_public_id: str, opinion: str = "") -> None:
        """已阅: close the open to-read of this person, with an opinion if she has one. Once closed it stays so."""
        item, instance = self._found(item_public_id)
        instance = self._runner.lock([instance.id])[instance.id]
        if opinion.strip():
            self._session.refresh(item)
            self._carry_out(item, instance, Asked(Act.COMMENT, opinion=opinion))
        entry = _first(self._own(item), Box.TO_READ, EntryState.OPEN)
        if entry is None:
            return
        now = self._clock.now()
        retire(self._session, entry)
        entry.state, entry.act, entry.done_at = EntryState.DONE, READ, now
        entry.read_at = entry.read_at or now
        entry.acted_by_id = self._looker.person_id
        if opinion.strip():
            entry.act = Act.COMMENT.value
        entry.working_minutes = self._working.minutes_between(entry.arrived_at, now)
        self._session.flush()
        self._push.mark_opened(item.public_id, self._looker.person_id)
        self._audit.record("documents.acknowledge", "document", item.public_id)

    def _approve(self, entry: Entry, opinion: str) -> BatchResult:
        item = entry.item
        try:
            with self._session.begin_nested():
                if not entry.is_batchable:
                    raise ActRefused(_("This step must be handled by itself."), _("Open the document."))
                instance = self._runner.lock([item.id])[item.id]
                self._session.refresh(item)
                self._carry_out(item, instance, Asked(Act.APPROVE, entry.task, opinion))
        except DomainError as error:
            return BatchResult(item, error.message)
        return BatchResult(item)

    def _carry_out(self, item: Item, instance: Instance, asked: Asked) -> None:
        """The caller holds the lock, and has read both anew under it."""
        if asked.act in CLOCKS:
            raise ActRefused(_("This act is not possible at this step."))
        definition = self._definitions.of(instance)
        seat = self._seats().of(item, asked.act, asked.task)
        checks = Checks(self._session, definition, item, instance)
        checks.check(asked, seat)
        self._check_may_urge(item, asked.act)
        self._check_has_part(item, asked.act)
        node = seat.entry.node if seat.entry else ""
        command = self._command(asked, seat, checks.allowed(asked, seat))
        if asked.files:
            self._attaching.add(instance, definition, asked.files, node, self._clock.now())
        event = self._runner.perform(instance, command, definition, seat.entry)
        if asked.signature:
            self._attaching.sign(event, asked.signature)

    def _command(self, asked: Asked, seat: Seat, values: Mapping[str, Any]) -> Command:
        is_taken_back = asked.act is Act.TAKE_BACK and seat.entry is not None
        return Command(
            act=asked.act,
            actor=self._looker.person_id,
            task=0 if is_taken_back else seat.task,
            acting_for=seat.acting_for,
            to=asked.to or (seat.entry.node if is_taken_back and seat.entry else ""),
            is_direct=asked.is_direct,
            persons=asked.persons,
            is_manager=self._looker.is_manager,
            opinion=asked.opinion.strip(),
            values=values,
        )

    def _check_may_start(self, definition: Definition) -> None:
        if not self.may_start(definition):
            raise ActRefused(
                _("You may not start this process."),
                _("Ask who manages processes if you should."),
                status=403,
            )

    def _check_may_urge(self, item: Item, act: Act) -> None:
        if act is Act.URGE and item.starter_id != self._looker.person_id and not self._looker.is_manager:
            raise ActRefused(_("Only who started a document may urge it."), status=403)

    def _missing(self, item_public_id: str, asked: Asked) -> DomainError:
        """A deputy who came late sees the document no more, but hears who was first."""
        item = self._session.scalar(select(Item).where(Item.public_id == item_public_id))
        if item is None or is_closed(item) or not asked.task:
            return ItemMissing()
        try:
            self._seats().of(item, asked.act, asked.task)
        except TaskGone as gone:
            return gone
        except ActRefused:
            return ItemMissing()
        return ItemMissing()

    def _check_has_part(self, item: Item, act: Act) -> None:
        """Seeing a document for another, or as the office, is no leave to hand it on."""
        if act in PARTAKING and not has_part(self._seats().open_entry(item), self._own(item)):
            raise ActRefused(
                _("You may look at this document, but it is not yours to send on or to comment on."),
                _("Ask somebody who handles it."),
                status=403,
            )

    def _found(self, item_public_id: str) -> tuple[Item, Instance]:
        query = select(Item, Instance).join(Instance, Instance.id == Item.id).where(_visible_to(self._looker))
        facts = {"public_id": item_public_id, "looker": self._looker.person_id}
        row = self._session.execute(query, facts).first()
        if row is None:
            raise ItemMissing
        return row[0], row[1]

    def _visible(self, item_ids: Any) -> set[int]:
        query = select(Item.id).where(Item.id.in_(list(item_ids)), may_see(self._looker))
        return set(self._session.scalars(query))

    def _seats(self) -> Seats:
        return Seats(self._session, self._looker, self._zone, self._clock.now())

    def _own(self, item: Item) -> Sequence[Entry]:
        query = select(Entry).where(Entry.item_id == item.id, Entry.person_id == self._looker.person_id)
        return self._session.scalars(query.order_by(Entry.id)).all()

    def _principal_name(self, entry: Entry | None) -> str:
        if entry is None or entry.person_id == self._looker.person_id:
            return ""
        return self._session.get_one(Person, entry.person_id).name


def _visible_to(looker: Looker) -> ColumnElement[bool]:
    """SQL condition on `Item`: the document `public_id`, if she may see it; her id is the parameter `looker`."""
    return _visible_to_anybody(looker.is_manager) if looker.is_ordinary else _named(looker)


@cache
def _visible_to_anybody(is_manager: bool) -> ColumnElement[bool]:
    return _named(anybody(is_manager))


def _named(looker: Looker) -> ColumnElement[bool]:
    return and_(Item.public_id == bindparam("public_id"), may_see(looker))


def has_part(entry: Entry | None, own: Sequence[Entry]) -> bool:
    """Whether she has an open task here, or the document came to herself; tracking it is a wish only."""
    return entry is not None or any(one.box in TASK_BOXES for one in own)


def _first(entries: Sequence[Entry], box: Box, state: EntryState) -> Entry | None:
    return next((one for one in entries if one.box == box and one.state == state), None)
