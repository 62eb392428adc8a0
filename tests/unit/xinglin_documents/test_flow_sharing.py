"""Readers, closed documents, deputies, messages."""

import pytest
from sqlalchemy import select
from tests.unit.xinglin_documents.flow_hospital import hospital as hospital  # noqa: PLC0414 - a fixture
from tests.unit.xinglin_documents.flow_hospital import sign

from xinglin.api.people import AudienceService, Term
from xinglin.push.models import Delivery, Message
from xinglin_documents.models import Secrecy
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import SignMode
from xinglin_documents.service.flow.errors import ActRefused, ItemMissing
from xinglin_documents.service.flow.values import Asked
from xinglin_documents.service.inbox.values import Tab, Wanted

APPROVE = Asked(Act.APPROVE)


def listed(hospital, number, tab, **rights):
    return [line.item.title for line in hospital.inbox(number, **rights).page(Wanted(tab)).lines]


def messages(hospital, kind):
    return hospital.session.scalars(select(Message).where(Message.kind == kind).order_by(Message.id)).all()


def recipients(hospital, message):
    query = select(Delivery.person_id).where(Delivery.message_id == message.id)
    numbers = {person.id: number for number, person in hospital.persons.items()}
    return sorted(numbers[key] for key in hospital.session.scalars(query))


def ids(hospital, *numbers):
    return tuple(hospital.person(number).id for number in numbers)


def test_copied_it_is_to_be_read_once_and_read_when_acknowledged(hospital):
    item = hospital.start()
    copy = Asked(Act.COPY, persons=ids(hospital, "1004"))
    hospital.as_("1002").act(item.public_id, copy)
    hospital.as_("1002").act(item.public_id, copy)
    assert listed(hospital, "1004", Tab.TO_READ) == [item.title]
    assert [recipients(hospital, one) for one in messages(hospital, "documents.to_read")] == [["1004"]]
    hospital.as_("1004").acknowledge(item.public_id, "已知悉")
    assert listed(hospital, "1004", Tab.TO_READ) == []
    assert listed(hospital, "1004", Tab.READ) == [item.title]
    steps = hospital.as_("1002").timeline(hospital.as_("1002").show(item.public_id))
    assert [(step.act, step.to_names, step.opinion) for step in steps[2:4]] == [
        (Act.COPY, ("朴恩雅",), ""),
        (Act.COMMENT, (), "已知悉"),
    ]


def test_read_and_sent_again_it_is_listed_once_among_those_read(hospital):
    item = hospital.start()
    copy = Asked(Act.COPY, persons=ids(hospital, "1004"))
    for _time in range(2):
        hospital.as_("1002").act(item.public_id, copy)
        hospital.as_("1004").acknowledge(item.public_id)
    assert listed(hospital, "1004", Tab.READ) == [item.title]
    assert hospital.inbox("1004").counts()[Tab.READ] == 1


def test_a_thousand_signers_get_one_message(hospital):
    numbers = [f"7{number:04}" for number in range(300)]
    for number in numbers:
        hospital.add_person(number, f"员工{number}", "O", tags=("全员",))
    from xinglin_documents.service.engine.definition import ApproverKind, Approvers, SignNode

    everybody = (Approvers(ApproverKind.TAG, "全员"),)
    hospital.make("all", SignNode("all", "全员会签", approvers=everybody, mode=SignMode.ALL))
    item = hospital.start(key="all")
    (message,) = messages(hospital, "documents.to_do")
    assert recipients(hospital, message) == numbers
    assert listed(hospital, "70299", Tab.TO_DO) == [item.title]
    assert message.path == f"/documents/items/{item.public_id}"


def test_a_closed_document_says_nothing_in_its_message(hospital):
    item = hospital.start(secrecy=Secrecy.SECRET)
    (message,) = messages(hospital, "documents.to_do")
    assert item.title not in message.title + message.description
    assert "暖箱" not in message.title + message.description


def test_a_closed_document_is_passed_to_nobody_outside_its_audience(hospital):
    audiences = AudienceService(hospital.session, hospital.clock)
    audience = audiences.store([Term("person", key) for key in ids(hospital, "1002", "1003")])
    item = hospital.start(secrecy=Secrecy.CONFIDENTIAL, audience=audience)
    with pytest.raises(ActRefused) as refused:
        hospital.as_("1002").act(item.public_id, Asked(Act.TRANSFER, persons=ids(hospital, "1004")))
    assert "朴恩雅" in refused.value.message.interpolate()
    hospital.as_("1002").act(item.public_id, Asked(Act.COPY, persons=ids(hospital, "1003")))
    assert listed(hospital, "1003", Tab.TO_READ) == [item.title]


def test_a_closed_document_is_not_the_deputys(hospital):
    hospital.put_in("1002", "1004")
    item = hospital.start(secrecy=Secrecy.SECRET)
    assert listed(hospital, "1004", Tab.TO_DO) == []
    with pytest.raises(ItemMissing):
        hospital.as_("1004").show(item.public_id)
    assert recipients(hospital, messages(hospital, "documents.to_do")[0]) == ["1002"]


