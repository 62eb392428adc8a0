"""What is typed outlives acts beside it; managers free what stuck; who only advises fills in nothing; words of a batch."""

from __future__ import annotations

import base64

import pytest
from sqlalchemy import select
from tests.functional.documents import requests
from tests.functional.documents.requests import TEXT, open_entry, post, public_id, start, type_in
from tests.functional.paediatrics import HEAD, NURSE, OUTSIDER
from tests.unit.xinglin_documents.filling_hospital import signed

from xinglin.api.people import Person, PersonState
from xinglin_documents.models import Deputy, Draft, DraftFile, FlowEvent, Instance, Item, Process, Secrecy

pytestmark = pytest.mark.plugins("portal", "news", "documents")
TYPED = "拟同意，但须三家比价"


@pytest.fixture
def phones(portal, clock):
    requests.furnish(portal, clock)
    return requests.phones(portal)


def drafts(portal):
    with portal.session() as (session, _audit):
        return len(session.scalars(select(Draft)).all()), len(session.scalars(select(DraftFile)).all())


@pytest.mark.parametrize(
    ("act", "pairs"),
    [("comment", [("opinion", "问一句")]), ("copy", [OUTSIDER]), ("circulate", [OUTSIDER])],
)
def test_what_was_typed_is_there_after_an_act_beside_it(portal, phones, act, pairs):
    nurse, head, *_others = phones
    address = start(nurse)
    type_in(portal, head, address, HEAD, TYPED)
    sent = [("person", public_id(portal, one)) if one == OUTSIDER else one for one in pairs]
    post(head, f"{address}/{act}", address, *sent, status=303)
    page = head.get(address)
    assert page.forms["act"]["answer"].value == TYPED
    assert "报价.txt" in page.text
    page.forms["act"].submit(status=303)
    assert drafts(portal) == (0, 0)
    after = nurse.get(address)
    assert TYPED in head.get(address).text
    assert "报价.txt" in after.text


def test_what_was_typed_waits_for_the_signers_asked_before(portal, phones):
    nurse, head, other, _manager = phones
    address = start(nurse)
    type_in(portal, head, address, HEAD, TYPED)
    post(head, f"{address}/add_before", address, ("person", public_id(portal, OUTSIDER)), status=303)
    assert TYPED not in other.get(address).text
    other.get(address).forms["act"].submit(status=303)
    assert head.get(address).forms["act"]["answer"].value == TYPED


def test_what_was_typed_is_taken_up_when_a_returned_document_is_back(portal, phones):
    nurse, head, *_others = phones
    address = start(nurse)
    type_in(portal, head, address, HEAD, TYPED)
    post(head, f"{address}/return", address, ("to", "start"), ("opinion", "缺数量"), status=303)
    assert TYPED not in nurse.get(address).text
    nurse.get(address).forms["act"].submit(status=303)
    page = head.get(address)
    assert page.forms["act"]["answer"].value == TYPED
    assert "报价.txt" in page.text
    page.forms["act"].submit(status=303)
    assert drafts(portal) == (0, 0)


def test_without_script_what_was_typed_is_kept_on_the_way_to_a_sheet(portal, phones):
    nurse, head, *_others = phones
    address = start(nurse)
    form = head.get(address).forms["act"]
    form["answer"] = TYPED
    fields = [*form.submit_fields(), ("look", "1")]
    assert "退回到" in head.post(f"{address}/return", fields).text
    assert head.get(address).forms["act"]["answer"].value == TYPED


def test_adding_signers_after_sends_the_form_along(portal, phones):
    nurse, head, *_others = phones
    address = start(nurse)
    form = head.get(f"{address}/add_after").forms["act"]
    form["answer"] = TYPED
    fields = [*form.submit_fields(), ("person", public_id(portal, OUTSIDER))]
    head.post(f"{address}/add_after", fields, status=303)
    assert TYPED in head.get(address).text


def test_whoever_is_asked_before_reads_the_form_and_fills_in_nothing(portal, phones):
    nurse, head, other, _manager = phones
    address = start(nurse)
    post(head, f"{address}/add_before", address, ("person", public_id(portal, OUTSIDER)), status=303)
    form = other.get(address).forms["act"]
    assert "answer" not in form.fields
    entry = open_entry(portal, address, OUTSIDER)
    other.get(f"/documents/drafts/task-{entry.id}/files/papers", status=404)
    form.submit(status=303)
    assert "answer" in head.get(address).forms["act"].fields


def names(page):
    return [one.text.split()[0] for one in page.html.select(".x-choice") if one.select("input[name=person]")]


def test_whoever_was_added_can_be_taken_off_also_after_leaving(portal, phones):
    nurse, head, _other, manager = phones
    address = start(nurse)
    post(head, f"{address}/delegate", address, ("person", public_id(portal, OUTSIDER)), status=303)
    with portal.session() as (session, _audit):
        session.scalars(select(Person).where(Person.wecom_userid == OUTSIDER)).one().state = PersonState.LEFT
    sheet = head.get(f"{address}/remove_signer")
    assert names(sheet) == names(manager.get(f"{address}/remove_signer")) == ["朴恩雅"]
    form = sheet.forms["act"]
    assert "请选择一位" in form.submit(status=422).text
    form["person"] = public_id(portal, OUTSIDER)
    form.submit(status=303)
    assert head.get(address).html.select_one(".d-bar__main").text == "同意"


