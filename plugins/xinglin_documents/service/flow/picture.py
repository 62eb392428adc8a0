"""The picture of a flow: its steps from top to bottom, what is done, what waits now, what lies ahead."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xinglin_documents.service.engine.definition import (
    START,
    BranchMode,
    BranchNode,
    ChildNode,
    CirculateNode,
    Definition,
    Node,
    Path,
    SignMode,
    SignNode,
)
from xinglin_documents.service.engine.state import State, Status, Vote

END = "end"


class Stage(enum.StrEnum):
    """PASSED_BY: a path that was not taken, or what an ended document never came to."""

    DONE = "done"
    NOW = "now"
    AHEAD = "ahead"
    PASSED_BY = "passed_by"


class Shape(enum.StrEnum):
    """What a step of the picture is. FORK opens a group of PATHs, which are indented below it."""

    START = "start"
    SIGN = "sign"
    CIRCULATE = "circulate"
    CHILD = "child"
    FORK = "fork"
    PATH = "path"
    END = "end"


@dataclass(frozen=True)
class PictureStep:
    """`depth` counts the paths around it. Of a sign node `said` of `asked` persons have approved (0 of 0: not begun)."""

    key: str
    title: str
    title_en: str
    shape: Shape
    stage: Stage
    depth: int = 0
    mode: SignMode | BranchMode | None = None
    said: int = 0
    asked: int = 0


def picture(definition: Definition, state: State) -> tuple[PictureStep, ...]:
    """The steps in reading order, from the starter's form to the end."""
    return tuple(_Painter(state).paint(definition))


class _Painter:
    def __init__(self, state: State) -> None:
        self._state = state
        self._unreached = Stage.PASSED_BY if state.status.is_over else Stage.AHEAD

    def paint(self, definition: Definition) -> Iterator[PictureStep]:
        is_here = START in self._state.runs
        yield PictureStep(START, "", "", Shape.START, Stage.NOW if is_here else Stage.DONE)
        yield from self._nodes(definition.nodes, 0)
        is_over = self._state.status is Status.COMPLETED
        yield PictureStep(END, "", "", Shape.END, Stage.DONE if is_over else self._unreached)

    def _nodes(self, nodes: Sequence[Node], depth: int) -> Iterator[PictureStep]:
        for node in nodes:
            if isinstance(node, BranchNode):
                yield from self._branch(node, depth)
            else:
                yield self._node(node, depth)

    def _node(self, node: Node, depth: int) -> PictureStep:
        said, asked = self._voices(node)
        mode = node.mode if isinstance(node, SignNode) else None
        return PictureStep(
            node.key,
            node.title,
            node.title_en,
            _shape(node),
            self._stage(node.key),
            depth,
            mode,
            said,
            asked,
        )

    def _stage(self, key: str) -> Stage:
        if key in self._state.runs:
            return Stage.NOW
        return Stage.DONE if key in self._state.finished else self._unreached

    def _voices(self, node: Node) -> tuple[int, int]:
        run = self._state.runs.get(node.key)
        if run is None or not isinstance(node, SignNode):
            return 0, 0
        return sum(slot.vote is Vote.YES for slot in run.slots.values()), len(run.slots) + len(run.queue)

    def _branch(self, node: BranchNode, depth: int) -> Iterator[PictureStep]:
        stage = self._fork_stage(node.key)
        yield PictureStep(node.key, node.title, node.title_en, Shape.FORK, stage, depth, node.mode)
        for path in node.paths:
            taken = self._path_stage(node.key, path)
            yield PictureStep(path.key, path.title, path.title_en, Shape.PATH, taken, depth + 1)
            if taken is not Stage.PASSED_BY:
                yield from self._nodes(path.nodes, depth + 1)

    def _fork_stage(self, key: str) -> Stage:
        if key in self._state.blocks:
            return Stage.NOW
        return Stage.DONE if key in self._state.ended_blocks else self._unreached

    def _path_stage(self, block_key: str, path: Path) -> Stage:
        block = self._state.blocks.get(block_key) or self._state.ended_blocks.get(block_key)
        if block is None:
            return self._unreached
        if path.key in block.open:
            return Stage.NOW
        return Stage.DONE if path.key in block.done else Stage.PASSED_BY


def _shape(node: Node) -> Shape:
    if isinstance(node, CirculateNode):
        return Shape.CIRCULATE
    return Shape.CHILD if isinstance(node, ChildNode) else Shape.SIGN
