"""Who left holds nothing up, who may not know a document is not asked, and nobody decides about her own."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.xinglin_documents.engine_world import (
    MANAGER,
    STAFF,
    STARTER,
    SUPERIOR,
    Flow,
    World,
    defined,
    definitions,
    faults_of,
    forward,
    sign,
    step,
)

from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import (
    ApproverKind,
    Approvers,
    CirculateNode,
    Definition,
    SignMode,
    WhenStarter,
)
from xinglin_documents.service.engine.effects import Sent
from xinglin_documents.service.engine.errors import Refused
from xinglin_documents.service.engine.state import Status, TaskState

NOT_HERS = {"when_starter": WhenStarter.SUPERIOR}


def hand_on(flow: Flow, person: int, to: int) -> None:
    flow.do(Act.TRANSFER, MANAGER, flow.open()[person], acting_for=person, persons=(to,), is_manager=True)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(definition=definitions(), seed=st.integers(0, 2**32))
def test_whoever_leaves_a_manager_frees_it(definition: Definition, seed: int) -> None:
    """After any acts some leave for good; with a manager who hands on what they have, all comes to its end."""
    flow, random, fresh = Flow(definition), Random(seed), itertools.count(100)
    for _act in range(15):
        if not flow.state.status.is_over:
            step(flow, random)
    flow.world.absent = set(random.sample(STAFF, 6))
    for _step in range(500):
        if flow.state.status.is_over:
            break
        if flow.state.status is Status.SUSPENDED:
            flow.do(Act.RESUME, MANAGER, is_manager=True)
        for run in list(flow.state.runs.values()):
            for task in run.open_tasks():
                if task.state is TaskState.OPEN and task.person in flow.world.absent:
                    more = {"persons": (next(fresh),), "is_manager": True, "acting_for": task.person}
                    flow.do(Act.TRANSFER, MANAGER, task.number, **more)
        forward(flow)
        assert list(faults_of(flow)) == []
    assert flow.state.status.is_over
    assert flow.replayed() == flow.state


def test_a_manager_hands_on_the_advice_and_the_form_of_who_left() -> None:
    flow = Flow(defined(sign("head", "2")))
    flow.do(Act.DELEGATE, 2, flow.open()[2], persons=(3,))
    flow.world.absent = {3, STARTER}
    hand_on(flow, 3, 4)
    flow.do(Act.ANSWER, 4, flow.open()[4])
    flow.do(Act.RETURN, 2, flow.open()[2])
    assert set(flow.open()) == {MANAGER}
    flow.do(Act.RESUBMIT, MANAGER, flow.open()[MANAGER])
    assert set(flow.open()) == {2}


def test_the_form_of_a_starter_who_left_goes_to_another() -> None:
    flow = Flow(defined(sign("head", "2")))
    flow.do(Act.RETURN, 2, flow.open()[2])
    hand_on(flow, STARTER, 5)
    flow.do(Act.RESUBMIT, 5, flow.open()[5])
    assert set(flow.open()) == {2}


def test_nobody_but_a_manager_hands_on_advice() -> None:
    flow = Flow(defined(sign("head", "2")))
    flow.do(Act.DELEGATE, 2, flow.open()[2], persons=(3,))
    with pytest.raises(Refused):
        flow.do(Act.TRANSFER, 3, flow.open()[3], persons=(4,))


@pytest.mark.parametrize("persons", [(), (3, 4)])
def test_one_person_is_removed_at_a_time(persons: tuple[int, ...]) -> None:
    flow = Flow(defined(sign("all", "2 3 4", SignMode.ALL)))
    with pytest.raises(Refused, match="exactly one"):
        flow.do(Act.REMOVE_SIGNER, MANAGER, persons=persons, is_manager=True)


@pytest.mark.parametrize(("actor", "more"), [(2, {}), (MANAGER, {"is_manager": True})])
def test_a_leaver_who_was_asked_for_advice_is_done_without(actor: int, more: dict[str, bool]) -> None:
    flow = Flow(defined(sign("head", "2")))
    flow.do(Act.DELEGATE, 2, flow.open()[2], persons=(3,))
    flow.world.absent = {3}
    flow.do(Act.REMOVE_SIGNER, actor, persons=(3,), **more)
    assert set(flow.open()) == {2}


def test_turns_of_leavers_are_passed_over() -> None:
    flow = Flow(defined(sign("turn", "2 3 4", SignMode.IN_TURN), sign("end", "5")))
    flow.world.absent = {3}
    flow.approve(2)
    assert set(flow.open()) == {4}
    assert flow.replayed() == flow.state


def test_the_votes_given_are_enough_when_all_others_in_turn_left() -> None:
    flow = Flow(defined(sign("turn", "2 3 4", SignMode.IN_TURN), sign("end", "5")))
    flow.world.absent = {3, 4}
    flow.approve(2)
    assert set(flow.open()) == {5}


def test_without_any_vote_in_turn_a_manager_decides() -> None:
    flow = Flow(defined(sign("turn", "2 3", SignMode.IN_TURN), sign("end", "5")))
    flow.world.absent = {3}
    flow.do(Act.REMOVE_SIGNER, MANAGER, persons=(2,), is_manager=True)
    assert set(flow.open()) == {MANAGER}


def test_a_starter_does_not_decide_as_the_deputy_of_her_head() -> None:
    flow = Flow(defined(sign("head", "2", **NOT_HERS)))
    for act in (Act.APPROVE, Act.RETURN, Act.REJECT):
        with pytest.raises(Refused, match="may not decide"):
            flow.do(act, STARTER, flow.open()[2], acting_for=2)


@pytest.mark.parametrize("act", [Act.TRANSFER, Act.DELEGATE, Act.ADD_BEFORE, Act.ADD_AFTER])
def test_what_she_started_is_not_handed_to_her(act: Act) -> None:
    flow = Flow(defined(sign("head", "2", **NOT_HERS)))
    with pytest.raises(Refused, match="may not decide"):
        flow.do(act, 2, flow.open()[2], persons=(STARTER,))
    free = Flow(defined(sign("head", "2")))
    free.do(act, 2, free.open()[2], persons=(STARTER,))
    assert STARTER in free.open()


def test_a_late_task_does_not_climb_to_its_starter() -> None:
    flow = Flow(defined(sign("head", "2", **NOT_HERS)))
    flow.do(Act.ESCALATE, 0, flow.open()[2], persons=(STARTER, SUPERIOR))
    assert set(flow.open()) == {SUPERIOR}


def closed(*outside: int) -> World:
    return World(strangers=set(outside))


def test_approvers_and_readers_outside_the_audience_are_not_asked() -> None:
    readers = (Approvers(ApproverKind.PERSON, "6 7"),)
    flow = Flow(
        defined(sign("all", "2 3", SignMode.ALL), CirculateNode("read", "read", readers=readers)),
        closed(3, 6),
    )
    assert set(flow.open()) == {2}
    effects = flow.do(Act.APPROVE, 2, flow.open()[2])
    assert [one.persons for one in effects if isinstance(one, Sent)] == [(7,)]


def test_with_nobody_of_the_audience_a_manager_of_it_is_asked() -> None:
    assert set(Flow(defined(sign("head", "2")), closed(2)).open()) == {MANAGER}


def test_with_no_manager_of_the_audience_it_does_not_start() -> None:
    with pytest.raises(Refused, match="nobody among those who may know it"):
        Flow(defined(sign("head", "2")), closed(2, MANAGER))


def test_a_late_task_of_a_closed_document_stays_in_its_audience() -> None:
    flow = Flow(defined(sign("head", "2")), closed(SUPERIOR))
    flow.do(Act.ESCALATE, 0, flow.open()[2], persons=(SUPERIOR,))
    assert set(flow.open()) == {MANAGER}
