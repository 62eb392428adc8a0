"""What happens to a node that waits: its slots, its tasks, its votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xinglin_documents.service.engine.effects.base import Effect
from xinglin_documents.service.engine.state import (
    Run,
    Slot,
    State,
    Task,
    TaskKind,
    TaskState,
    Vote,
)


@dataclass(frozen=True)
class Entered(Effect):
    """A node begins to wait."""

    do: ClassVar[str] = "entered"
    node: str
    round: int
    queue: tuple[int, ...] = ()
    child: str = ""

    def apply(self, state: State) -> None:
        state.rounds[self.node] = self.round
        state.runs[self.node] = Run(self.node, self.round, queue=list(self.queue), child=self.child)


@dataclass(frozen=True)
class Seated(Effect):
    """A slot appears at a waiting node; with a vote when an earlier approval still counts."""

    do: ClassVar[str] = "seated"
    node: str
    slot: int
    person: int
    vote: str = ""

    def apply(self, state: State) -> None:
        run = state.runs[self.node]
        run.slots[self.slot] = Slot(self.slot, self.person, Vote(self.vote))
        if self.person in run.queue:
            run.queue.remove(self.person)


@dataclass(frozen=True)
class Opened(Effect):
    """A task for a person; WAITING when others of its slot come first. `added_by`: the task that added it, or 0."""

    do: ClassVar[str] = "opened"
    node: str
    task: int
    person: int
    slot: int
    kind: str
    state: str = TaskState.OPEN.value
    added_by: int = 0

    def apply(self, state: State) -> None:
        state.tasks = max(state.tasks, self.task)
        task = Task(
            self.task, self.person, self.slot, TaskKind(self.kind), TaskState(self.state), self.added_by
        )
        state.runs[self.node].tasks[self.task] = task


@dataclass(frozen=True)
class Paused(Effect):
    """A task waits for those added before it."""

    do: ClassVar[str] = "paused"
    node: str
    task: int

    def apply(self, state: State) -> None:
        state.runs[self.node].tasks[self.task].state = TaskState.WAITING


@dataclass(frozen=True)
class Woken(Effect):
    """A waiting task is its person's again."""

    do: ClassVar[str] = "woken"
    node: str
    task: int

    def apply(self, state: State) -> None:
        state.runs[self.node].tasks[self.task].state = TaskState.OPEN


@dataclass(frozen=True)
class Handled(Effect):
    """A task was done by its person (or a deputy), with this act."""

    do: ClassVar[str] = "handled"
    node: str
    task: int
    act: str

    def apply(self, state: State) -> None:
        run = state.runs[self.node]
        run.tasks[self.task].state = TaskState.DONE
        run.is_touched = True


@dataclass(frozen=True)
class Cancelled(Effect):
    """A task is taken off its person, who did nothing wrong."""

    do: ClassVar[str] = "cancelled"
    node: str
    task: int

    def apply(self, state: State) -> None:
        del state.runs[self.node].tasks[self.task]


@dataclass(frozen=True)
class Reseated(Effect):
    """The slot belongs to another person from now on (transfer, escalation)."""

    do: ClassVar[str] = "reseated"
    node: str
    slot: int
    person: int

    def apply(self, state: State) -> None:
        state.runs[self.node].slots[self.slot].person = self.person


@dataclass(frozen=True)
class Voted(Effect):
    """A slot has said yes or no."""

    do: ClassVar[str] = "voted"
    node: str
    slot: int
    vote: str

    def apply(self, state: State) -> None:
        state.runs[self.node].slots[self.slot].vote = Vote(self.vote)


@dataclass(frozen=True)
class Unseated(Effect):
    """A slot is removed with its tasks (remove-signer)."""

    do: ClassVar[str] = "unseated"
    node: str
    slot: int

    def apply(self, state: State) -> None:
        del state.runs[self.node].slots[self.slot]


@dataclass(frozen=True)
class Unqueued(Effect):
    """Somebody's turn will not come (remove-signer)."""

    do: ClassVar[str] = "unqueued"
    node: str
    person: int

    def apply(self, state: State) -> None:
        state.runs[self.node].queue.remove(self.person)


@dataclass(frozen=True)
class Left(Effect):
    """A node stops waiting without an end: it was gone back over, or all is over."""

    do: ClassVar[str] = "left"
    node: str
    child: str = ""

    def apply(self, state: State) -> None:
        del state.runs[self.node]
