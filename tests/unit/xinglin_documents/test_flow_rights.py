"""What deputies, managers and the office may do, and what they may not."""

from __future__ import annotations

import pytest
from tests.unit.xinglin_documents.flow_hospital import hospital as hospital  # noqa: PLC0414 - a fixture
from tests.unit.xinglin_documents.flow_hospital import person_rule, sign

from xinglin.api.people import AudienceService, PersonState, Term
from xinglin_documents.models import Definition, Process, Secrecy
from xinglin_documents.service.definitions import DefinitionService
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import (
    ChildNode,
    CirculateNode,
    SignMode,
    WhenStarter,
)
from xinglin_documents.service.engine.errors import Refused
from xinglin_documents.service.flow.errors import ActRefused, ItemMissing, TaskGone
from xinglin_documents.service.flow.values import Asked
from xinglin_documents.service.inbox.values import Tab, Wanted

APPROVE = Asked(Act.APPROVE)
DAY = 24 * 60


def lines(hospital, number, tab):
    inbox = hospital.inbox(number)
    page = inbox.page(Wanted(tab))
    assert page.count == len(page.lines) == inbox.counts()[tab]
    return [(line.item.public_id, line.principal_name) for line in page.lines]


def ids(hospital, *numbers):
    return tuple(hospital.person(number).id for number in numbers)


def test_a_deputy_sees_what_waits_for_her_principal_and_nothing_of_old(hospital):
    hospital.make("alone", sign("head", "1002"))
    old, waiting = hospital.start(key="alone"), hospital.start()
    own = hospital.start(number="1002", key="request")
    hospital.as_("1002").act(old.public_id, APPROVE)
    hospital.as_("1002").act(own.public_id, APPROVE)
    hospital.put_in("1002", "1001", days=1)
    assert hospital.as_("1001").show(waiting.public_id).principal_name == "王丽"
    for one in (old, own):
        with pytest.raises(ItemMissing):
            hospital.as_("1001").show(one.public_id)
    hospital.tick(2 * DAY)
    with pytest.raises(ItemMissing):
        hospital.as_("1001").show(waiting.public_id)


def test_what_a_deputy_only_handled_she_does_not_hand_on(hospital):
    hospital.make("alone", sign("head", "1002"), sign("end", "1001"))
    hospital.put_in("1002", "1005", days=1)
    item = hospital.start(number="1004", key="alone")
    hospital.as_("1005").act(item.public_id, Asked(Act.COPY, persons=ids(hospital, "1003")))
    hospital.as_("1005").act(item.public_id, APPROVE)
    shown = hospital.as_("1005").show(item.public_id)
    assert not {Act.COPY, Act.CIRCULATE, Act.COMMENT} & set(shown.acts)
    for asked in (Asked(Act.CIRCULATE, persons=ids(hospital, "1003")), Asked(Act.COMMENT, opinion="知道了")):
        with pytest.raises(ActRefused, match="not yours to send on"):
            hospital.as_("1005").act(item.public_id, asked)


def test_the_office_looks_and_does_not_send_on(hospital):
    item = hospital.start()
    office = {"office_departments": frozenset()}
    hospital.as_("1003", **office).track(item.public_id, is_wanted=True)
    with pytest.raises(ActRefused, match="not yours to send on"):
        hospital.as_("1003", **office).act(
            item.public_id, Asked(Act.CIRCULATE, persons=ids(hospital, "1001"))
        )


def test_a_deputy_takes_nothing_back_when_her_time_is_over(hospital):
    hospital.make("two", sign("head", "1002"), sign("end", "1001"))
    hospital.put_in("1002", "1004", days=1)
    item = hospital.start(key="two")
    hospital.as_("1004").act(item.public_id, APPROVE)
    assert Act.TAKE_BACK in hospital.as_("1004").show(item.public_id).acts
    hospital.tick(2 * DAY)
    assert Act.TAKE_BACK not in hospital.as_("1004").show(item.public_id).acts
    with pytest.raises(ActRefused, match="nothing of yours to take back"):
        hospital.as_("1004").act(item.public_id, Asked(Act.TAKE_BACK))
    hospital.as_("1002").act(item.public_id, Asked(Act.TAKE_BACK))
    assert lines(hospital, "1002", Tab.TO_DO) == [(item.public_id, "")]


def test_what_a_deputy_did_stands_in_her_list_too_and_once(hospital):
    hospital.make("two", sign("head", "1002"), sign("mid", "1004"), sign("last", "1002"))
    hospital.put_in("1002", "1004")
    item = hospital.start(key="two")
    hospital.as_("1004").act(item.public_id, APPROVE)
    assert lines(hospital, "1004", Tab.DONE) == [(item.public_id, "王丽")]
    assert lines(hospital, "1002", Tab.DONE) == [(item.public_id, "")]
    hospital.tick()
    hospital.as_("1004").act(item.public_id, APPROVE)
    assert lines(hospital, "1004", Tab.DONE) == [(item.public_id, "")]
    hospital.as_("1002").act(item.public_id, APPROVE)
    assert lines(hospital, "1004", Tab.DONE) == [(item.public_id, "")]


