"""What happens to the way through the nodes: ends, branches, what was gone back over, what was put aside."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, ClassVar

from xinglin_documents.service.engine.effects.base import Effect
from xinglin_documents.service.engine.state import Block, Finished, State, parked_of, run_of


@dataclass(frozen=True)
class Ended(Effect):
    """A node is finished. `opened`: the nodes that waited at once because of it; `passed`: those passed without a wait."""

    do: ClassVar[str] = "ended"
    node: str
    persons: tuple[int, ...] = ()
    approved: tuple[int, ...] = ()
    by: int = 0

    def apply(self, state: State) -> None:
        state.runs.pop(self.node, None)
        state.finished.pop(self.node, None)
        state.finished[self.node] = Finished(self.node, list(self.persons), list(self.approved), self.by)


@dataclass(frozen=True)
class Led(Effect):
    """What the end of a node led to, kept so that it can be taken back."""

    do: ClassVar[str] = "led"
    node: str
    opened: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()

    def apply(self, state: State) -> None:
        finished = state.finished[self.node]
        finished.opened, finished.passed = list(self.opened), list(self.passed)


@dataclass(frozen=True)
class Passed(Effect):
    """A node was passed without waiting; `why`: nobody, starter, repeated, circulated."""

    do: ClassVar[str] = "passed"
    node: str
    why: str
    persons: tuple[int, ...] = ()

    def apply(self, state: State) -> None:
        state.finished.pop(self.node, None)
        state.finished[self.node] = Finished(self.node, list(self.persons), [])


@dataclass(frozen=True)
class Forgotten(Effect):
    """Ends of nodes that no longer count, because all goes over them again."""

    do: ClassVar[str] = "forgotten"
    nodes: tuple[str, ...]

    def apply(self, state: State) -> None:
        for node in self.nodes:
            state.finished.pop(node, None)


@dataclass(frozen=True)
class Split(Effect):
    """A branch was entered on these paths."""

    do: ClassVar[str] = "split"
    block: str
    paths: tuple[str, ...]

    def apply(self, state: State) -> None:
        state.ended_blocks.pop(self.block, None)
        state.blocks[self.block] = Block(list(self.paths), [])


@dataclass(frozen=True)
class PathEnded(Effect):
    """One path came to its end."""

    do: ClassVar[str] = "path_ended"
    block: str
    path: str

    def apply(self, state: State) -> None:
        block = state.blocks[self.block]
        block.open.remove(self.path)
        block.done.append(self.path)


@dataclass(frozen=True)
class Joined(Effect):
    """All paths of a branch are at their end."""

    do: ClassVar[str] = "joined"
    block: str

    def apply(self, state: State) -> None:
        state.ended_blocks[self.block] = state.blocks.pop(self.block)


@dataclass(frozen=True)
class Unsplit(Effect):
    """Branches that no longer count, because all goes over them again."""

    do: ClassVar[str] = "unsplit"
    blocks: tuple[str, ...]

    def apply(self, state: State) -> None:
        for key in self.blocks:
            state.blocks.pop(key, None)
            state.ended_blocks.pop(key, None)


@dataclass(frozen=True)
class PathReopened(Effect):
    """A path of a branch is under way again, because something returned into it."""

    do: ClassVar[str] = "path_reopened"
    block: str
    path: str

    def apply(self, state: State) -> None:
        block = state.ended_blocks.pop(self.block, None) or state.blocks[self.block]
        state.blocks[self.block] = block
        if self.path in block.done:
            block.done.remove(self.path)
        if self.path not in block.open:
            block.open.append(self.path)


@dataclass(frozen=True)
class PutAside(Effect):
    """What a direct return interrupted is kept until `node` is finished."""

    do: ClassVar[str] = "put_aside"
    parked: dict[str, Any] = field(default_factory=dict)

    def apply(self, state: State) -> None:
        state.parked.append(parked_of(copy.deepcopy(self.parked)))


@dataclass(frozen=True)
class Dropped(Effect):
    """What was put aside for these nodes is not taken up again."""

    do: ClassVar[str] = "dropped"
    nodes: tuple[str, ...]

    def apply(self, state: State) -> None:
        state.parked = [one for one in state.parked if one.node not in self.nodes]


@dataclass(frozen=True)
class TakenUp(Effect):
    """What was put aside for `node` goes on; its runs come as `Resumed` after this."""

    do: ClassVar[str] = "taken_up"
    node: str

    def apply(self, state: State) -> None:
        parked = next(one for one in reversed(state.parked) if one.node == self.node)
        state.parked.remove(parked)
        for finished in parked.finished:
            state.finished.pop(finished.node, None)
            state.finished[finished.node] = finished
        for key, block in parked.blocks.items():
            state.ended_blocks.pop(key, None)
            state.blocks[key] = block
        for key, block in parked.reopened.items():
            state.blocks.pop(key, None)
            state.ended_blocks[key] = block


@dataclass(frozen=True)
class Resumed(Effect):
    """A run that was put aside waits again, its open tasks under new numbers (all `Opened` anew for their persons)."""

    do: ClassVar[str] = "resumed"
    run: dict[str, Any] = field(default_factory=dict)

    def apply(self, state: State) -> None:
        run = run_of(copy.deepcopy(self.run))
        state.rounds[run.node] = run.round
        state.runs[run.node] = run
        state.tasks = max([state.tasks, *run.tasks])
