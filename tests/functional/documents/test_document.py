"""The page of a document and its acts, in a browser without script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.functional.documents.furnishing import furnish
from tests.functional.documents.stand_in import Stage
from tests.functional.documents.stand_in_outside import outside_document
from tests.functional.paediatrics import HEAD, NURSE

from xinglin.api.people import Department, Person
from xinglin.api.services import DomainError
from xinglin_documents.models import Entry, Item
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.port import SourceAct

pytestmark = pytest.mark.plugins("portal", "news", "documents")
GONE = DomainError("王丽已于 09:12 办理。", "您无需再办。", status=409)


@pytest.fixture
def stage(portal, clock):
    furnish(portal, clock)
    return Stage(clock).install(portal)


@pytest.fixture
def phone(portal, stage):
    return portal.phone_of(HEAD)


def address_of(portal, external_id="x0"):
    with portal.session() as (session, _audit):
        found = session.scalars(select(Item.public_id).where(Item.external_id == external_id)).one()
    return f"/documents/items/{found}"


@pytest.fixture
def here(portal, stage):
    return address_of(portal)


def person(portal, key=NURSE):
    with portal.session() as (session, _audit):
        return session.scalars(select(Person).where(Person.wecom_userid == key)).one()


def test_approving_is_one_tap_and_leads_back_to_the_list_as_it_was(phone, here, stage):
    page = phone.get(here, headers={"Referer": "http://127.0.0.1:18080/documents?tab=to_do&process=request"})
    assert page.html.select_one(".d-bar__main").text == "同意"
    done = page.forms["act"].submit()
    assert [(one.act, one.task, one.opinion) for one in stage.asked] == [(Act.APPROVE, "3", "")]
    assert "process=request" in done.location
    after = done.follow()
    assert "已同意。" in after.html.select_one(".x-notices").text
    assert after.html.select(".d-line")


def test_a_second_tap_is_led_to_the_result_of_the_first(phone, here, stage):
    form = phone.get(here).forms["act"]
    first, second = form.submit(), form.submit()
    assert first.location == second.location
    assert len(stage.asked) == 1


def test_the_opinion_goes_along(phone, here, stage):
    page = phone.get(here)
    page.forms["act"]["opinion"] = " 同意购置。 "
    page.forms["act"].submit()
    assert stage.asked[0].opinion == "同意购置。"


def test_who_was_slower_reads_who_was_faster_and_finds_the_next_one(phone, here, stage):
    stage.refusal = GONE
    page = phone.get(here).forms["act"].submit(status=409)
    assert "王丽已于 09:12 办理。" in page.text
    assert page.html.select_one(".d-line")["href"].startswith("/documents/items/")


def test_a_step_that_needs_an_opinion_is_not_approved_without(portal, phone, here, stage):
    stage.refusal = DomainError("本步骤必须填写意见。", "请先填写。")
    page = phone.get(here).forms["act"].submit(status=422)
    assert "本步骤必须填写意见。" in page.text
    assert page.forms["act"].action.endswith("/approve")


def test_return_takes_the_opinion_along_and_offers_the_nearest_step_first(phone, here, stage):
    page = phone.get(here)
    form = page.forms["act"]
    button = page.html.select_one("button[name=look]")
    assert button.text == "退回"
    fields = [*form.submit_fields(), ("look", "1")]
    fields = [(name, "请补充询价材料" if name == "opinion" else value) for name, value in fields]
    sheet = phone.post(button["formaction"], fields)
    assert stage.asked == []
    form = sheet.forms["act"]
    assert form["opinion"].value == "请补充询价材料"
    assert [one.text for one in sheet.html.select(".x-choice")] == [
        "科主任审核",
        "发起人",
        "重新提交后直接回到我这里",
    ]
    assert form["to"].value == "head"
    form["is_direct"] = True
    form.submit()
    asked = stage.asked[0]
    assert (asked.act, asked.to, asked.is_direct, asked.opinion) == (
        Act.RETURN,
        "head",
        True,
        "请补充询价材料",
    )


@pytest.mark.parametrize("act", [Act.TRANSFER, Act.DELEGATE, Act.ADD_BEFORE, Act.ADD_AFTER, Act.COPY])
def test_persons_are_looked_for_and_chosen(portal, phone, here, stage, act):
    sheet = phone.get(f"{here}/{act}")
    assert "请" in sheet.forms["act"].submit(status=422).html.select_one(".x-notices").text
    form = sheet.forms["act"]
    form["q"] = "wangli"
    found = form.submit("look", status=200)
    form = found.forms["act"]
    assert [one.text.split()[0] for one in found.html.select("#d-found label")] == ["王丽"]
    form["person"] = person(portal).public_id if act in (Act.TRANSFER, Act.DELEGATE) else True
    form.submit(status=303)
    assert [(one.act, one.persons) for one in stage.asked] == [(act, (person(portal).id,))]


def test_a_whole_department_may_be_sent_a_copy(portal, phone, here, stage):
    with portal.session() as (session, _audit):
        ward = session.scalars(select(Department.public_id).where(Department.code == "P1")).one()
    form = phone.get(f"{here}/circulate").forms["act"]
    next(box for box in form.fields["department"] if box._value == ward).checked = True
    after = form.submit().follow()
    assert "已传阅。" in after.text
    assert stage.asked[0].persons == (person(portal).id,)


def test_signers_that_were_added_can_be_removed(portal, phone, here, stage):
    sheet = phone.get(f"{here}/remove_signer")
    assert [one.text.split()[0] for one in sheet.html.select(".x-choice")] == ["朴恩雅"]
    sheet.forms["act"]["person"] = person(portal, "P10051").public_id
    sheet.forms["act"].submit(status=303)
    assert len(stage.asked[0].persons) == 1


@pytest.mark.parametrize("act", [Act.TERMINATE, Act.SUSPEND, Act.COMMENT])
def test_what_weighs_needs_a_reason(phone, here, stage, act):
    form = phone.get(f"{here}/{act}").forms["act"]
    assert "请先填写意见" in form.submit(status=422).text
    form["opinion"] = "预算取消。"
    form.submit(status=303)
    assert [(one.act, one.opinion) for one in stage.asked] == [(act, "预算取消。")]


@pytest.mark.parametrize("act", [Act.URGE, Act.WITHDRAW, Act.TAKE_BACK, Act.RESUME])
def test_what_weighs_little_is_one_tap_on_its_sheet(phone, here, stage, act):
    phone.get(f"{here}/{act}").forms["act"].submit(status=303)
    assert [one.act for one in stage.asked] == [act]


def test_acts_that_are_none_are_not_found(phone, here):
    for name in ("start", "escalate", "time_out", "nonsense"):
        assert "没有这项操作" in phone.get(f"{here}/{name}", status=404).text


def test_a_document_that_is_not_there_is_said_to_be_nobodys(phone, stage):
    assert "没有这件公文" in phone.get("/documents/items/nothing", status=404).text


def test_the_page_says_where_it_waits_who_had_it_and_for_how_long(phone, here, stage):
    page = phone.get(here)
    assert "等您办理" in page.html.select_one(".d-stand_mine").text
    steps = [one.get_text(" ", strip=True) for one in page.html.select(".d-time")[0].select(".d-time__step")]
    assert steps[1].startswith("单玉梅 同意 情况属实，建议尽快购置。 科主任审核 儿科")
    assert "用时 2 小时 5 分钟" in steps[1]
    assert "转办 → 王丽" in steps[2]
    assert "代 朴恩雅" in steps[3]
    assert "已打开" in steps[4]
    assert "未打开" in steps[5]
    assert "已等 1 天 1 小时(工作时间 8 小时 21 分钟)" in steps[5].replace(" (", "(")
    readers = page.html.select(".d-time")[1].text
    assert "设备科已询价，附后。" in readers
    assert not any("设备科" in one for one in steps)


def test_who_only_looks_sees_whom_it_waits_for_and_no_bar(phone, here, stage):
    stage.has_task, stage.acts = False, ()
    page = phone.get(here)
    assert "职能部门会签 单玉梅 · 已等 1 天 1 小时 · 已打开" in " ".join(
        page.html.select_one(".d-stand").text.split()
    )
    assert not page.html.select(".d-bar")


def test_a_deputy_sees_in_whose_name_she_acts_and_opens_nothing_for_her(portal, phone, here, stage):
    stage.principal_name = "朴恩雅"
    assert "代 朴恩雅" in phone.get(here).html.select_one(".d-stand_mine").text
    with portal.session() as (session, _audit):
        entry = session.scalars(select(Entry).join(Item).where(Item.external_id == "x0")).one()
        assert entry.read_at is None


def test_opening_a_task_is_noted_once(portal, phone, here, stage, clock):
    opened = clock.now()
    phone.get(here)
    clock.advance(minutes=5)
    phone.get(here)
    with portal.session() as (session, _audit):
        entry = session.scalars(select(Entry).join(Item).where(Item.external_id == "x0")).one()
        assert entry.read_at == opened


def test_reading_is_acknowledged_with_an_opinion_of_its_own(portal, phone, stage):
    stage.has_task, stage.is_reading, stage.acts = False, True, (Act.COMMENT,)
    page = phone.get(address_of(portal, "x901"))
    assert page.html.select_one(".d-bar__main").text == "已阅"
    page.forms["act"]["opinion"] = "已组织学习。"
    assert "done=read" in page.forms["act"].submit().location
    assert stage.acknowledged == ["已组织学习。"]
    assert stage.asked == []


def test_a_document_can_be_followed(phone, here, stage):
    page = phone.get(here)
    form = next(one for one in page.forms.values() if one.action.endswith("/track"))
    assert "已加入跟踪。" in form.submit().follow().text
    assert stage.asked == [(here.rpartition("/")[2], True)]


def test_the_picture_has_one_step_where_it_is_now_and_marks_the_way_not_taken(phone, here, stage):
    page = phone.get(here)
    (current,) = page.html.select("[aria-current=step]")
    assert "职能部门会签 会签" in current.text.strip()
    assert "已签 1/3" in current.text
    words = {" ".join(one.text.split()) for one in page.html.select(".d-flow__title")}
    assert {"发起人提交", "科主任审核", "按金额分流 择一", "五万元以下 未经过", "院长审批", "结束"} <= words
    assert "院办审核" not in words


def test_a_document_of_the_oa_is_drawn_from_its_answer(portal, phone, stage):
    page = phone.get(address_of(portal, "x900"))
    for words in (
        "分管院领导批示",
        "江北市卫生健康委员会",
        "200 盒",
        "江卫发〔2026〕88号.pdf",
        "请分管领导批示。",
    ):
        assert words in page.text
    assert [one.text for one in page.html.select(".d-bar .weui-btn")] == ["更多", "退回", "批准"]
    form = page.forms["act"]
    form["opinion"], form["field_kind"] = "同意。", "2"
    assert "done=approve" in form.submit().location
    (wish,) = stage.wished
    assert (wish.act, wish.node, wish.opinion, dict(wish.values)) == (
        SourceAct.APPROVE,
        "n5",
        "同意。",
        {"kind": "2"},
    )


def test_a_document_of_the_oa_is_forwarded_to_a_colleague(portal, phone, stage):
    outside = address_of(portal, "x900").replace("/items/", "/outside/")
    sheet = phone.get(outside + "/forward")
    assert "请至少选择一位同事" in sheet.forms["act"].submit(status=422).text
    sheet.forms["act"]["q"] = "朴"
    found = sheet.forms["act"].submit("look")
    found.forms["act"]["person"] = True
    found.forms["act"].submit(status=303)
    assert stage.wished[0].persons == (person(portal, "P10051").id,)


def test_an_oa_whose_outcome_is_not_known_says_so_and_is_not_asked_again(portal, phone, stage):
    stage.refusal = DomainError("OA 尚未确认。", "请勿重复办理。", status=503)
    page = phone.get(address_of(portal, "x900")).forms["act"].submit(status=503)
    assert "OA 尚未确认。 请勿重复办理。" in page.text
    assert stage.wished == []


def test_what_was_kept_of_a_silent_oa_can_be_read_and_not_acted_on(portal, phone, stage, clock):
    with portal.session() as (session, _audit):
        item = session.scalars(select(Item).where(Item.external_id == "x900")).one()
        stage.document = outside_document(item, as_of=clock.now() - timedelta(minutes=35))
    page = phone.get(address_of(portal, "x900"))
    assert "以下为 08:25 时的内容" in page.text
    assert not page.html.select(".d-bar")


def test_what_the_oa_does_not_offer_is_not_there(portal, phone, stage):
    outside = address_of(portal, "x900").replace("/items/", "/outside/")
    assert "没有这项操作" in phone.get(outside + "/withdraw", status=404).text
