"""Ways through a flow: adding, handing over, taking back, child processes, the timeline, the facts."""

import io
from dataclasses import replace

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select
from tests.unit.xinglin_documents.flow_hospital import hospital as hospital  # noqa: PLC0414 - a fixture
from tests.unit.xinglin_documents.flow_hospital import person_rule, sign

from xinglin_documents.models import Entry, EntryState, Instance, Item, ItemStatus, Signature
from xinglin_documents.service.engine.commands import SYSTEM, Act, Command
from xinglin_documents.service.engine.definition import (
    ApproverKind,
    Approvers,
    ChildNode,
    Deadline,
    SignMode,
)
from xinglin_documents.service.engine.state import State, TaskState
from xinglin_documents.service.flow.values import Asked
from xinglin_documents.service.inbox.files import is_readable
from xinglin_documents.service.inbox.values import Tab, Wanted

APPROVE = Asked(Act.APPROVE)


def listed(hospital, number, tab=Tab.TO_DO):
    return [line.item.id for line in hospital.inbox(number).page(Wanted(tab)).lines]


def ids(hospital, *numbers):
    return tuple(hospital.person(number).id for number in numbers)


def check_equal(hospital, item):
    """The open and waiting entries are exactly the tasks that wait in the state."""
    state = State.from_json(hospital.session.get_one(Instance, item.id).state)
    expected = {
        (str(task.number), task.person, "open" if task.state is TaskState.OPEN else "waiting")
        for run in state.runs.values()
        for task in run.open_tasks()
    }
    query = select(Entry).where(
        Entry.item_id == item.id,
        Entry.box == "to_do",
        Entry.state.in_([EntryState.OPEN, EntryState.WAITING]),
    )
    found = {(one.task, one.person_id, str(one.state)) for one in hospital.session.scalars(query)}
    assert found == expected


def test_who_adds_a_signer_has_it_again_afterwards(hospital):
    item = hospital.start()
    hospital.as_("1002").act(item.public_id, Asked(Act.ADD_BEFORE, persons=ids(hospital, "1004")))
    assert (listed(hospital, "1002"), listed(hospital, "1004")) == ([], [item.id])
    check_equal(hospital, item)
    hospital.as_("1004").act(item.public_id, APPROVE)
    assert (listed(hospital, "1002"), listed(hospital, "1004")) == ([item.id], [])
    check_equal(hospital, item)


def test_a_removed_signer_is_asked_no_more(hospital):
    item = hospital.start()
    hospital.as_("1002").act(item.public_id, Asked(Act.ADD_BEFORE, persons=ids(hospital, "1004")))
    hospital.as_("1002").act(item.public_id, Asked(Act.REMOVE_SIGNER, persons=ids(hospital, "1004")))
    assert (listed(hospital, "1002"), listed(hospital, "1004")) == ([item.id], [])
    check_equal(hospital, item)


def test_transferred_it_is_done_for_one_and_to_do_for_the_other(hospital):
    item = hospital.start()
    hospital.as_("1002").act(item.public_id, Asked(Act.TRANSFER, persons=ids(hospital, "1004")))
    assert listed(hospital, "1002", Tab.DONE) == [item.id]
    assert listed(hospital, "1004") == [item.id]
    check_equal(hospital, item)


def test_a_manager_transfers_what_is_stuck(hospital):
    item = hospital.start()
    task = hospital.as_("1002").show(item.public_id).entry.task
    move = Asked(Act.TRANSFER, task, persons=ids(hospital, "1004"))
    hospital.as_("1003", is_manager=True).act(item.public_id, move)
    assert listed(hospital, "1004") == [item.id]


def test_taken_back_it_is_the_approvers_again(hospital):
    item = hospital.start()
    hospital.as_("1002").act(item.public_id, APPROVE)
    assert Act.TAKE_BACK in hospital.as_("1002").show(item.public_id).acts
    hospital.as_("1002").act(item.public_id, Asked(Act.TAKE_BACK))
    assert (listed(hospital, "1002"), listed(hospital, "1003")) == ([item.id], [])
    check_equal(hospital, item)


def test_withdrawn_it_is_the_starters_again(hospital):
    item = hospital.start()
    assert Act.WITHDRAW in hospital.as_("1005").show(item.public_id).acts
    hospital.as_("1005").act(item.public_id, Asked(Act.WITHDRAW))
    assert (listed(hospital, "1002"), listed(hospital, "1005")) == ([], [item.id])
    assert Act.WITHDRAW not in hospital.as_("1005").show(item.public_id).acts


