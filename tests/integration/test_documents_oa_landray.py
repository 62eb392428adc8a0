"""The second connector proves the port: an EKP with its to-do and review services."""

from __future__ import annotations

import pytest
from tests.integration.oa_office import HEAD, LEADER, NOTICE

from xinglin.api.services import NotFound
from xinglin_documents.models import Box, EntryState
from xinglin_documents.service.connectors.errors import AlreadyHandled, OutcomeUnknown, SourceDown
from xinglin_documents.service.port import Capability, SourceAct, Wish

JOURNEY = "省妇幼工作会议差旅费报销"


@pytest.fixture
def ekp(side):
    side.settings = {"oa": "landray"}
    return side


def test_its_lists_are_in_the_same_inbox(ekp):
    service = ekp.of(LEADER)
    assert service.refresh()
    assert set(ekp.titles(LEADER)) == {NOTICE, JOURNEY, "新生儿亚低温治疗"}
    ekp.of(HEAD).refresh()
    assert ekp.titles(HEAD, Box.TO_READ)


def test_a_document_is_a_way_to_its_page_and_two_acts(ekp, office):
    service = ekp.of(LEADER)
    service.refresh()
    shown = service.show(ekp.item(NOTICE))
    assert shown.link.endswith(f"fdId={office.document(NOTICE)['id']}")
    assert [action.act for action in shown.actions] == [SourceAct.APPROVE, SourceAct.RETURN]
    service.act(ekp.item(NOTICE), Wish(SourceAct.APPROVE, shown.node, "同意"))
    assert office.document(NOTICE)["node"] == "医务部承办"
    assert ekp.titles(LEADER, state=EntryState.DONE) == [NOTICE]
    with pytest.raises(AlreadyHandled):
        service.act(ekp.item(NOTICE), Wish(SourceAct.APPROVE, shown.node, "同意"))


def test_a_lost_answer_is_looked_up_here_too(ekp, office):
    service = ekp.of(LEADER)
    service.refresh()
    shown = service.show(ekp.item(NOTICE))
    office.fault("approveProcess", "done_but_lost", count=1)
    service.act(ekp.item(NOTICE), Wish(SourceAct.APPROVE, shown.node, "同意"))
    office.fault("approveProcess", "reset", count=1)
    item = ekp.item(JOURNEY)
    with pytest.raises(OutcomeUnknown):
        service.act(item, Wish(SourceAct.RETURN, service.show(item).node, "金额不符"))
    assert ekp.outcomes() == [("approve", "done"), ("return", "unknown")]
    assert office.state()["calls"]["approveProcess"] == 1


def test_what_it_cannot_do_is_not_offered(ekp):
    service = ekp.of(LEADER)
    assert Capability.CREATE not in ekp.source().capabilities
    assert service.templates() == ()
    with pytest.raises(NotFound):
        service.create("12", "x", {})


def test_a_caller_with_a_wrong_password_reads_nothing(ekp):
    with pytest.raises(SourceDown):
        ekp.source(oa_user="somebody").counts(ekp.person(LEADER))
