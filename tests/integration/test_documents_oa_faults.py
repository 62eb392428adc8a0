"""Bad days of the OA: a clear sentence each, nothing lost, nothing twice."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.integration.oa_office import LEADER, NOTICE, PASSWORD, TRAVEL, ZONE, crooked_server

from xinglin_documents.models import Box, EntryState
from xinglin_documents.service.connectors.errors import (
    ActRefused,
    AlreadyHandled,
    OutcomeUnknown,
    SourceDown,
    StillChecked,
    Trouble,
)
from xinglin_documents.service.outside.acting import GRACE
from xinglin_documents.service.port import SourceAct, Wish

NOBODY = "http://127.0.0.1:9"
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "yyyy">]><s:Envelope '
    b'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>&x;</s:Body></s:Envelope>'
)
READ = "getToDoWorkflowRequestCount"
ACT = "submitWorkflowRequest"


def approve(shown):
    return Wish(SourceAct.APPROVE, shown.node, "同意。")


@pytest.fixture
def seen(side):
    """The leader has her lists and has opened the notice."""
    service = side.of(LEADER)
    service.refresh()
    return service.show(side.item(NOTICE))


def trouble_of(side, **changed):
    with pytest.raises(SourceDown) as down:
        side.source(**changed).counts(side.person(LEADER))
    return down.value.trouble


@pytest.mark.parametrize(
    ("kind", "value", "trouble"),
    [
        ("reset", 0, Trouble.DOWN),
        ("refuse", 0, Trouble.DOWN),
        ("html", 0, Trouble.UNREADABLE),
        ("large", 12, Trouble.UNREADABLE),
        ("other_contract", 0, Trouble.UNREADABLE),
        ("soap_fault", 0, Trouble.FAULT),
        ("truncated", 0, Trouble.DOWN),
        ("latency", 3, Trouble.SLOW),
        ("drip", 20, Trouble.SLOW),
    ],
)
def test_each_bad_answer_has_its_sentence_and_the_list_stays(side, office, seen, kind, value, trouble):
    office.fault(READ, kind, value)
    assert trouble_of(side, oa_seconds=1) is trouble
    side.clock.advance(minutes=2)
    assert side.of(LEADER, oa_seconds=1).refresh() is False
    assert NOTICE in side.titles(LEADER)
    office.forgive()
    side.clock.advance(minutes=2)
    assert side.of(LEADER).refresh() is True


def test_an_oa_that_is_away_is_said_with_the_time_of_the_list(side, seen):
    with pytest.raises(SourceDown) as down:
        side.source(oa_endpoint=NOBODY).counts(side.person(LEADER))
    assert down.value.trouble is Trouble.DOWN
    assert down.value.cure.mapping["time"] == side.clock.now().astimezone(ZONE).strftime("%H:%M")


def test_a_trickle_ends_at_the_deadline(side, office, seen):
    office.fault(READ, "drip", 60)
    began = time.perf_counter()
    assert trouble_of(side, oa_seconds=1) is Trouble.SLOW
    assert time.perf_counter() - began < 30  # the whole answer would take a minute


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s" % (len(BOMB), BOMB),
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: 12\r\n\r\n<a>\xb4\xfa\xb0\xec</a>x",
    ],
    ids=["redirect", "entities", "wrong encoding"],
)
def test_what_no_oa_would_answer_is_not_read(side, seen, answer):
    with crooked_server(answer) as address:
        assert trouble_of(side, oa_endpoint=address) in (Trouble.UNREADABLE, Trouble.DOWN)


@pytest.mark.parametrize("text", ["<definitions/>", "no XML", None])
def test_a_wsdl_that_does_not_fit_is_said(side, seen, tmp_path, text):
    path = tmp_path / "site.wsdl"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert trouble_of(side, oa_wsdl=path) is Trouble.UNREADABLE


def test_a_wsdl_without_the_operation_and_one_with_other_capitals(side, seen, tmp_path):
    from importlib.resources import files

    shipped = (files("xinglin_schemas") / "wsdl" / "weaver-workflow.wsdl").read_text("utf-8")
    path = tmp_path / "lower.wsdl"
    path.write_text(shipped.replace("getToDoWorkflowRequestCount", "getTodoWorkflowRequestCount"), "utf-8")
    with pytest.raises(SourceDown):  # the OA itself knows only its own spelling: it was asked for the WSDL's
        side.source(oa_wsdl=path).counts(side.person(LEADER))
    path = tmp_path / "poor.wsdl"
    path.write_text(shipped.replace("getToDoWorkflowRequestCount", "somethingElse"), "utf-8")
    assert trouble_of(side, oa_wsdl=path) is Trouble.UNREADABLE


def test_a_wsdl_that_refers_to_the_internet_is_not_followed(side, seen, tmp_path):
    path = tmp_path / "curious.wsdl"
    path.write_text(
        '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/">'
        '<import namespace="urn:x" location="http://127.0.0.1:1/evil.wsdl"/></definitions>',
        "utf-8",
    )
    assert trouble_of(side, oa_wsdl=path) is Trouble.UNREADABLE


def test_reads_are_tried_again_and_acts_never(side, office, seen):
    office.fault(READ, "reset", count=2)
    assert side.source().counts(side.person(LEADER))
    office.fault(ACT, "reset")
    with pytest.raises(OutcomeUnknown):
        side.of(LEADER).act(side.item(NOTICE), approve(seen))
    (rule,) = [rule for rule in office.state()["faults"] if rule["path"] == ACT]
    assert rule["used"] == 1
    assert side.outcomes() == [("approve", "unknown")]


def test_a_lost_answer_is_looked_up_at_once(side, office, seen):
    office.fault(ACT, "done_but_lost", count=1)
    side.of(LEADER).act(side.item(NOTICE), approve(seen))
    assert office.state()["calls"][ACT] == 1
    assert side.outcomes() == [("approve", "done")]
    assert NOTICE not in side.titles(LEADER)


def test_a_lost_answer_that_cannot_be_looked_up_is_known_later(side, office, seen):
    service, item = side.of(LEADER), side.item(NOTICE)
    office.fault(ACT, "done_but_lost", count=1)
    with pytest.raises(OutcomeUnknown):
        _Blind(service, office).act(item, approve(seen))
    office.forgive()
    assert side.outcomes() == [("approve", "unknown")]
    side.clock.advance(minutes=5)
    assert side.polling().verify() == 1
    assert side.outcomes() == [("approve", "done")]
    assert NOTICE in side.titles(LEADER, state=EntryState.DONE)
    with pytest.raises(AlreadyHandled):
        side.of(LEADER).act(item, approve(seen))
    assert office.state()["calls"][ACT] == 1


class _Blind:
    """The OA falls silent for readers as soon as the act was sent."""

    def __init__(self, service, office):
        self._service, self._office = service, office

    def act(self, item, wish):
        source = self._service._source
        real = source.act

        def act(*arguments):
            try:
                real(*arguments)
            finally:
                self._office.fault("getWorkflowRequest", "reset")

        source.act = act
        self._service.act(item, wish)


def test_an_act_that_got_lost_on_its_way_may_be_done_again_after_a_while(side, office, seen):
    office.fault(ACT, "reset", count=1)
    service, item = side.of(LEADER), side.item(NOTICE)
    with pytest.raises(OutcomeUnknown):
        service.act(item, approve(seen))
    with pytest.raises(StillChecked):
        service.act(item, approve(seen))
    side.clock.advance(seconds=GRACE.total_seconds() + 1)
    service.act(item, approve(seen))
    assert office.document(NOTICE)["node"] == "医务部承办"
    assert office.state()["calls"][ACT] == 1
    assert side.outcomes() == [("approve", "done")]


def test_a_slow_act_is_done_once_however_often_it_is_asked(side, office, seen):
    office.fault(ACT, "done_but_lost")
    office.fault("getWorkflowRequestLogs", "reset")
    service, item = side.of(LEADER), side.item(NOTICE)
    for _ in range(5):
        try:
            service.act(item, approve(seen))
        except (AlreadyHandled, StillChecked, OutcomeUnknown, SourceDown):
            side.clock.advance(seconds=20)
    assert office.state()["calls"][ACT] == 1


def test_a_soap_fault_at_an_act_is_no_answer_and_is_looked_up(side, office, seen):
    office.fault(ACT, "soap_fault", count=1)
    with pytest.raises(OutcomeUnknown):
        side.of(LEADER).act(side.item(NOTICE), approve(seen))
    side.clock.advance(seconds=GRACE.total_seconds() + 1)
    assert side.polling().verify() == 1
    assert side.outcomes() == [("approve", "refused")]
    assert NOTICE in side.titles(LEADER)


def test_what_the_oa_refuses_is_said_in_its_words(side, office, seen):
    with pytest.raises(ActRefused):
        side.of(LEADER).create(str(TRAVEL), "空表", {})
    assert side.titles(LEADER, Box.STARTED) == []


def test_a_document_whose_answer_was_lost_is_not_made_twice(side, office, seen):
    office.fault("doCreateWorkflowRequest", "done_but_lost", count=1)
    service = side.of(LEADER)
    item = service.create(str(TRAVEL), "会议差旅费", {"sy": "会议", "je": "10"})
    assert item.external_id == str(office.document("会议差旅费")["id"])
    with pytest.raises(AlreadyHandled):
        service.create(str(TRAVEL), "会议差旅费", {"sy": "会议", "je": "10"})
    assert len([row for row in office.state()["requests"] if row["title"] == "会议差旅费"]) == 1


def test_after_some_failures_the_oa_is_left_alone_and_then_asked_again(side, office, seen):
    office.fault("*", "refuse")
    for _ in range(3):
        assert trouble_of(side, oa_seconds=1) is Trouble.DOWN
    asked = len(office.state()["faults"]) and office.state()["faults"][0]["used"]
    with pytest.raises(SourceDown):
        side.source().counts(side.person(LEADER))
    with pytest.raises(SourceDown):
        side.of(LEADER).act(side.item(NOTICE), approve(seen))
    assert office.state()["faults"][0]["used"] == asked
    assert side.of(LEADER).state().open_until > side.clock.now()
    office.forgive()
    side.clock.advance(seconds=timedelta(seconds=31).total_seconds())
    assert side.of(LEADER).refresh()
    assert side.of(LEADER).state().open_until is None


def test_lines_that_come_twice_are_listed_once(side, office):
    office.fault("*List", "duplicate")
    side.of(LEADER).refresh()
    titles = side.titles(LEADER)
    assert len(titles) == len(set(titles)) == 3


def test_nothing_of_the_secrets_or_opinions_is_in_the_log(side, office, seen, caplog):
    office.fault("*", "soap_fault")
    with caplog.at_level("DEBUG"), pytest.raises(SourceDown):
        side.of(LEADER).show(side.item(NOTICE))
    assert PASSWORD not in caplog.text
    assert NOTICE not in caplog.text


def test_four_taps_at_once_are_one_act(side, office, seen):
    office.fault(ACT, "latency", 0.3)
    item, wanted = side.item(NOTICE), approve(seen)

    def tap(_number):
        try:
            side.of(LEADER).act(item, wanted)
        except (AlreadyHandled, StillChecked) as refused:
            return type(refused).__name__
        return "done"

    with ThreadPoolExecutor(4) as phones:
        answers = sorted(phones.map(tap, range(4)))
    assert answers.count("done") == 1
    assert office.state()["calls"][ACT] == 1
    assert len([log for log in office.document(NOTICE)["logs"] if log["who"] == LEADER]) == 1