def test_the_deputy_gets_the_message_too(hospital):
    hospital.put_in("1002", "1004")
    hospital.start()
    assert recipients(hospital, messages(hospital, "documents.to_do")[0]) == ["1002", "1004"]
    (line,) = hospital.inbox("1004").page(Wanted(Tab.TO_DO)).lines
    assert line.principal_name == "王丽"


def test_the_starter_is_told_of_the_end_and_of_a_return(hospital):
    hospital.make("short", sign("head", "1002"))
    item = hospital.start(key="short")
    hospital.as_("1002").act(item.public_id, Asked(Act.RETURN, opinion="补材料"))
    hospital.as_("1005").act(item.public_id, Asked(Act.RESUBMIT))
    hospital.as_("1002").act(item.public_id, APPROVE)
    told = messages(hospital, "documents.result")
    assert ["已退回" in told[0].description, "已办结" in told[1].description] == [True, True]
    assert [recipients(hospital, one) for one in told] == [["1005"], ["1005"]]
    assert all("补材料" not in one.description for one in told)


def test_an_urge_reaches_whoever_holds_it_and_not_too_often(hospital):
    item = hospital.start()
    hospital.as_("1005").act(item.public_id, Asked(Act.URGE))
    assert recipients(hospital, messages(hospital, "documents.urge")[0]) == ["1002"]
    with pytest.raises(Exception, match="urged less than"):
        hospital.as_("1005").act(item.public_id, Asked(Act.URGE))


def test_the_office_sees_its_departments_and_managers_see_all_but_what_is_closed(hospital):
    item, secret = hospital.start(), hospital.start(secrecy=Secrecy.SECRET)
    ward = hospital.session.get_one(type(item), item.id).department_id
    inside = {"office_departments": frozenset({ward})}
    outside = {"office_departments": frozenset({ward + 1000})}
    assert hospital.as_("1003", **inside).show(item.public_id).item == item
    assert hospital.as_("1003", is_manager=True).show(item.public_id).item == item
    for rights, closed in ((outside, item), (inside, secret), ({"is_manager": True}, secret)):
        with pytest.raises(ItemMissing):
            hospital.as_("1003", **rights).show(closed.public_id)


def test_a_tracked_document_is_listed_as_long_as_it_may_be_seen(hospital):
    item = hospital.start()
    hospital.as_("1003", is_manager=True).track(item.public_id, is_wanted=True)
    assert listed(hospital, "1003", Tab.TRACKED, is_manager=True) == [item.title]
    assert listed(hospital, "1003", Tab.TRACKED) == []
    assert hospital.inbox("1003").counts()[Tab.TRACKED] == 0
    hospital.as_("1003", is_manager=True).track(item.public_id, is_wanted=False)
    assert listed(hospital, "1003", Tab.TRACKED, is_manager=True) == []


def test_a_batch_approves_what_is_safe_and_says_what_was_not(hospital):
    hospital.make("grave", sign("head", "1002"))
    safe, grave, done = hospital.start(), hospital.start(key="grave"), hospital.start()
    lines = hospital.inbox("1002").page(Wanted(Tab.TO_DO)).lines
    hospital.as_("1002").act(done.public_id, APPROVE)
    results = hospital.as_("1002").batch([line.entry.id for line in lines], "同意")
    problems = {result.item.id: str(result.problem) for result in results}
    assert problems[safe.id] == ""
    assert "by itself" in problems[grave.id]
    assert "Already handled" in problems[done.id]
    assert listed(hospital, "1002", Tab.TO_DO) == [grave.title]


def test_opening_marks_the_entry_and_the_card(hospital):
    item = hospital.start()
    flow = hospital.as_("1002")
    flow.mark_read(flow.show(item.public_id).entry)
    hospital.session.expire_all()
    waiting = hospital.as_("1005").timeline(hospital.as_("1005").show(item.public_id))[-1]
    assert (waiting.person_name, waiting.is_waiting, waiting.is_read) == ("王丽", True, True)
    delivery = hospital.session.scalar(select(Delivery))
    assert delivery.opened_at == hospital.clock.now()


def states(hospital):
    query = select(Delivery.person_id, Delivery.state).join(Message).where(Message.kind == "documents.to_do")
    numbers = {person.id: number for number, person in hospital.persons.items()}
    return {(numbers[key], str(state)) for key, state in hospital.session.execute(query)}


def test_whoever_is_asked_no_more_gets_no_card_any_more(hospital):
    hospital.make("any", sign("any", "1003", "1004", mode=SignMode.ANY), sign("end", "1001"))
    item = hospital.start(key="any")
    hospital.as_("1003").act(item.public_id, APPROVE)
    assert states(hospital) == {("1003", "cancelled"), ("1004", "cancelled"), ("1001", "queued")}


def test_the_card_of_a_deputy_goes_with_her_principals(hospital):
    hospital.put_in("1002", "1004")
    item = hospital.start()
    hospital.as_("1002").act(item.public_id, Asked(Act.TRANSFER, persons=ids(hospital, "1001")))
    assert states(hospital) == {("1002", "cancelled"), ("1004", "cancelled"), ("1001", "queued")}