def test_two_at_once_are_not_taken_off_and_a_sentence_says_so(portal, phones):
    nurse, head, *_others = phones
    address = start(nurse)
    both = [("person", public_id(portal, one)) for one in (OUTSIDER, NURSE)]
    assert "请选择一位" in post(head, f"{address}/remove_signer", address, *both, status=422).text
    twice = [both[0], both[0]]
    assert "请选择一位" in post(head, f"{address}/remove_signer", address, *twice, status=422).text


def test_a_manager_hands_a_stuck_task_to_somebody_else(portal, phones):
    nurse, head, other, manager = phones
    address = start(nurse)
    sheet = manager.get(f"{address}/transfer")
    labels = [
        " ".join(one.text.split()) for one in sheet.html.select(".x-choice") if one.select("input[name=task]")
    ]
    assert labels == ["科主任审核 – 单玉梅"]
    form = sheet.forms["act"]
    form["q"] = "朴"
    found = form.submit("look", status=200).forms["act"]
    found["person"] = public_id(portal, OUTSIDER)
    found.submit(status=303)
    assert other.get(address).html.select_one(".d-stand_mine")
    assert not head.get("/documents").html.select(".d-line")


def test_a_batch_says_in_words_why_one_was_not_approved(phones):
    nurse, head, other, _manager = phones
    address = start(nurse)
    head.get(address).forms["act"].submit(status=303)
    form = other.get("/documents?batch=1").forms["batch"]
    for box in form.fields["entry"]:
        box.checked = True
    other.get(address).forms["act"].submit(status=303)
    page = form.submit()
    assert "已由朴恩雅于" in page.text.replace(" ", "")
    assert "Already handled" not in page.text


def test_the_files_of_a_draft_are_nobodys_who_may_not_do_the_task(portal, phones, clock):
    nurse, head, other, manager = phones
    address = start(nurse)
    files = f"/documents/drafts/task-{open_entry(portal, address, HEAD).id}/files/papers"
    other.get(files, status=404)
    stand_in(portal, clock, requests.MANAGER, OUTSIDER)
    other.get(files, status=404)
    manager.get(files, status=404)
    stand_in(portal, clock, HEAD, OUTSIDER)
    other.get(files, status=200)
    head.get(files, status=200)
    with portal.session() as (session, _audit):
        session.scalars(select(Item)).one().secrecy = Secrecy.SECRET
    other.get(files, status=404)


def stand_in(portal, clock, principal, deputy):
    with portal.session() as (session, _audit):
        ids = {one.wecom_userid: one.id for one in session.scalars(select(Person))}
        end = clock.now().replace(year=clock.now().year + 1)
        session.add(
            Deputy(
                principal_id=ids[principal],
                deputy_id=ids[deputy],
                starts_at=clock.now(),
                ends_at=end,
                processes=[],
            )
        )


def test_a_form_of_a_process_switched_off_meanwhile_is_kept(portal, phones):
    nurse = phones[0]
    form = nurse.get("/documents/new/request").forms["start"]
    form["subject"] = "关闭之前写好的长文"
    switch(portal, is_on=False)
    page = form.submit(status=409)
    assert "该流程刚刚已停用" in page.html.select_one(".x-notices").text
    assert page.forms["start"]["subject"].value == "关闭之前写好的长文"
    nurse.get("/documents/new/request", status=404)
    switch(portal, is_on=True)
    assert nurse.get("/documents/new/request").forms["start"]["subject"].value == "关闭之前写好的长文"


def switch(portal, *, is_on):
    with portal.session() as (session, _audit):
        session.scalars(select(Process)).one().is_active = is_on


def test_a_form_changed_behind_a_signature_is_said_on_the_page(portal, clock):
    requests.furnish(
        portal, clock, TEXT.replace("title: 科主任审核", "title: 科主任审核\n    needs_signature: yes")
    )
    nurse, head, other, _manager = requests.phones(portal)
    address = start(nurse)
    png = "data:image/png;base64," + base64.b64encode(signed()).decode()
    post(head, f"{address}/approve", address, ("signature", png), ("opinion", "同意。"), status=303)
    page = other.get(address)
    assert page.html.select(".d-inked")
    assert not page.html.select(".d-forged")
    with portal.session() as (session, _audit):
        instance = session.scalars(select(Instance)).one()
        instance.values = {**instance.values, "subject": "购置别墅"}
    assert other.get(address).html.select_one(".d-forged").text == "签名之后，表单内容被改动过。"
    with portal.session() as (session, _audit):
        instance = session.scalars(select(Instance)).one()
        instance.values = {**instance.values, "subject": "购置呼吸机"}
        session.scalars(select(FlowEvent).where(FlowEvent.act == "approve")).one().opinion = "同意一千万"
    assert "意见" in other.get(address).html.select_one(".d-forged").text
