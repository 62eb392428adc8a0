"""One event of an instance with all that projections of it need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from xinglin_documents.models import Entry, FlowEvent, Instance, Item
from xinglin_documents.service.engine.definition import START, Definition, SignNode
from xinglin_documents.service.engine.effects import Effect
from xinglin_documents.service.engine.state import State, Task, TaskState

STEP_OF_STARTER = "发起人"  # the title of the step is kept in the list, in the hospital's language
STEP_LENGTH = 64
Kind = TypeVar("Kind", bound=Effect)


@dataclass(frozen=True)
class Change:
    """`before` and `after` are the states around the event; `actor_name` is empty for the clock.

    `entry`: that of the task which was acted on, if it is at hand, read under the lock.
    """

    item: Item
    instance: Instance
    definition: Definition
    before: State
    after: State
    event: FlowEvent
    effects: tuple[Effect, ...]
    actor_name: str = ""
    entry: Entry | None = None

    @property
    def at(self) -> datetime:
        return self.event.at

    def all(self, kind: type[Kind]) -> Iterator[Kind]:
        """Its effects of one kind, in order."""
        return (one for one in self.effects if isinstance(one, kind))

    def has_ended(self) -> bool:
        return self.after.status.is_over and not self.before.status.is_over

    def has_come_back(self) -> bool:
        """The form is at its starter's again."""
        return START in self.after.runs and START not in self.before.runs and self.event.sequence > 1


@dataclass(frozen=True)
class Waiting:
    """A task that is open or waits, with its node."""

    node: str
    task: Task

    @property
    def is_open(self) -> bool:
        return self.task.state is TaskState.OPEN


def tasks_of(state: State) -> dict[int, Waiting]:
    """Whoever is asked now or will be, by the number of the task; nothing waits when all is over."""
    if state.status.is_over:
        return {}
    return {task.number: Waiting(run.node, task) for run in state.runs.values() for task in run.open_tasks()}


def step_title(definition: Definition, node: str) -> str:
    """What lists call a step."""
    if node == START or node not in definition.by_key:
        return STEP_OF_STARTER if node == START else node[:STEP_LENGTH]
    return definition.node(node).title[:STEP_LENGTH]


def step_of(definition: Definition, state: State) -> str:
    """The titles of all nodes that wait, as `Item.step` keeps them."""
    if state.status.is_over:
        return ""
    return "、".join(dict.fromkeys(step_title(definition, node) for node in state.runs))[:STEP_LENGTH]


def sign_node(definition: Definition, node: str) -> SignNode | None:
    """The node if it is one of people."""
    found = definition.by_key.get(node)
    return found if isinstance(found, SignNode) else None
