"""A document goes its way: whoever is asked sees it, whoever acted has it done, and nobody acts twice."""

import pytest
from sqlalchemy import select
from tests.unit.xinglin_documents.flow_hospital import hospital as hospital  # noqa: PLC0414 - a fixture

from xinglin.api.people import PersonState
from xinglin.api.services import DomainError
from xinglin.audit.models import AuditRecord
from xinglin_documents.models import FlowEvent, ItemStatus
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.flow.errors import ActRefused, ItemMissing, TaskGone
from xinglin_documents.service.flow.values import Asked
from xinglin_documents.service.inbox.values import Tab, Wanted

APPROVE = Asked(Act.APPROVE)


def titles(hospital, number, tab):
    return [line.item.title for line in hospital.inbox(number).page(Wanted(tab)).lines]


def test_a_document_goes_from_person_to_person_until_it_is_done(hospital):
    item = hospital.start()
    assert item.title == "关于购置新生儿暖箱的请示"
    assert titles(hospital, "1002", Tab.TO_DO) == [item.title]
    assert titles(hospital, "1005", Tab.STARTED) == [item.title]
    assert item.step == "head审批"
    hospital.tick(10)
    for number in ("1002", "1003", "1004", "1001"):
        hospital.as_(number).act(item.public_id, APPROVE)
        assert titles(hospital, number, Tab.TO_DO) == []
        assert titles(hospital, number, Tab.DONE) == [item.title]
    assert item.status == ItemStatus.COMPLETED
    assert (item.ended_at, item.step, item.working_minutes) == (hospital.clock.now(), "", 5)


def test_the_second_of_two_is_told_who_was_first_and_when(hospital):
    hospital.make("any", *[_any_of("1003", "1004")])
    item = hospital.start(key="any")
    task = hospital.as_("1004").show(item.public_id).entry.task
    hospital.as_("1003").act(item.public_id, APPROVE)
    with pytest.raises(TaskGone) as refused:
        hospital.as_("1004").act(item.public_id, Asked(Act.APPROVE, task))
    assert refused.value.message.interpolate().startswith("Already handled by 曾静 at ")
    assert refused.value.status == 409


def _any_of(*numbers):
    from tests.unit.xinglin_documents.flow_hospital import sign

    from xinglin_documents.service.engine.definition import SignMode

    return sign("any", *numbers, mode=SignMode.ANY)


def test_who_returns_it_is_named_to_who_comes_late(hospital):
    item = hospital.start()
    hospital.as_("1002").act(item.public_id, APPROVE)
    task = hospital.as_("1004").show(item.public_id).entry.task
    hospital.as_("1003").act(item.public_id, Asked(Act.RETURN, to="start", opinion="金额有误"))
    with pytest.raises(TaskGone, match="returned it"):
        hospital.as_("1004").act(item.public_id, Asked(Act.APPROVE, task))
    assert titles(hospital, "1005", Tab.TO_DO) == [item.title]
    assert item.step == "发起人"


def test_returned_and_sent_again_it_keeps_its_history(hospital):
    item = hospital.start()
    hospital.as_("1002").act(item.public_id, Asked(Act.RETURN, opinion="请补充预算"))
    shown = hospital.as_("1005").act(
        item.public_id, Asked(Act.RESUBMIT, values={"amount": "99000", "answer": "自己批的"})
    )
    assert shown.instance.values["amount"] == "99000"
    assert "answer" not in shown.instance.values  # the starter may not fill it
    assert [event.act for event in _events(hospital, item)] == ["start", "return", "resubmit"]
    assert _events(hospital, item)[1].opinion == "请补充预算"
    assert titles(hospital, "1002", Tab.TO_DO) == [item.title]
    assert titles(hospital, "1002", Tab.DONE) == [item.title]


def test_an_approver_fills_only_the_fields_of_her_step(hospital):
    item = hospital.start()
    hospital.as_("1002").act(item.public_id, Asked(Act.APPROVE, values={"amount": "1"}))
    hospital.as_("1003").act(item.public_id, Asked(Act.APPROVE, values={"answer": "同意", "amount": "2"}))
    values = hospital.as_("1004").show(item.public_id).instance.values
    assert (values["amount"], values["answer"]) == ("120000", "同意")