def test_a_return_straight_back_leaves_out_who_has_approved(hospital):
    item = hospital.start()
    for number in ("1002", "1003"):
        hospital.as_("1002" if number == "1002" else number).act(item.public_id, APPROVE)
    shown = hospital.as_("1004").show(item.public_id)
    assert shown.targets == (("head", "head审批"), ("start", "发起人"))
    hospital.as_("1004").act(item.public_id, Asked(Act.RETURN, to="head", is_direct=True))
    hospital.as_("1002").act(item.public_id, APPROVE)
    assert (listed(hospital, "1003"), listed(hospital, "1004")) == ([], [item.id])
    check_equal(hospital, item)


def test_a_child_process_is_awaited(hospital):
    hospital.make("inner", sign("check", "1003"))
    hospital.make("outer", ChildNode("inside", "审核", process="inner", values={"subject": "subject"}))
    item = hospital.start(key="outer")
    child = hospital.session.scalars(select(Item).where(Item.process_key == "inner")).one()
    assert child.title == item.title
    assert item.step == "审核"
    hospital.as_("1003").act(child.public_id, APPROVE)
    assert (child.status, item.status) == (ItemStatus.COMPLETED, ItemStatus.COMPLETED)


def test_a_rejected_child_gives_its_parent_back_to_the_starter(hospital):
    hospital.make("inner", sign("check", "1003"))
    hospital.make("outer", ChildNode("inside", "审核", process="inner"))
    item = hospital.start(key="outer")
    child = hospital.session.scalars(select(Item).where(Item.process_key == "inner")).one()
    hospital.as_("1003").act(child.public_id, Asked(Act.REJECT))
    assert item.status == ItemStatus.RUNNING
    assert listed(hospital, "1005") == [item.id]


def test_with_the_parent_its_child_ends(hospital):
    hospital.make("inner", sign("check", "1003"))
    hospital.make("outer", ChildNode("inside", "审核", process="inner"))
    item = hospital.start(key="outer")
    child = hospital.session.scalars(select(Item).where(Item.process_key == "inner")).one()
    hospital.as_("1001", is_manager=True).act(item.public_id, Asked(Act.TERMINATE))
    assert (child.status, item.status) == (ItemStatus.TERMINATED, ItemStatus.TERMINATED)
    assert listed(hospital, "1003") == []


def test_the_timeline_says_how_long_each_step_held_it(hospital):
    item = hospital.start()
    hospital.tick(30)
    hospital.as_("1002").act(item.public_id, Asked(Act.APPROVE, opinion="同意"))
    hospital.tick(10)
    steps = hospital.as_("1005").timeline(hospital.as_("1005").show(item.public_id))
    start, approved, *waiting = steps
    assert (start.act, start.person_name, start.title) == (Act.START, "仇英", "发起人")
    assert (approved.person_name, approved.held, approved.held_working) == ("王丽", 30, 15)
    assert (approved.department_name, approved.opinion) == ("儿科", "同意")
    assert [(one.person_name, one.held, one.is_read) for one in waiting] == [
        ("曾静", 10, False),
        ("朴恩雅", 10, False),
    ]


def test_a_task_is_due_in_working_time_and_again_when_it_comes_back(hospital):
    hospital.make("timed", sign("head", "1002", deadline=Deadline(60)))
    item = hospital.start(key="timed")
    entry = hospital.as_("1002").show(item.public_id).entry
    assert (entry.due_at - hospital.clock.now()).total_seconds() == 120 * 60
    hospital.as_("1002").act(item.public_id, Asked(Act.ADD_BEFORE, persons=ids(hospital, "1004")))
    hospital.tick(30)
    hospital.as_("1004").act(item.public_id, APPROVE)
    entry = hospital.as_("1002").show(item.public_id).entry
    assert entry.arrived_at == hospital.clock.now()
    assert (entry.due_at - hospital.clock.now()).total_seconds() == 120 * 60


def test_what_the_clock_decides_is_nobodys_act(hospital):
    item = hospital.start()
    entry = hospital.as_("1002").show(item.public_id).entry
    runner = hospital.runner()
    instance = runner.lock([item.id])[item.id]
    runner.perform(instance, Command(Act.TIME_OUT, SYSTEM, task=int(entry.task), outcome="approve"))
    assert listed(hospital, "1003") == [item.id]
    step = hospital.as_("1005").timeline(hospital.as_("1005").show(item.public_id))[1]
    assert (step.by_clock, step.person_name) == (True, "")
    with pytest.raises(Exception, match="The system settled this"):
        hospital.as_("1002").act(item.public_id, Asked(Act.APPROVE, entry.task))


