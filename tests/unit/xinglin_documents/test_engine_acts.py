"""The engine act by act, in the words of an office."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.xinglin_documents.engine_world import (
    MANAGER,
    STARTER,
    SUPERIOR,
    Flow,
    World,
    defined,
    later,
    parallel,
    sign,
)

from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.conditions import Comparison, Operator
from xinglin_documents.service.engine.definition import (
    ApproverKind,
    Approvers,
    BranchMode,
    BranchNode,
    ChildNode,
    CirculateNode,
    Path,
    SignMode,
    WhenEmpty,
    WhenRejected,
    WhenRepeated,
    WhenStarter,
    Withdrawal,
)
from xinglin_documents.service.engine.errors import Refused
from xinglin_documents.service.engine.state import Status

ALL_SIGN = sign("all", "2 3 4", SignMode.ALL)


def test_all_sign_waits_for_everybody() -> None:
    flow = Flow(defined(ALL_SIGN))
    for person in (2, 3):
        flow.approve(person)
        assert flow.state.status is Status.RUNNING
    flow.approve(4)
    assert flow.state.status is Status.COMPLETED


def test_a_ratio_is_reached_early_and_the_others_are_let_off() -> None:
    flow = Flow(defined(sign("part", "2 3 4", SignMode.ALL, ratio=60), sign("end", "5")))
    flow.approve(2)
    flow.approve(3)
    assert flow.open() == {5: 4}


def test_a_ratio_that_cannot_be_reached_any_more_rejects() -> None:
    flow = Flow(defined(sign("part", "2 3 4", SignMode.ALL, ratio=60)))
    flow.do(Act.REJECT, 2, flow.open()[2])
    assert flow.state.status is Status.RUNNING
    flow.do(Act.REJECT, 3, flow.open()[3])
    assert flow.state.status is Status.REJECTED


def test_any_sign_takes_the_first_and_rejects_only_if_all_do() -> None:
    flow = Flow(defined(sign("any", "2 3", SignMode.ANY), sign("end", "5")))
    flow.do(Act.REJECT, 2, flow.open()[2])
    flow.approve(3)
    assert flow.waits_at() == {"end"}


def test_in_turn_asks_one_after_the_other() -> None:
    flow = Flow(defined(sign("turn", "4 2 3", SignMode.IN_TURN)))
    seen = []
    while flow.state.status is Status.RUNNING:
        (person,) = flow.open()
        seen.append(person)
        flow.approve(person)
    assert seen == [4, 2, 3]


def test_a_return_in_the_middle_of_an_all_sign_comes_straight_back() -> None:
    """会签中退回, 重新提交直接回到退回人: who has signed need not sign again."""
    flow = Flow(defined(sign("draft", "9"), ALL_SIGN, sign("end", "5")))
    flow.approve(9)
    flow.approve(2)
    flow.do(Act.RETURN, 3, flow.open()[3], to="draft", is_direct=True)
    assert set(flow.open()) == {9}
    flow.approve(9)
    assert set(flow.open()) == {3, 4}
    flow.approve(3)
    flow.approve(4)
    assert flow.waits_at() == {"end"}


def test_a_return_that_is_not_direct_goes_all_the_way_again() -> None:
    flow = Flow(defined(sign("draft", "9"), ALL_SIGN))
    flow.approve(9)
    flow.approve(2)
    flow.do(Act.RETURN, 3, flow.open()[3], to="start")
    assert set(flow.open()) == {STARTER}
    flow.do(Act.RESUBMIT, STARTER, flow.open()[STARTER])
    flow.approve(9)
    assert set(flow.open()) == {2, 3, 4}


def test_a_return_out_of_a_branch_stops_the_other_branch_and_brings_both_back() -> None:
    flow = Flow(
        defined(sign("draft", "9"), parallel("p", (sign("a", "2"),), (sign("b", "3"),)), sign("end", "5"))
    )
    flow.approve(9)
    flow.do(Act.RETURN, 2, flow.open()[2], to="draft", is_direct=True)
    assert set(flow.open()) == {9}
    flow.approve(9)
    assert flow.waits_at() == {"a", "b"}
    flow.approve(3)
    flow.approve(2)
    assert flow.waits_at() == {"end"}


def test_a_return_into_a_branch_that_was_joined_runs_that_path_only() -> None:
    flow = Flow(
        defined(parallel("p", (sign("a", "2"), sign("a2", "4")), (sign("b", "3"),)), sign("end", "5"))
    )
    for person in (2, 4, 3):
        flow.approve(person)
    flow.do(Act.RETURN, 5, flow.open()[5], to="a")
    assert flow.waits_at() == {"a"}
    flow.approve(2)
    flow.approve(4)
    assert flow.waits_at() == {"end"}


def test_a_direct_return_into_a_joined_branch_comes_straight_back_over_the_rest_of_the_path() -> None:
    flow = Flow(
        defined(parallel("p", (sign("a", "2"), sign("a2", "4")), (sign("b", "3"),)), sign("end", "5"))
    )
    for person in (2, 4, 3):
        flow.approve(person)
    flow.do(Act.RETURN, 5, flow.open()[5], to="a", is_direct=True)
    flow.approve(2)
    assert flow.waits_at() == {"end"}


def test_return_names_its_targets_the_nearest_first() -> None:
    flow = Flow(defined(sign("one", "2"), sign("two", "3"), sign("three", "4")))
    flow.approve(2)
    flow.approve(3)
    assert flow.targets("three") == ("two", "one", "start")
    with pytest.raises(Refused, match="cannot be returned"):
        flow.do(Act.RETURN, 4, flow.open()[4], to="three")


def test_inclusive_takes_the_paths_that_hold_and_exclusive_the_first() -> None:
    paths = (
        Path("dear", "", Comparison("amount", Operator.MORE, 1000), (sign("finance", "2"),)),
        Path("urgent", "", Comparison("is_urgent", Operator.IS, "yes"), (sign("duty", "3"),)),
        Path("else", "", None, (sign("head", "4"),)),
    )
    world = World(values={"amount": "1000.01", "is_urgent": "no"})
    some = Flow(defined(BranchNode("b", "b", mode=BranchMode.INCLUSIVE, paths=paths)), world)
    assert some.waits_at() == {"finance", "head"}
    one = Flow(defined(BranchNode("b", "b", mode=BranchMode.EXCLUSIVE, paths=paths)), world)
    assert one.waits_at() == {"finance"}


def test_transfer_is_for_good_and_delegation_comes_back() -> None:
    flow = Flow(defined(sign("head", "2")))
    flow.do(Act.DELEGATE, 2, flow.open()[2], persons=(6,))
    assert set(flow.open()) == {6}
    flow.do(Act.ANSWER, 6, flow.open()[6])
    assert set(flow.open()) == {2}
    flow.do(Act.TRANSFER, 2, flow.open()[2], persons=(7,))
    assert set(flow.open()) == {7}
    flow.approve(7)
    assert flow.state.finished["head"].approved == [7]


def test_added_signers_before_and_after() -> None:
    flow = Flow(defined(sign("head", "2"), sign("end", "5")))
    flow.do(Act.ADD_BEFORE, 2, flow.open()[2], persons=(6, 7))
    assert set(flow.open()) == {6, 7}
    flow.approve(6)
    flow.approve(7)
    flow.do(Act.ADD_AFTER, 2, flow.open()[2], persons=(8,))
    assert set(flow.open()) == {8}
    flow.approve(8)
    assert flow.waits_at() == {"end"}


def test_who_was_added_is_removed_by_who_added_him_and_by_nobody_else() -> None:
    flow = Flow(defined(ALL_SIGN))
    flow.do(Act.ADD_BEFORE, 2, flow.open()[2], persons=(6,))
    with pytest.raises(Refused, match="not added"):
        flow.do(Act.REMOVE_SIGNER, 3, persons=(6,))
    flow.do(Act.REMOVE_SIGNER, 2, persons=(6,))
    assert set(flow.open()) == {2, 3, 4}


def test_a_manager_removes_a_signer_but_not_the_last() -> None:
    flow = Flow(defined(sign("all", "2 3", SignMode.ALL)))
    flow.do(Act.REMOVE_SIGNER, MANAGER, persons=(2,), is_manager=True)
    with pytest.raises(Refused, match="only one"):
        flow.do(Act.REMOVE_SIGNER, MANAGER, persons=(3,), is_manager=True)
    flow.approve(3)
    assert flow.state.status is Status.COMPLETED


@pytest.mark.parametrize("is_approved", [False, True])
def test_withdrawal_is_for_what_nobody_has_acted_on(is_approved: bool) -> None:
    flow = Flow(defined(ALL_SIGN, sign("end", "5")))
    if is_approved:
        flow.approve(2)
        with pytest.raises(Refused, match="acted on it already"):
            flow.do(Act.WITHDRAW, STARTER)
    else:
        flow.do(Act.WITHDRAW, STARTER)
        assert set(flow.open()) == {STARTER}


def test_withdrawal_at_any_time_where_the_process_says_so_and_never_where_it_says_so() -> None:
    flow = Flow(defined(ALL_SIGN, withdrawal=Withdrawal.RUNNING))
    flow.approve(2)
    flow.do(Act.WITHDRAW, STARTER)
    flow.do(Act.TERMINATE, STARTER)
    assert flow.state.status is Status.TERMINATED
    with pytest.raises(Refused, match="cannot be withdrawn"):
        Flow(defined(ALL_SIGN, withdrawal=Withdrawal.NEVER)).do(Act.WITHDRAW, STARTER)


def test_take_back_until_the_next_one_acts() -> None:
    flow = Flow(defined(sign("head", "2"), sign("office", "3 4", SignMode.ALL), sign("end", "5")))
    flow.approve(2)
    flow.do(Act.TAKE_BACK, 2, to="head")
    assert set(flow.open()) == {2}
    flow.approve(2)
    flow.approve(3)
    with pytest.raises(Refused, match="acted already"):
        flow.do(Act.TAKE_BACK, 2, to="head")
    flow.do(Act.TAKE_BACK, 3, to="office")
    assert set(flow.open()) == {3, 4}


def test_the_last_of_an_all_sign_takes_back_his_own_only() -> None:
    flow = Flow(defined(ALL_SIGN, sign("end", "5")))
    for person in (2, 3, 4):
        flow.approve(person)
    flow.do(Act.TAKE_BACK, 4, to="all")
    assert set(flow.open()) == {4}


def test_rejection_ends_or_gives_back_as_the_step_says() -> None:
    for rule, waits in ((WhenRejected.TO_STARTER, {"start"}), (WhenRejected.TO_PREVIOUS, {"one"})):
        flow = Flow(defined(sign("one", "2"), sign("two", "3", when_rejected=rule)))
        flow.approve(2)
        flow.do(Act.REJECT, 3, flow.open()[3])
        assert flow.waits_at() == waits
    flow = Flow(defined(sign("two", "3", can_reject=False)))
    with pytest.raises(Refused, match="cannot reject"):
        flow.do(Act.REJECT, 3, flow.open()[3])


def test_nobody_found_asks_the_managers_or_goes_on() -> None:
    assert set(Flow(defined(sign("none", ""))).open()) == {MANAGER}
    flow = Flow(defined(sign("none", "", when_empty=WhenEmpty.SKIP), sign("end", "5")))
    assert flow.waits_at() == {"end"}


def test_leavers_are_not_asked() -> None:
    flow = Flow(defined(ALL_SIGN), World(absent={3}))
    assert set(flow.open()) == {2, 4}


@pytest.mark.parametrize(
    ("rule", "asked"),
    [(WhenStarter.ACT, {STARTER}), (WhenStarter.SUPERIOR, {SUPERIOR}), (WhenStarter.SKIP, {5})],
)
def test_a_starter_who_would_approve_her_own(rule: WhenStarter, asked: set[int]) -> None:
    flow = Flow(defined(sign("head", str(STARTER), when_starter=rule), sign("end", "5")))
    assert set(flow.open()) == asked


def test_who_has_approved_already_is_asked_again_only_where_the_step_says_so() -> None:
    again = sign("again", "2", when_repeated=WhenRepeated.ACT)
    passed = sign("passed", "2", when_repeated=WhenRepeated.SKIP)
    flow = Flow(defined(sign("one", "2"), passed, again))
    flow.approve(2)
    assert flow.waits_at() == {"again"}


def test_an_earlier_approver_is_found_by_the_node() -> None:
    back = replace(sign("back"), approvers=(Approvers(ApproverKind.EARLIER, "one"),))
    flow = Flow(defined(sign("one", "2 3", SignMode.ANY), back))
    flow.approve(3)
    assert set(flow.open()) == {3}


def test_circulation_does_not_wait() -> None:
    flow = Flow(
        defined(
            CirculateNode("all", "all", readers=(Approvers(ApproverKind.PERSON, "7 8"),)), sign("end", "5")
        )
    )
    assert [one["persons"] for one in flow.written if one["do"] == "sent"] == [(7, 8)]
    assert flow.waits_at() == {"end"}


def test_a_child_process_is_awaited_and_its_failure_comes_to_the_starter() -> None:
    flow = Flow(defined(ChildNode("child", "child", process="purchase"), sign("end", "5")))
    assert flow.state.runs["child"].child == "child-1"
    flow.do(Act.CHILD_ENDED, 0, to="child", outcome="rejected")
    flow.do(Act.RESUBMIT, STARTER, flow.open()[STARTER])
    assert flow.state.runs["child"].child == "child-2"
    flow.do(Act.CHILD_ENDED, 0, to="child", outcome="completed")
    assert flow.waits_at() == {"end"}


def test_urging_is_limited() -> None:
    flow = Flow(defined(ALL_SIGN, urge_minutes=60))
    flow.do(Act.URGE, STARTER)
    later(flow, 59)
    with pytest.raises(Refused, match="less than"):
        flow.do(Act.URGE, STARTER)
    later(flow, 1)
    flow.do(Act.URGE, STARTER)


def test_suspended_nobody_acts_and_resumed_all_is_as_before() -> None:
    flow = Flow(defined(ALL_SIGN))
    with pytest.raises(Refused, match="manages processes"):
        flow.do(Act.SUSPEND, 2)
    flow.do(Act.SUSPEND, MANAGER, is_manager=True)
    with pytest.raises(Refused, match="suspended"):
        flow.approve(2)
    flow.do(Act.RESUME, MANAGER, is_manager=True)
    flow.approve(2)


def test_the_clock_escalates_and_then_acts() -> None:
    flow = Flow(defined(sign("head", "2"), sign("office", "3"), sign("end", "5")))
    flow.do(Act.ESCALATE, 0, flow.open()[2], persons=(SUPERIOR,))
    assert set(flow.open()) == {SUPERIOR}
    flow.do(Act.TIME_OUT, 0, flow.open()[SUPERIOR], outcome="jump", to="end")
    assert flow.waits_at() == {"end"}
    flow.do(Act.TIME_OUT, 0, flow.open()[5], outcome="approve")
    assert flow.state.status is Status.COMPLETED


def test_a_task_is_its_persons_or_her_deputys() -> None:
    flow = Flow(defined(sign("head", "2"), sign("end", "5")))
    with pytest.raises(Refused, match="somebody else"):
        flow.do(Act.APPROVE, 3, flow.open()[2])
    flow.do(Act.APPROVE, 3, flow.open()[2], acting_for=2)
    assert flow.waits_at() == {"end"}


def test_nothing_happens_to_what_is_over() -> None:
    flow = Flow(defined(sign("head", "2")))
    flow.approve(2)
    with pytest.raises(Refused, match="ended already"):
        flow.do(Act.URGE, STARTER)
    flow.do(Act.COPY, STARTER, persons=(4,))
