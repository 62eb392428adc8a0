"""The OA behind, over a real socket: its lists, its documents, acts in it, its files."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from tests.integration.oa_office import AFFAIRS, CLERK, DOCTOR, HEAD, LEADER, NOTICE, TRAVEL

from xinglin.api.files import FileState
from xinglin.api.services import NotFound
from xinglin.push.models import Message
from xinglin_documents.models import Box, EntryState
from xinglin_documents.service.connectors.errors import AlreadyHandled, NotKnownThere
from xinglin_documents.service.port import SourceAct, SourceBox, Wish

APPROVE = SourceAct.APPROVE


def wish(shown, act=APPROVE, opinion="同意。", **more):
    return Wish(act, shown.node, opinion, **more)


def count(side, model):
    with side.database.read_session() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_the_inbox_lists_what_the_oa_counts(side):
    service = side.of(LEADER)
    assert service.refresh()
    counts = side.source().counts(side.person(LEADER))
    assert len(side.titles(LEADER)) == counts[SourceBox.TO_DO] == 3
    assert len(side.titles(LEADER, state=EntryState.DONE)) == counts[SourceBox.DONE] > 0
    assert side.titles(LEADER)[0] == NOTICE
    assert service.as_of() == side.clock.now()


def test_what_the_oa_keeps_for_reading_is_read_by_opening_it(side, office):
    side.of(LEADER).refresh()
    service = side.of(LEADER)
    service.act(side.item(NOTICE), wish(service.show(side.item(NOTICE))))
    affairs = side.of(AFFAIRS)
    affairs.refresh()
    affairs.act(side.item(NOTICE), wish(affairs.show(side.item(NOTICE))))
    head = side.of(HEAD)
    head.refresh()
    assert NOTICE in side.titles(HEAD, Box.TO_READ)
    assert head.show(side.item(NOTICE)).status == "归档"
    left = side.titles(HEAD, Box.TO_READ)
    assert NOTICE not in left
    assert side.titles(HEAD, Box.TO_READ, EntryState.DONE) == [NOTICE]
    assert side.source().counts(side.person(HEAD))[SourceBox.TO_READ] == len(left)


def test_a_document_is_shown_with_form_history_files_and_words_without_markup(side):
    service = side.of(LEADER)
    service.refresh()
    shown = service.show(side.item("省妇幼工作会议差旅费报销"))
    assert [(field.label, field.display) for field in shown.fields] == [
        ("出差事由", "参加省妇幼工作会议"),
        ("金额（元）", "1320.50"),
    ]
    assert [file.name for file in shown.files] == ["省妇幼工作会议差旅费报销.png"]
    assert [(line.person, line.act, line.opinion) for line in shown.history] == [
        ("覃海峰", "提交", ""),
        ("仇雅琴", "批准", "同意。"),
    ]
    assert {action.act for action in shown.actions} == {
        SourceAct.APPROVE,
        SourceAct.RETURN,
        SourceAct.FORWARD,
        SourceAct.COMMENT,
    }


def test_an_approval_reaches_the_oa_and_the_document_moves(side, office):
    service = side.of(LEADER)
    service.refresh()
    item = side.item(NOTICE)
    service.act(item, wish(service.show(item), opinion="同意 <请> & 抓紧\n𠮷"))
    assert office.document(NOTICE)["node"] == "医务部承办"
    assert side.titles(LEADER) == ["省妇幼工作会议差旅费报销", "新生儿亚低温治疗"]
    assert side.titles(LEADER, state=EntryState.DONE)[0] == NOTICE
    assert service.show(item).history[-1].opinion == "同意 <请> & 抓紧\n𠮷"
    assert side.outcomes() == [("approve", "done")]


def test_a_return_goes_back_to_its_creator(side, office):
    service = side.of(LEADER)
    service.refresh()
    item = side.item(NOTICE)
    service.act(item, wish(service.show(item), SourceAct.RETURN, "请补充附件"))
    assert office.document(NOTICE)["waits_for"] == [CLERK]
    assert office.document(NOTICE)["logs"][-1]["act"] == "退回"


def test_the_second_approval_hears_who_was_first_and_when(side, office):
    service = side.of(LEADER)
    service.refresh()
    item = side.item(NOTICE)
    seen = service.show(item)
    office.post("acts", id=office.document(NOTICE)["id"], login=LEADER, act="submit", remark="已在电脑上批")
    with pytest.raises(AlreadyHandled) as refused:
        service.act(item, wish(seen))
    assert refused.value.message.mapping["name"] == "欧阳建国"
    assert len([log for log in office.document(NOTICE)["logs"] if log["act"] == "批准"]) == 1


def test_the_same_tap_twice_is_done_once(side, office):
    service = side.of(LEADER)
    service.refresh()
    item = side.item(NOTICE)
    seen = service.show(item)
    service.act(item, wish(seen))
    with pytest.raises(AlreadyHandled):
        service.act(item, wish(seen))
    assert office.state()["calls"]["submitWorkflowRequest"] == 1


def test_a_document_that_comes_back_can_be_approved_again(side, office):
    number = office.arise("市医保局来函")["id"]
    service = side.of(LEADER)
    service.refresh()
    item = side.item("市医保局来函")
    service.act(item, wish(service.show(item), SourceAct.RETURN, "缺附件"))
    office.post("acts", id=number, login=CLERK, act="submit", remark="已补")
    side.clock.advance(minutes=1)
    service.refresh()
    assert "市医保局来函" in side.titles(LEADER)
    service.act(item, wish(service.show(item)))
    assert side.outcomes() == [("return", "done"), ("approve", "done")]
    assert side.titles(LEADER, state=EntryState.DONE).count("市医保局来函") == 2


def test_forward_and_comment_reach_the_oa(side, office):
    service = side.of(LEADER)
    service.refresh()
    item = side.item(NOTICE)
    shown = service.show(item)
    service.act(item, wish(shown, SourceAct.FORWARD, "请知悉", persons=(side.person(DOCTOR),)))
    service.act(item, wish(shown, SourceAct.COMMENT, "先做自查"))
    row = office.document(NOTICE)
    assert DOCTOR in row["waits_for"]
    assert [log["act"] for log in row["logs"]][-2:] == ["转发", "批注"]


def test_what_is_taken_away_in_the_oa_is_gone_here_and_not_done(side, office):
    service = side.of(LEADER)
    service.refresh()
    office.post("acts", id=office.document(NOTICE)["id"], login=LEADER, act="delete")
    side.clock.advance(minutes=1)
    service.refresh()
    assert NOTICE not in side.titles(LEADER)
    assert NOTICE not in side.titles(LEADER, state=EntryState.DONE)


def test_a_new_to_do_is_told_once_and_the_first_look_tells_nothing(side, office):
    polling = side.polling()
    assert polling.run() == 5
    assert count(side, Message) == 0
    office.arise()
    side.clock.advance(minutes=3)
    assert polling.run() == 5
    side.clock.advance(minutes=3)
    assert polling.run() == 5
    with side.database.read_session() as session:
        message = session.scalars(select(Message)).one()
    assert message.title == "市医保局关于结算的函"
    assert message.path == f"/documents/items/{side.item(message.title).public_id}"


def test_a_quiet_round_of_the_poller_asks_little(side, office):
    polling = side.polling()
    polling.run()
    before = sum(office.state()["calls"].values())
    side.clock.advance(minutes=3)
    polling.run()
    assert sum(office.state()["calls"].values()) - before <= 5 * 6


def test_a_document_is_started_in_the_oa_with_its_form(side, office):
    service = side.of(DOCTOR)
    assert "差旅费报销" in [template.title for template in service.templates()]
    form = service.new_form(str(TRAVEL))
    assert [field.key for field in form.fields if field.is_editable] == ["sy", "je"]
    item = service.create(str(TRAVEL), "进修差旅费", {"sy": "进修", "je": "880"})
    assert side.titles(DOCTOR, Box.STARTED) == ["进修差旅费"]
    assert office.document("进修差旅费")["waits_for"] == [HEAD]
    assert item.external_id == str(office.document("进修差旅费")["id"])


def test_a_file_comes_through_the_store_of_files(side):
    service = side.of(LEADER)
    service.refresh()
    item = side.item("省妇幼工作会议差旅费报销")
    (file,) = service.show(item).files
    stored = service.file(item, file.external_id)
    assert (stored.name, stored.media_type) == (file.name, "image/png")
    assert stored.state == FileState.PENDING  # nobody reads it before the virus check
    assert service.file(item, file.external_id).id == stored.id
    with pytest.raises(NotFound):
        service.file(item, "999999")


def test_a_colleague_sees_nothing_that_the_oa_does_not_list_for_her(side):
    side.of(LEADER).refresh()
    with pytest.raises(NotFound):
        side.of(DOCTOR).show(side.item(NOTICE))


def test_a_person_whom_the_oa_does_not_know_is_asked_for_once_a_day(side, office):
    with side.database.session() as session:
        from xinglin.api.people import Person

        session.get(Person, side.person(DOCTOR)).staff_no = "99999"
    service = side.of(DOCTOR)
    assert service.refresh()
    assert service.refresh()
    assert office.state()["calls"]["getUserId"] == 1
    with pytest.raises(NotKnownThere):
        service.templates()
