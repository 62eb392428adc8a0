"""Every act at every kind of node in random order: no lost task, no doubled task, no dead end, and a replay agrees."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.xinglin_documents.engine_world import (
    STAFF,
    Flow,
    defined,
    definitions,
    drive_to_the_end,
    faults_of,
    forward,
    later,
    parallel,
    possible,
    sign,
    step,
    tried,
)

from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import (
    ApproverKind,
    Approvers,
    BranchMode,
    ChildNode,
    CirculateNode,
    Definition,
    SignMode,
    Withdrawal,
)
from xinglin_documents.service.engine.state import State

NOT_OF_A_TASK = {
    Act.TAKE_BACK,
    Act.START,
    Act.RESUBMIT,
    Act.TERMINATE,
    Act.MIGRATE,
    Act.CHILD_ENDED,
    Act.WITHDRAW,
}
NEEDS = {
    Act.ANSWER: (Act.DELEGATE,),
    Act.REMOVE_SIGNER: (Act.ADD_BEFORE,),
    Act.RESUME: (Act.SUSPEND,),
}
EVERY_KIND = defined(
    sign("one", "2"),
    sign("all", "2 3 4", SignMode.ALL),
    sign("part", "4 5 6", SignMode.ALL, ratio=60),
    sign("any", "5 6", SignMode.ANY),
    CirculateNode("readers", "readers", readers=(Approvers(ApproverKind.PERSON, "11 12"),)),
    parallel(
        "split",
        (sign("left", "6"), sign("turn", "7 8", SignMode.IN_TURN)),
        (sign("right", "9 10", SignMode.ALL),),
    ),
    parallel("choice", (sign("some", "3"),), mode=BranchMode.INCLUSIVE),
    ChildNode("child", "child", process="other"),
    sign("last", "12"),
    withdrawal=Withdrawal.RUNNING,
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(definition=definitions(), seed=st.integers(0, 2**32))
def test_whatever_people_do_it_goes_on_and_can_be_replayed(definition: Definition, seed: int) -> None:
    """Any definition, any acts, people leaving in between."""
    flow, random = Flow(definition), Random(seed)
    for _act in range(30):
        assert list(faults_of(flow)) == []
        if flow.state.status.is_over:
            break
        flow.world.absent = set(random.sample(STAFF, random.choice([0, 0, 1, 2])))
        step(flow, random)
        later(flow, 30)
    assert list(faults_of(flow)) == []
    assert flow.replayed() == flow.state
    assert State.from_json(flow.state.to_json()) == flow.state
    drive_to_the_end(flow)
    assert list(faults_of(flow)) == []
    assert flow.replayed() == flow.state


@pytest.mark.parametrize("node", ["one", "all", "part", "any", "turn", "left", "right", "some", "last"])
@pytest.mark.parametrize("act", sorted(set(Act) - NOT_OF_A_TASK))
def test_every_act_at_every_kind_of_node(act: Act, node: str) -> None:
    flow = Flow(EVERY_KIND)
    while node not in flow.waits_at():
        forward(flow)
    for needed in NEEDS.get(act, ()):
        assert done_at(flow, needed, node), needed
    assert done_at(flow, act, node)
    assert list(faults_of(flow)) == []
    drive_to_the_end(flow)
    assert flow.replayed() == flow.state


@pytest.mark.parametrize("node", ["one", "all", "part", "any", "turn", "left", "right"])
def test_what_was_just_approved_is_taken_back(node: str) -> None:
    flow = Flow(EVERY_KIND)
    while node not in flow.waits_at():
        forward(flow)
    person, task = next(iter(flow.open(node).items()))
    flow.do(Act.APPROVE, person, task)
    flow.do(Act.TAKE_BACK, person, to=node)
    assert person in flow.open(node)
    drive_to_the_end(flow)
    assert flow.replayed() == flow.state


def done_at(flow: Flow, act: Act, node: str) -> bool:
    """Do the first of these acts at this node that is not refused."""
    tasks = flow.state.runs[node].tasks
    return any(
        tried(flow, act, actor, task, more)
        for offered, actor, task, more in possible(flow)
        if offered is act and (task in tasks or (not task and more.get("to", node) == node))
    )


def test_a_dead_end_would_be_found() -> None:
    flow = Flow(defined(sign("head", "2 3", SignMode.ALL)))
    flow.state.runs["head"].tasks.clear()
    assert list(faults_of(flow)) == ["head waits for nobody"]


def test_a_lost_effect_would_be_found() -> None:
    flow = Flow(defined(sign("head", "2 3", SignMode.ALL)))
    flow.approve(2)
    flow.written.pop()
    assert flow.replayed() != flow.state


def test_a_doubled_task_would_be_found() -> None:
    flow = Flow(defined(sign("head", "2 3", SignMode.ALL)))
    flow.state.runs["head"].tasks[flow.open()[3]].person = 2
    assert list(faults_of(flow)) == ["head asks somebody twice: [2, 2]"]
