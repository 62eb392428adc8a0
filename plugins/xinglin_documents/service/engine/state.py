"""Where an instance stands: what waits for whom, and what is needed to go back. A fold of effects, kept as JSON."""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass, field
from typing import Any


class Status(enum.StrEnum):
    """As `models.ItemStatus`, whose words these are."""

    RUNNING = "running"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    TERMINATED = "terminated"

    @property
    def is_over(self) -> bool:
        return self not in (Status.RUNNING, Status.SUSPENDED)


class TaskKind(enum.StrEnum):
    """START: the form at the starter's; SIGN: the approver's own; BEFORE and AFTER: added signers; ADVICE: delegated."""

    START = "start"
    SIGN = "sign"
    BEFORE = "before"
    AFTER = "after"
    ADVICE = "advice"


class TaskState(enum.StrEnum):
    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"


class Vote(enum.StrEnum):
    """What a slot has said."""

    NONE = ""
    YES = "yes"
    NO = "no"


@dataclass
class Task:
    """A task of one person. Its number is unique in the instance; `added_by` is the number of the task that added it."""

    number: int
    person: int
    slot: int
    kind: TaskKind
    state: TaskState = TaskState.OPEN
    added_by: int = 0


@dataclass
class Slot:
    """A place at a node: first `person`'s, whoever stands in for her now; it votes once."""

    number: int
    person: int
    vote: Vote = Vote.NONE


@dataclass
class Run:
    """A node that waits. `queue`: who is still to come in turn. `child`: the id of a child instance."""

    node: str
    round: int
    slots: dict[int, Slot] = field(default_factory=dict)
    tasks: dict[int, Task] = field(default_factory=dict)
    queue: list[int] = field(default_factory=list)
    child: str = ""
    is_touched: bool = False

    def open_tasks(self) -> list[Task]:
        return [task for task in self.tasks.values() if task.state is not TaskState.DONE]


@dataclass
class Finished:
    """How a node ended last: who was asked, who approved, who finished it, and what that opened."""

    node: str
    persons: list[int]
    approved: list[int]
    by: int = 0
    opened: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)


@dataclass
class Block:
    """A branch that was entered: its paths under way and its paths at their end."""

    open: list[str]
    done: list[str]


@dataclass
class Parked:
    """What a direct return interrupted; it goes on when `node` is finished."""

    node: str
    runs: list[Run]
    blocks: dict[str, Block]
    reopened: dict[str, Block]
    finished: list[Finished]


@dataclass
class State:
    """`finished` in order of time, the latest last. `rounds`: how often a node was entered. `tasks`: the last number."""

    starter: int
    status: Status = Status.RUNNING
    tasks: int = 0
    runs: dict[str, Run] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    ended_blocks: dict[str, Block] = field(default_factory=dict)
    finished: dict[str, Finished] = field(default_factory=dict)
    rounds: dict[str, int] = field(default_factory=dict)
    parked: list[Parked] = field(default_factory=list)
    urged_at: str = ""

    def task(self, number: int) -> tuple[Run, Task] | None:
        """An open or waiting or done task of a node that still waits."""
        for run in self.runs.values():
            if number in run.tasks:
                return run, run.tasks[number]
        return None

    def copy(self) -> State:
        return State.from_json(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; `from_json(state.to_json()) == state`."""
        plain = _plain(self)
        plain["runs"] = {key: run_json(one) for key, one in self.runs.items()}
        for name in ("blocks", "ended_blocks", "finished"):
            plain[name] = {key: _plain(one) for key, one in plain[name].items()}
        plain["rounds"] = dict(self.rounds)
        plain["parked"] = [dataclasses.asdict(one) for one in self.parked]
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> State:
        return cls(
            starter=plain["starter"],
            status=Status(plain["status"]),
            tasks=plain["tasks"],
            runs={key: run_of(one) for key, one in plain["runs"].items()},
            blocks={key: _block(one) for key, one in plain["blocks"].items()},
            ended_blocks={key: _block(one) for key, one in plain["ended_blocks"].items()},
            finished={key: _finished(one) for key, one in plain["finished"].items()},
            rounds=dict(plain["rounds"]),
            parked=[parked_of(one) for one in plain["parked"]],
            urged_at=plain["urged_at"],
        )


def _plain(one: Any) -> dict[str, Any]:
    """Its fields, lists copied: `asdict` costs twenty times as much, and a step may have a thousand signers."""
    return {key: list(value) if type(value) is list else value for key, value in vars(one).items()}


def run_json(run: Run) -> dict[str, Any]:
    """Plain JSON; `run_of(run_json(run)) == run`."""
    plain = _plain(run)
    plain["slots"] = {key: dict(vars(one)) for key, one in run.slots.items()}
    plain["tasks"] = {key: dict(vars(one)) for key, one in run.tasks.items()}
    return plain


def run_of(plain: dict[str, Any]) -> Run:
    return Run(
        **{
            **plain,
            "queue": list(plain["queue"]),
            "slots": {int(key): _slot(one) for key, one in plain["slots"].items()},
            "tasks": {int(key): _task(one) for key, one in plain["tasks"].items()},
        }
    )


def _block(plain: dict[str, Any]) -> Block:
    """What is folded on must not change the JSON it was read from."""
    return Block(list(plain["open"]), list(plain["done"]))


def _finished(plain: dict[str, Any]) -> Finished:
    own: dict[str, Any] = {key: list(one) if type(one) is list else one for key, one in plain.items()}
    return Finished(**own)


def _slot(plain: dict[str, Any]) -> Slot:
    return Slot(plain["number"], plain["person"], Vote(plain["vote"]))


def _task(plain: dict[str, Any]) -> Task:
    return Task(
        plain["number"],
        plain["person"],
        plain["slot"],
        TaskKind(plain["kind"]),
        TaskState(plain["state"]),
        plain["added_by"],
    )


def parked_of(plain: dict[str, Any]) -> Parked:
    return Parked(
        node=plain["node"],
        runs=[run_of(one) for one in plain["runs"]],
        blocks={key: _block(one) for key, one in plain["blocks"].items()},
        reopened={key: _block(one) for key, one in plain["reopened"].items()},
        finished=[_finished(one) for one in plain["finished"]],
    )
