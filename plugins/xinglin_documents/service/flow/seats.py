"""In which task somebody acts: her own, that of a principal, or, as a manager, that of whom it stuck with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.api.people import Person
from xinglin_documents.models import Box, Entry, EntryState, FlowEvent, Item
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.flow.errors import ActRefused, TaskGone, gone_sentence, moment
from xinglin_documents.service.inbox.seeing import Looker, is_closed

_ = translator("documents")

TASK_ACTS = frozenset(
    {
        Act.RESUBMIT,
        Act.APPROVE,
        Act.REJECT,
        Act.RETURN,
        Act.TRANSFER,
        Act.DELEGATE,
        Act.ANSWER,
        Act.ADD_BEFORE,
        Act.ADD_AFTER,
    }
)
CLOCKS = frozenset({Act.REMIND, Act.ESCALATE, Act.TIME_OUT, Act.CHILD_ENDED, Act.MIGRATE, Act.START})
"""Acts that no person asks for."""


ANEW = {"populate_existing": True}
"""What a page read before it held the document may have been done meanwhile."""
_OF_ITEM = select(Entry).where(Entry.item_id == bindparam("item_id"), Entry.box == Box.TO_DO)
_NAMED = _OF_ITEM.where(Entry.task == bindparam("task"))
_OF_PERSONS = _OF_ITEM.where(Entry.person_id.in_(bindparam("persons", expanding=True)))


@dataclass(frozen=True)
class Seat:
    """The open task in which she acts and for whom (0: herself); without a task for acts that have none."""

    entry: Entry | None = None
    acting_for: int = 0

    @property
    def task(self) -> int:
        return int(self.entry.task) if self.entry else 0


class Seats:
    """Finds seats; `now` is the moment of the request."""

    def __init__(self, session: Session, looker: Looker, zone: ZoneInfo, now: datetime) -> None:
        self._session = session
        self._looker = looker
        self._zone = zone
        self._now = now

    def of(self, item: Item, act: Act, task: str) -> Seat:
        """Raises `TaskGone` when it is open no more, `ActRefused` when it never was hers."""
        if act is Act.TAKE_BACK:
            return self._last_done(item)
        if act not in TASK_ACTS:
            return Seat()
        entry = self._named(item, task) if task else self._any_of(item)
        acting_for = self._acting_for(item, entry, act)
        if entry.state in (EntryState.DONE, EntryState.GONE):
            raise self.gone(entry)
        return Seat(entry, acting_for)

    def open_entry(self, item: Item) -> Entry | None:
        """Her own open task, else that of a principal."""
        return next((one for one in self._entries(item) if one.state == EntryState.OPEN), None)

    def gone(self, entry: Entry) -> TaskGone:
        """Who was faster, and when."""
        event = self._closing(entry)
        at = moment(entry.done_at or self._now, self._now, self._zone)
        actor = self._session.get(Person, event.actor_id) if event and event.actor_id else None
        sentence = gone_sentence(event.act if event else "", actor.name if actor else "", at)
        return TaskGone(sentence, _("Nothing is left to do here; go back to your inbox."))

    def _named(self, item: Item, task: str) -> Entry:
        entry = self._session.scalar(_NAMED, {"item_id": item.id, "task": task}, execution_options=ANEW)
        if entry is None:
            raise _not_yours()
        return entry

    def _any_of(self, item: Item) -> Entry:
        entries = self._entries(item)
        if not entries:
            raise _not_yours()
        return entries[0]

    def _entries(self, item: Item) -> list[Entry]:
        """Hers and those of principals: open ones first, her own before others, the latest first."""
        persons = [self._looker.person_id]
        if not is_closed(item):
            persons += [
                one for one in self._looker.principals if self._looker.acts_for(one, item.process_key)
            ]
        facts = {"item_id": item.id, "persons": persons}
        found = self._session.scalars(_OF_PERSONS, facts, execution_options=ANEW)
        return sorted(found, key=self._rank)

    def _rank(self, entry: Entry) -> tuple[bool, bool, int]:
        is_others = entry.person_id != self._looker.person_id
        return entry.state != EntryState.OPEN, is_others, -entry.id

    def _acting_for(self, item: Item, entry: Entry, act: Act) -> int:
        if entry.person_id == self._looker.person_id:
            return 0
        if self._is_deputy(item, entry) or (self._looker.is_manager and act is Act.TRANSFER):
            return entry.person_id
        raise _not_yours()

    def _last_done(self, item: Item) -> Seat:
        entry = self.last_done(item)
        if entry is None:
            raise ActRefused(_("There is nothing of yours to take back at this step."))
        return Seat(entry, 0 if entry.person_id == self._looker.person_id else entry.person_id)

    def last_done(self, item: Item) -> Entry | None:
        """What she did last here, in her own name or in that of somebody for whom she may act still."""
        me = self._looker.person_id
        query: Select[Any] = select(Entry).where(
            Entry.item_id == item.id,
            Entry.box == Box.TO_DO,
            Entry.state == EntryState.DONE,
            or_(Entry.person_id == me, Entry.acted_by_id == me),
        )
        found = self._session.scalars(query.order_by(Entry.done_at.desc(), Entry.id.desc()))
        return next((one for one in found if one.person_id == me or self._is_deputy(item, one)), None)

    def _is_deputy(self, item: Item, entry: Entry) -> bool:
        return self._looker.acts_for(entry.person_id, item.process_key) and not is_closed(item)

    def _closing(self, entry: Entry) -> FlowEvent | None:
        """The event by which a task was done or taken away."""
        query = select(FlowEvent).where(FlowEvent.instance_id == entry.item_id, FlowEvent.at == entry.done_at)
        number = int(entry.task) if entry.task.isdecimal() else 0
        events = self._session.scalars(query.order_by(FlowEvent.sequence)).all()
        return next((one for one in events if _closes(one, number)), events[-1] if events else None)


def _closes(event: FlowEvent, task: int) -> bool:
    return any(one.get("do") in ("handled", "cancelled") and one.get("task") == task for one in event.effects)


def _not_yours() -> ActRefused:
    return ActRefused(_("This task is not yours."), _("Open the document again from your inbox."), status=403)
