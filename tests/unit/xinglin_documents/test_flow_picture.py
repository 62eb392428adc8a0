"""The picture of a flow: each step stands once, where it is in the process, as the state says."""

from __future__ import annotations

from xinglin_documents.service.engine.definition import (
    BranchMode,
    BranchNode,
    Definition,
    Path,
    SignMode,
    SignNode,
)
from xinglin_documents.service.engine.state import Block, Finished, Run, Slot, State, Status, Vote
from xinglin_documents.service.flow.picture import Shape, Stage, picture

DEFINITION = Definition(
    "x",
    1,
    "X",
    (
        SignNode("head", "Head"),
        BranchNode(
            "fork",
            "Fork",
            mode=BranchMode.PARALLEL,
            paths=(
                Path("left", "Left", None, (SignNode("a", "A", mode=SignMode.ALL),)),
                Path("right", "Right", None, (SignNode("b", "B"),)),
            ),
        ),
        SignNode("last", "Last"),
    ),
)


def stages(state: State) -> dict[str, Stage]:
    return {step.key: step.stage for step in picture(DEFINITION, state)}


def test_at_the_starters_all_lies_ahead() -> None:
    found = stages(State(1, runs={"start": Run("start", 1)}))
    assert found["start"] is Stage.NOW
    assert set(list(found.values())[1:]) == {Stage.AHEAD}


def test_two_ways_are_under_way_at_once() -> None:
    state = State(1, blocks={"fork": Block(["left"], ["right"])})
    slots = {1: Slot(1, 7, Vote.YES), 2: Slot(2, 8)}
    state.runs["a"] = Run("a", 1, slots, queue=[9])
    state.finished = {"head": Finished("head", [5], [5]), "b": Finished("b", [6], [6])}
    steps = {step.key: step for step in picture(DEFINITION, state)}
    assert [
        steps[key].stage for key in ("start", "head", "fork", "left", "a", "right", "b", "last", "end")
    ] == [
        Stage.DONE,
        Stage.DONE,
        Stage.NOW,
        Stage.NOW,
        Stage.NOW,
        Stage.DONE,
        Stage.DONE,
        Stage.AHEAD,
        Stage.AHEAD,
    ]
    assert (steps["a"].said, steps["a"].asked, steps["a"].depth) == (1, 3, 1)
    assert steps["last"].depth == 0


def test_a_way_not_taken_is_named_without_its_steps() -> None:
    state = State(1, blocks={"fork": Block(["left"], [])})
    steps = picture(DEFINITION, state)
    assert [step.key for step in steps if step.stage is Stage.PASSED_BY] == ["right"]
    assert "b" not in {step.key for step in steps}


def test_what_an_ended_document_never_came_to_is_passed_by() -> None:
    state = State(1, Status.REJECTED, finished={"head": Finished("head", [5], [])})
    found = stages(state)
    assert found["head"] is Stage.DONE
    assert found["last"] is found["end"] is Stage.PASSED_BY
    assert stages(State(1, Status.COMPLETED))["end"] is Stage.DONE


def test_forks_and_their_ways_are_no_steps() -> None:
    shapes = {step.key: step.shape for step in picture(DEFINITION, State(1))}
    assert (shapes["fork"], shapes["left"], shapes["a"]) == (Shape.FORK, Shape.PATH, Shape.SIGN)