def test_who_waits_for_others_finds_it_among_the_tracked(hospital):
    item = hospital.start()
    hospital.as_("1002").act(item.public_id, Asked(Act.DELEGATE, persons=ids(hospital, "1004")))
    assert lines(hospital, "1002", Tab.TO_DO) == []
    assert lines(hospital, "1002", Tab.TRACKED) == [(item.public_id, "")]


def test_a_deputy_who_comes_late_hears_who_was_first(hospital):
    hospital.make("any", sign("any", "1002", "1001", mode=SignMode.ANY))
    hospital.put_in("1002", "1004")
    item = hospital.start(key="any")
    task = hospital.as_("1004").show(item.public_id).entry.task
    hospital.as_("1001").act(item.public_id, APPROVE)
    with pytest.raises(TaskGone, match="Already handled by"):
        hospital.as_("1004").act(item.public_id, Asked(Act.APPROVE, task))


def test_a_starter_is_not_her_own_head_by_deputy(hospital):
    hospital.make("own", sign("head", "1002", when_starter=WhenStarter.SUPERIOR))
    hospital.put_in("1002", "1005")
    item = hospital.start(number="1005", key="own")
    shown = hospital.as_("1005").show(item.public_id)
    assert Act.APPROVE not in shown.acts
    with pytest.raises(Refused, match="may not decide"):
        hospital.as_("1005").act(item.public_id, Asked(Act.APPROVE, shown.entry.task))


def test_a_manager_hands_on_the_task_of_who_left(hospital):
    item = hospital.start()
    task = hospital.as_("1002").show(item.public_id).entry.task
    hospital.person("1002").state = PersonState.LEFT
    hospital.session.flush()
    manager = {"is_manager": True}
    assert Act.TRANSFER in hospital.as_("1004", **manager).show(item.public_id).acts
    asked = Asked(Act.TRANSFER, task, persons=ids(hospital, "1001"))
    hospital.as_("1004", **manager).act(item.public_id, asked)
    assert lines(hospital, "1001", Tab.TO_DO) == [(item.public_id, "")]


def audience_of(hospital, *numbers):
    terms = [Term("person", key) for key in ids(hospital, *numbers)]
    return AudienceService(hospital.session, hospital.clock).store(terms)


def test_the_steps_of_a_closed_document_ask_its_audience_only(hospital):
    hospital.make(
        "closed",
        sign("all", "1002", "1003", mode=SignMode.ALL),
        CirculateNode("read", "传阅", readers=(person_rule("1004"), person_rule("1001"))),
        sign("end", "1001"),
    )
    audience = audience_of(hospital, "1001", "1002")
    item = hospital.start(key="closed", secrecy=Secrecy.SECRET, audience=audience)
    assert lines(hospital, "1003", Tab.TO_DO) == []
    hospital.as_("1002").act(item.public_id, APPROVE)
    assert lines(hospital, "1004", Tab.TO_READ) == []
    assert lines(hospital, "1001", Tab.TO_READ) == [(item.public_id, "")]


def test_a_closed_document_without_anybody_of_its_audience_does_not_start(hospital):
    with pytest.raises(Refused, match="nobody among those who may know it"):
        hospital.start(secrecy=Secrecy.SECRET, audience=audience_of(hospital, "1004"))


def test_a_title_follows_the_fields_it_is_made_of(hospital):
    item = hospital.start()
    hospital.as_("1002").act(item.public_id, Asked(Act.RETURN))
    hospital.as_("1005").act(item.public_id, Asked(Act.RESUBMIT, values={"subject": "购置监护仪"}))
    assert item.title == "关于购置监护仪的请示"


SOURCE = """process: part
title: 子流程
form:
  - {field: subject, title: 事由, kind: text}
steps:
  - {step: head, title: 子审, by: [{person: "1003"}]}
"""


def test_a_part_that_is_switched_off_still_comes_to_its_documents(hospital):
    hospital.make("whole", sign("head", "1002"), ChildNode("sub", "子", process="part"))
    hospital.make("part", sign("head", "1003"))
    process = hospital.session.query(Process).filter_by(key="part").one()
    version = hospital.session.query(Definition).filter_by(process_id=process.id).one()
    version.source, version.digest = SOURCE, "5" * 64
    process.is_active = False
    hospital.session.flush()
    service = DefinitionService(hospital.session, hospital.clock, hospital.audit)
    assert service.live_or_none("part") is None
    hospital.definitions.published = service.published
    item = hospital.start(key="whole")
    hospital.as_("1002").act(item.public_id, APPROVE)
    assert [name for _key, name in lines(hospital, "1003", Tab.TO_DO)] == [""]


def test_a_part_that_was_never_published_is_said(hospital):
    hospital.make("whole", sign("head", "1002"), ChildNode("sub", "子", process="part"))
    hospital.definitions.published = DefinitionService(
        hospital.session, hospital.clock, hospital.audit
    ).published
    item = hospital.start(key="whole")
    with pytest.raises(Refused, match="never published"):
        hospital.as_("1002").act(item.public_id, APPROVE)