def test_running_documents_keep_their_version(hospital):
    item = hospital.start()
    hospital.publish(replace(hospital.definitions.live("request"), version=2, nodes=(sign("new", "1001"),)))
    hospital.as_("1002").act(item.public_id, APPROVE)
    assert listed(hospital, "1003") == [item.id]
    assert hospital.start().step == "new审批"


def test_a_signature_stands_under_the_act(hospital):
    hospital.make("signed", sign("head", "1002", needs_signature=True))
    item = hospital.start(key="signed")
    paper, picture = Image.new("RGB", (200, 80), "white"), io.BytesIO()
    ImageDraw.Draw(paper).line((20, 60, 180, 20), fill="black", width=6)
    paper.save(picture, "PNG")
    hospital.as_("1002").act(item.public_id, Asked(Act.APPROVE, signature=picture.getvalue()))
    signature = hospital.session.scalars(select(Signature)).one()
    step = hospital.as_("1005").timeline(hospital.as_("1005").show(item.public_id))[1]
    assert step.signature_file == signature.file.public_id
    assert is_readable(hospital.session, hospital.looker("1005"), signature.file)
    assert not is_readable(hospital.session, hospital.looker("1004"), signature.file)


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (person_rule("1003"), ["1003"]),
        (Approvers(ApproverKind.ROLE, "nurse"), ["1003", "1004"]),
        (Approvers(ApproverKind.ROLE, "nurse", of="P"), ["1003"]),
        (Approvers(ApproverKind.ROLE, "nurse", of="starter"), ["1004"]),
        (Approvers(ApproverKind.ROLE, "nurse", of="nowhere"), []),
        (Approvers(ApproverKind.POST, "科主任", of="H"), ["1002"]),
        (Approvers(ApproverKind.TAG, "采购小组"), ["1005"]),
        (Approvers(ApproverKind.HEAD, of="P"), ["1002"]),
        (Approvers(ApproverKind.HEAD, of="starter"), ["1004"]),
        (Approvers(ApproverKind.HEAD, of="field:ward"), ["1002"]),
        (Approvers(ApproverKind.HEAD), ["1001"]),
        (Approvers(ApproverKind.SUPERIOR), ["1004"]),
        (Approvers(ApproverKind.SUPERIOR, "2"), ["1001"]),
        (Approvers(ApproverKind.SUPERIOR, "3"), []),
        (Approvers(ApproverKind.FIELD, "chosen"), ["1004", "1003"]),
        (Approvers(ApproverKind.STARTER), ["1005"]),
        (Approvers(ApproverKind.MANAGERS), ["1001"]),
    ],
)
def test_approvers_by_rule(hospital, rule, found):
    form = {"ward": "P", "chosen": [*ids(hospital, "1004"), hospital.person("1003").public_id]}
    facts = hospital.runner().facts(hospital.person("1005").id, form)
    assert facts.persons(rule) == ids(hospital, *found)


def test_a_head_asks_whoever_leads_the_department_above(hospital):
    facts = hospital.runner().facts(hospital.person("1004").id, {})
    assert facts.persons(Approvers(ApproverKind.SUPERIOR)) == ids(hospital, "1001")


def test_those_who_hold_the_permission_manage(hospital):
    hospital.grant("1003", "documents:manage")
    facts = hospital.runner().facts(hospital.person("1005").id, {})
    assert facts.persons(Approvers(ApproverKind.MANAGERS)) == ids(hospital, "1003")


def test_conditions_may_ask_about_the_starter(hospital):
    values = hospital.runner().facts(hospital.person("1003").id, {"amount": "1"}).values
    assert values["starter.department"] == ["H", "P", "P1"]
    assert values["starter.roles"] == ["nurse"]
    assert hospital.runner().facts(hospital.person("1002").id, {}).values["starter.post"] == "科主任"


def test_in_turn_nobody_is_asked_too_early(hospital):
    hospital.make("turns", sign("turns", "1003", "1004", mode=SignMode.IN_TURN))
    item = hospital.start(key="turns")
    assert (listed(hospital, "1003"), listed(hospital, "1004")) == ([item.id], [])
    hospital.as_("1003").act(item.public_id, APPROVE)
    assert (listed(hospital, "1003"), listed(hospital, "1004")) == ([], [item.id])
