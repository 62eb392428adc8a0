"""IT keeps a process: looks, makes a mistake, is told the line, corrects, publishes; others have no way in."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from tests.functional.paediatrics import HEAD, NURSE, settle_in

from xinglin.api.security import GrantService
from xinglin.audit.models import AuditRecord
from xinglin.auth.models import Administrator
from xinglin_documents.models import Definition as Version
from xinglin_documents.models import DefinitionState, FlowEvent, Process
from xinglin_documents.permissions import PERMISSIONS

pytestmark = pytest.mark.plugins("portal", "documents")

PAGE = "/documents/processes"


@pytest.fixture
def hospital(portal, clock):
    """Three colleagues; the first manages processes."""
    with portal.session() as (session, audit):
        people = settle_in(session, clock, audit)
        administrator = Administrator(
            login="it", name="信息科", password_hash="x", totp_sealed=b"", created_at=clock.now()
        )
        session.add(administrator)
        session.flush()
        permissions = {one.name: one for one in PERMISSIONS}
        grants = GrantService(session, clock, audit, permissions, ZoneInfo("Asia/Shanghai"))
        end = clock.now() + timedelta(days=30)
        grants.grant(administrator, people.by_wecom_userid(HEAD), "documents:manage", expires_at=end)
    return portal


@pytest.fixture
def phone(hospital):
    return hospital.phone_of(HEAD)


def create(phone, key="car_use", title="公务用车"):
    form = phone.get(PAGE).forms["form"]
    form["key"], form["title"] = key, title
    return form.submit("create").follow()


def typed(page, old, new):
    """The page after `old` was typed over in the text and the draft saved."""
    form = page.forms["text"]
    form["text"] = form["text"].value.replace(old, new)
    return form.submit("save").follow()


def published(phone, key="car_use", reason="科室提出"):
    form = phone.get(f"{PAGE}/{key}/publish").forms["form"]
    form["reason"] = reason
    return form.submit("publish")


def test_the_first_look_finds_the_ten_processes(phone, hospital):
    page = phone.get(PAGE)
    assert len(page.html.select(".p-process")) == 10
    assert "发文" in page
    phone.get(PAGE)
    with hospital.session() as (session, _audit):
        assert len(session.scalars(select(Version)).all()) == 10


def test_the_worker_puts_them_in_before_anybody_looks(hospital):
    hospital.work()
    with hospital.session() as (session, _audit):
        assert len(session.scalars(select(Process)).all()) == 10


def test_who_does_not_manage_processes_has_no_way_in(hospital):
    nurse = hospital.phone_of(NURSE)
    for path in (PAGE, f"{PAGE}/leave", f"{PAGE}/leave/publish", f"{PAGE}/leave/documents"):
        nurse.get(path, status=(403, 404))


def test_a_new_process_goes_from_its_first_text_to_the_list(phone, hospital):
    page = create(phone)
    assert "没有错误" in page
    typed(page, "matter\n", "matter\n")
    assert published(phone).status_int == 303
    assert "版本 1 使用中" in phone.get(PAGE)
    with hospital.session() as (session, _audit):
        record = session.scalars(
            select(AuditRecord).where(AuditRecord.action == "documents.publish_process")
        ).all()[-1]
        assert record.object_id == "car_use"


def test_the_flow_is_drawn_while_the_text_has_no_faults(phone):
    phone.get(PAGE)
    page = phone.get(f"{PAGE}/outgoing")
    drawn = [one.text.split()[0] for one in page.html.select(".d-flow__title")]
    assert drawn[1:4] == ["科室核稿", "会签", "院办核稿"]
    assert typed(create(phone), "mode: any", "mode: some").html.select(".d-flow__title") == []


def test_a_mistake_is_shown_with_its_line_and_the_text_is_kept_as_a_draft(phone):
    page = typed(create(phone), "mode: any", "mode: some")
    (link,) = page.html.select(".p-faults a")
    number = link["href"].removeprefix("#line-")
    assert page.forms["text"]["text"].value.splitlines()[int(number) - 1].strip() == "mode: some"
    assert page.html.select_one(f"#line-{number}.p-bad") is not None
    assert "single" in page.html.select_one(".p-faults").text
    assert "form" not in phone.get(f"{PAGE}/car_use/publish").forms, "a faulty draft cannot be published"
    page = typed(page, "mode: some", "mode: all")
    assert page.html.select(".p-faults") == []


def test_a_check_alone_saves_nothing(phone):
    form = create(phone).forms["text"]
    form["text"] = "nonsense"
    checked = form.submit("check")
    assert checked.html.select(".p-faults a")
    assert checked.forms["text"]["text"].value.strip() == "nonsense"
    assert "nonsense" not in phone.get(f"{PAGE}/car_use")


def test_two_editors_at_once_lose_nothing(phone):
    mine, hers = create(phone), phone.get(f"{PAGE}/car_use")
    typed(mine, "matter", "purpose")
    form = hers.forms["text"]
    form["text"] = form["text"].value.replace("公务用车", "用车申请")
    refused = form.submit("save", status=409)
    assert "用车申请" in refused.forms["text"]["text"].value
    assert refused.html.select_one(".x-notice_error")


def test_a_publication_needs_a_reason_and_shows_what_changes(phone):
    create(phone)
    published(phone)
    typed(phone.get(f"{PAGE}/car_use"), "mode: any", "mode: all")
    page = phone.get(f"{PAGE}/car_use/publish")
    assert page.html.select_one("del").text.strip() == "mode: any"
    assert page.html.select_one("ins").text.strip() == "mode: all"
    page.forms["form"].submit("publish", status=422)
    assert "没有按旧版本运行的公文" in published(phone).follow()
    again = phone.get(f"{PAGE}/car_use/publish?with=1")
    assert again.html.select_one("del").text.strip() == "mode: any"


def test_a_draft_can_be_thrown_away(phone):
    create(phone)
    published(phone)
    page = typed(phone.get(f"{PAGE}/car_use"), "mode: any", "mode: all")
    form = next(one for one in page.forms.values() if one.action.endswith("/discard"))
    assert "mode: any" in form.submit().follow()


def test_a_process_is_switched_off_and_moved_in_the_list(phone, hospital):
    page = phone.get(PAGE)
    form = next(one for one in page.forms.values() if one.action.endswith("/leave/arrange"))
    form["is_active"], form["sort_order"] = False, "1"
    page = form.submit().follow()
    first = page.html.select_one(".p-process")
    assert "leave" in first.text
    assert "已停用" in first.text


def test_a_key_that_is_taken_or_misspelt_is_refused_in_words(phone):
    form = phone.get(PAGE).forms["form"]
    form["key"], form["title"] = "leave", "请假"
    refused = form.submit("create", status=409)
    assert "leave" in refused.html.select_one(".x-notice_error").text
    form = refused.forms["form"]
    form["key"] = "Leave!"
    assert form.submit("create", status=422).forms["form"]["title"].value == "请假"


def test_a_form_made_by_hand_is_refused(phone):
    page = phone.get(PAGE)
    form = next(one for one in page.forms.values() if one.action.endswith("/leave/arrange"))
    form["sort_order"] = "-5"
    form.submit(status=400)


def test_the_draft_of_another_state_is_found_in_the_database(phone, hospital):
    create(phone)
    with hospital.session() as (session, _audit):
        states = session.scalars(select(Version.state).join(Process).where(Process.key == "car_use")).all()
    assert states == [DefinitionState.DRAFT]


def test_a_running_document_is_looked_at_and_moved(phone, hospital):
    create(phone)
    published(phone)
    form = hospital.phone_of(NURSE).get("/documents/new/car_use").forms["start"]
    form["matter"] = "产科义诊"
    form.submit()
    typed(phone.get(f"{PAGE}/car_use"), "科室负责人审批", "科主任审批")
    page = published(phone).follow()
    assert "产科义诊" in page
    assert "按版本 1 运行 1 件" in phone.get(PAGE)
    form = next(one for one in page.forms.values() if one.action.endswith("/car_use/documents"))
    form["reason"] = ""
    form = next(
        one for one in form.submit(status=422).forms.values() if one.action.endswith("/car_use/documents")
    )
    form["reason"] = "统一版本"
    assert "已迁移 1 件，0 件保持不变" in form.submit()
    assert "按版本 2 运行 1 件" in phone.get(PAGE)
    with hospital.session() as (session, _audit):
        acts = session.scalars(select(FlowEvent.act).order_by(FlowEvent.sequence)).all()
    assert acts == ["start", "migrate"]
