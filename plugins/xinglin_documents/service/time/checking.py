"""What the clock does with tasks that have a deadline: remind, escalate, act; each step once, whatever crashes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.services import DomainError
from xinglin.types import Clock
from xinglin_documents.models import BUILT_IN, Box, Entry, EntryState, Instance, Item, ItemStatus
from xinglin_documents.service.engine.commands import SYSTEM, Act, Command
from xinglin_documents.service.engine.definition import Approvers, Deadline, Definition, SignNode
from xinglin_documents.service.flow.locking import lock_if_free
from xinglin_documents.service.time.deadlines import Stage, is_over, next_step
from xinglin_documents.service.time.working import WorkingTime

HORIZON = timedelta(days=45)
"""How long before it is due a reminder is looked for: the longest holiday and a month of working hours."""
AT_ONCE = 200
"""Documents handled in one run: their rows stay locked until it ends."""
logger = logging.getLogger(__name__)


class Definitions(Protocol):
    """Which version a document runs by."""

    def of(self, instance: Instance) -> Definition: ...


class Flow(Protocol):
    """The part of a flow that the clock uses."""

    def by_clock(self, item_public_id: str, command: Command) -> Any:
        """Raises `DomainError` when the engine refuses."""

    def persons(self, instance: Instance, rules: Sequence[Approvers]) -> tuple[int, ...]:
        """Active persons by these rules for this document, in their order."""


class DeadlineChecker:
    """Documents are held with their parents, as acts of people hold them, and one in other hands is left to the next run:
    whoever waits for this run is never waited for.
    """

    def __init__(
        self, session: Session, clock: Clock, working: WorkingTime, definitions: Definitions, flow: Flow
    ) -> None:
        self._session = session
        self._clock = clock
        self._working = working
        self._definitions = definitions
        self._flow = flow

    def check(self) -> int:
        """Take every step whose time has come; how many were taken."""
        now, taken = self._clock.now(), 0
        for entry_id, item_id in self._candidates(now):
            instance = lock_if_free(self._session, item_id)
            if instance is not None:
                taken += self._check(instance, entry_id, now)
            if taken >= AT_ONCE:
                break
        return taken

    def _candidates(self, now: datetime) -> Sequence[tuple[int, int]]:
        query = (
            select(Entry.id, Entry.item_id)
            .join(Item, Item.id == Entry.item_id)
            .where(
                Entry.state == EntryState.OPEN,
                Entry.box == Box.TO_DO,
                Entry.due_at <= now + HORIZON,
                Entry.reminded < Stage.OVER,
                Item.source == BUILT_IN,
                Item.status == ItemStatus.RUNNING,
            )
            .order_by(Entry.due_at, Entry.id)
        )
        return [(entry_id, item_id) for entry_id, item_id in self._session.execute(query)]

    def _check(self, instance: Instance, entry_id: int, now: datetime) -> bool:
        entry = self._session.get(Entry, entry_id, populate_existing=True)
        node = self._definitions.of(instance).by_key.get(entry.node) if entry else None
        if entry is None or entry.state != EntryState.OPEN or not isinstance(node, SignNode):
            return False
        deadline = node.deadline
        if deadline is None or is_over(deadline, entry.reminded):
            entry.reminded = Stage.OVER
            return False
        step = next_step(deadline, entry.arrived_at, self._working, entry.reminded, now)
        if step is None:
            return False
        entry.reminded = step.stage
        self._session.flush()  # before the act, which may write the same row
        self._take(instance, entry, deadline, step.stage)
        return True

    def _take(self, instance: Instance, entry: Entry, deadline: Deadline, stage: Stage) -> None:
        """An engine that refuses leaves the task where it is: the next step comes at its own time."""
        try:
            with self._session.begin_nested():
                self._flow.by_clock(instance.item.public_id, self._command(instance, entry, deadline, stage))
        except DomainError as refused:
            logger.warning(
                "deadline of item %s task %s: %s was refused: %s",
                instance.item.public_id,
                entry.task,
                stage.name,
                refused.message,
            )

    def _command(self, instance: Instance, entry: Entry, deadline: Deadline, stage: Stage) -> Command:
        task = int(entry.task)
        if stage is Stage.REMINDED:
            return Command(Act.REMIND, SYSTEM, task=task)
        if stage is Stage.ESCALATED:
            persons = self._flow.persons(instance, deadline.escalate_to)
            return Command(Act.ESCALATE, SYSTEM, task=task, persons=persons)
        return Command(Act.TIME_OUT, SYSTEM, task=task, to=deadline.jump_to, outcome=deadline.act)