def test_a_stranger_neither_sees_nor_acts(hospital):
    item = hospital.start()
    with pytest.raises(ItemMissing):
        hospital.as_("1004").show(item.public_id)
    with pytest.raises(ItemMissing):
        hospital.as_("1004").act(item.public_id, APPROVE)


def test_nobody_acts_in_the_task_of_another(hospital):
    item = hospital.start()
    task = hospital.as_("1002").show(item.public_id).entry.task
    with pytest.raises(ActRefused, match="not yours"):
        hospital.as_("1005").act(item.public_id, Asked(Act.APPROVE, task))


def test_a_step_that_needs_an_opinion_says_so(hospital):
    from tests.unit.xinglin_documents.flow_hospital import sign

    hospital.make("careful", sign("head", "1002", needs_opinion=True, needs_signature=True))
    item = hospital.start(key="careful")
    with pytest.raises(ActRefused, match="needs an opinion"):
        hospital.as_("1002").act(item.public_id, APPROVE)
    with pytest.raises(ActRefused, match="needs your signature"):
        hospital.as_("1002").act(item.public_id, Asked(Act.APPROVE, opinion="同意"))


def test_a_deputy_acts_in_her_principals_name(hospital):
    item = hospital.start()
    hospital.put_in("1002", "1003")
    shown = hospital.as_("1003").show(item.public_id)
    assert shown.principal_name == "王丽"
    hospital.as_("1003").act(item.public_id, APPROVE)
    event = _events(hospital, item)[-1]
    assert (event.actor_id, event.for_id) == (hospital.person("1003").id, hospital.person("1002").id)
    assert titles(hospital, "1002", Tab.DONE) == [item.title]
    step = hospital.as_("1005").timeline(hospital.as_("1005").show(item.public_id))[1]
    assert (step.person_name, step.for_name) == ("曾静", "王丽")


def test_an_act_leaves_a_record_without_the_opinion(hospital):
    item = hospital.start()
    hospital.as_("1002").act(item.public_id, Asked(Act.APPROVE, opinion="同意购置"))
    records = hospital.session.scalars(select(AuditRecord).where(AuditRecord.object_id == item.public_id))
    found = {record.action: record for record in records}
    assert {"documents.start", "documents.approve"} <= set(found)
    details = hospital.keyring.open(
        found["documents.approve"].details,
        context=f"core_audit_record:{found['documents.approve'].event_id}:details",
    )
    assert "同意购置" not in details.decode()


def test_who_may_not_start_a_process_is_told(hospital):
    from tests.unit.xinglin_documents.flow_hospital import person_rule, sign

    hospital.make("rare", sign("head", "1002"), starters=(person_rule("1001"),))
    with pytest.raises(ActRefused, match="may not start"):
        hospital.start(key="rare")


def test_without_anybody_who_manages_an_act_that_leads_to_nobody_is_refused_and_can_be_done_later(hospital):
    from tests.unit.xinglin_documents.flow_hospital import sign

    hospital.make("way", sign("head", "1002"), sign("vacant", "no-such-number"))
    item = hospital.start(key="way")
    boss = hospital.person("1001")
    hospital.people.change_state(boss, PersonState.LEFT, "退休")
    attempt = hospital.session.begin_nested()
    with pytest.raises(DomainError, match="nobody who manages"):
        hospital.as_("1002").act(item.public_id, APPROVE)
    attempt.rollback()
    hospital.people.change_state(boss, PersonState.ACTIVE, "返聘")
    hospital.as_("1002").act(item.public_id, APPROVE)
    assert titles(hospital, "1001", Tab.TO_DO) == [item.title]


def _events(hospital, item):
    query = select(FlowEvent).where(FlowEvent.instance_id == item.id).order_by(FlowEvent.sequence)
    return hospital.session.scalars(query).all()
