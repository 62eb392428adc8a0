"""The way of a notice through real pages: written, addressed, published, read, reminded, withdrawn."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from sqlalchemy import select, update
from tests.functional.paediatrics import HEAD, NURSE, OUTSIDER, settle_in
from webtest import Upload

from xinglin.api.people import Department, Person
from xinglin.api.security import GrantService
from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.auth import grant_seal
from xinglin.auth.models import Administrator, Grant, GrantDepartment
from xinglin.push.models import Delivery
from xinglin_news.models import Column, Notice, Read
from xinglin_news.permissions import PERMISSIONS

pytestmark = pytest.mark.plugins("portal", "news")


@pytest.fixture
def hospital(portal, clock):
    """Three colleagues; the first may issue 通知公告 and 科室动态 for paediatrics for thirty days."""
    with portal.session() as (session, audit):
        people = settle_in(session, clock, audit)
        administrator = Administrator(
            login="it", name="信息科", password_hash="x", totp_sealed=b"", created_at=clock.now()
        )
        session.add_all(
            [
                administrator,
                Column(key="notices", title="通知公告", reach="hospital", sort_order=1),
                Column(key="departments", title="科室动态", reach="own_departments", sort_order=2),
            ]
        )
        session.flush()
        permissions = {one.name: one for one in PERMISSIONS}
        grants = GrantService(session, clock, audit, permissions, ZoneInfo("Asia/Shanghai"))
        ward = session.scalars(select(Department.id).where(Department.code == "P")).one()
        head = people.by_wecom_userid(HEAD)
        for column in ("notices", "departments"):
            grants.grant(
                administrator,
                head,
                "news:publish",
                object_key=column,
                department_ids=[ward],
                expires_at=clock.now() + timedelta(days=30),
            )
    return portal


def photo(size=(64, 48)):
    stream = BytesIO()
    Image.new("RGB", size, "orange").save(stream, "JPEG")
    return stream.getvalue()


def begin(phone, column="notices"):
    """A new draft: the form of text and pictures."""
    form = phone.get("/news/write").forms["form"]
    form["column"] = column
    form["department"] = form["department"].options[0][0]
    return form.submit("begin").follow()


def department_value(page, name):
    label = page.html.find("input", {"name": "include"}, value=True)
    for box in page.html.find_all("input", {"name": "include"}):
        if name in box.parent.get_text():
            return box["value"]
    raise AssertionError(f"{name} is not offered, only things like {label}")


def publish(
    phone, title="关于春节值班的通知", body="<p>请<strong>周五前</strong>上报值班表。</p>", pictures=()
):
    """Write, address paediatrics, publish; the readers page."""
    form = begin(phone).forms["form"]
    form["title"], form["body"] = title, body
    if pictures:
        form["pictures"] = [Upload(name, content) for name, content in pictures]
    chooser = form.submit("next").follow()
    form = chooser.forms["audience"]
    tick(form, "include", department_value(chooser, "儿科"))
    confirm = form.submit("save").follow()
    return button(confirm, "/publish").submit().follow()


def tick(form, name, *values):
    for field in form.fields[name]:
        if field._value in values:
            field.checked = True


def button(page, path):
    """The form that posts to this path."""
    return next(form for form in page.forms.values() if form.action.endswith(path))


def listed_names(hospital):
    """What was asked for when colleagues were listed by name, oldest first, from the sealed details."""
    hospital.wsgi.registry.xinglin_recorder.flush()
    with hospital.site.database.read_session() as session:
        rows = session.scalars(select(AuditRecord).where(AuditRecord.object_kind == "news.readers"))
        return [json.loads(details_of(row, hospital.site.keyring))["after"] for row in rows]


def test_the_way_of_a_notice(hospital, clock):
    head, nurse, outsider = (hospital.phone_of(userid) for userid in (HEAD, NURSE, OUTSIDER))
    chooser_form = begin(head).forms["form"]
    chooser_form["title"], chooser_form["body"] = (
        "关于春节值班的通知",
        "<p>请<strong>周五前</strong>上报。</p>",
    )
    chooser_form["pictures"] = [Upload("值班表.jpg", photo())]
    chooser = chooser_form.submit("next").follow()

    form = chooser.forms["audience"]
    tick(form, "include", department_value(chooser, "儿科"))
    looked = form.submit("look")
    assert "将送达 2 人" in looked.text
    form = looked.forms["audience"]
    tick(
        form,
        "exclude",
        next(
            box["value"]
            for box in looked.html.find_all("input", {"name": "exclude"})
            if "药学部" in box.parent.text
        ),
    )
    confirm = form.submit("save").follow()
    assert "儿科（含下级）" in confirm.text
    assert "发布给 2 人" in confirm.text
    readers = button(confirm, "/publish").submit().follow()
    assert "0/2" in readers.text

    listed = nurse.get("/news")
    assert "x-row_unread" in listed.text
    assert "关于春节值班的通知" in nurse.get("/").text
    link = listed.html.select_one("main li a")["href"]
    cover = listed.html.select_one("img.n-cover")["src"]
    assert nurse.get(cover).content_type == "image/jpeg"
    looked_at = f"/files/{cover.partition('?')[0].rpartition('/')[2]}"
    assert nurse.get(f"{looked_at}/pages/1").content_type == "image/jpeg"
    article = nurse.get(link)
    assert "<strong>周五前</strong>" in article.text
    assert "x-row_unread" not in nurse.get("/news").text

    readers = head.get(readers.request.path_qs)
    assert "1/2" in readers.text
    assert listed_names(hospital)[-1]["show"] == "unread"
    assert listed_names(hospital)[-1]["found"] == 1
    reminded = button(readers, "/remind").submit().follow()
    assert "单玉梅" in reminded.text
    refused = button(readers, "/remind").submit(status="*")
    assert refused.status_int in (303, 409)

    for address in (link, cover, f"{link}/pictures/none", looked_at, f"{looked_at}/pages/1"):
        assert outsider.get(address, status=404).status_int == 404
    assert "关于春节" not in outsider.get("/news").text
    assert "没有" in outsider.get("/news/search", {"q": "春节"}).text
    assert "关于春节值班的通知" in nurse.get("/news/search", {"q": "春节"}).text

    button(head.get(readers.request.path_qs), "/withdraw").submit()
    assert "已撤回" in nurse.get(link, status=404).text
    assert "已撤回" not in outsider.get(link, status=404).text
    assert "关于春节" not in nurse.get("/news").text
    assert nurse.get(cover, status=404)
    assert nurse.get(f"{looked_at}/pages/1", status=404)
    with hospital.session() as (session, _audit):
        actions = set(session.scalars(select(AuditRecord.action).where(AuditRecord.object_kind == "notice")))
    assert {"notice.begin", "notice.publish", "notice.read", "notice.remind", "notice.withdraw"} <= actions


def test_a_second_reminder_says_who_was_first(hospital):
    head = hospital.phone_of(HEAD)
    readers = publish(head)
    first, second = button(readers, "/remind"), button(head.get(readers.request.path_qs), "/remind")
    first.submit().follow()
    refused = second.submit(status=409)
    assert "单玉梅" in refused.text
    assert "只提醒一次" in refused.text


def missed_on(page):
    """The details of whom the message did not reach: the sentence, and each line."""
    found = page.html.select_one("details.n-missed")
    lines = [
        [part.text for part in row.select(".x-row__title, .x-row__note > span")] for row in found.select("li")
    ]
    return found.summary.text, lines


def test_the_author_sees_by_name_whom_wecom_could_not_reach(hospital):
    with hospital.session() as (session, _audit):
        nurse = session.scalars(select(Person).where(Person.name == "王丽")).one()
        nurse.is_reachable, nurse.unreachable_reason = False, "unlicensed"
    head = hospital.phone_of(HEAD)
    readers = publish(head)
    assert readers.html.select_one("details.n-missed") is None
    hospital.work()
    sentence, lines = missed_on(head.get(readers.request.path_qs))
    assert "1" in sentence
    assert lines == [["王丽", "儿科一病区", "没有企业微信许可"]]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("left", "已离职"),
        ("unreachable", "企业微信无法送达"),
        ("refused_40008", "企业微信拒收消息（错误码 40008）"),
        ("no_answer", "企业微信未答复，可能已送达"),
    ],
)
def test_every_reason_of_a_missed_message_is_said_in_words(hospital, reason, words):
    with hospital.session() as (session, _audit):
        session.scalars(select(Person).where(Person.name == "王丽")).one().is_reachable = False
    head = hospital.phone_of(HEAD)
    readers = publish(head)
    hospital.work()
    with hospital.session() as (session, _audit):
        missed = Delivery.state == "undeliverable"
        session.execute(update(Delivery).where(missed).values(reason=reason))
    _sentence, lines = missed_on(head.get(readers.request.path_qs))
    assert lines == [["王丽", "儿科一病区", words]]


def test_a_double_tap_on_publish_publishes_once(hospital):
    head = hospital.phone_of(HEAD)
    form = begin(head).forms["form"]
    form["title"], form["body"] = "一次", "正文"
    chooser = form.submit("next").follow()
    form = chooser.forms["audience"]
    tick(form, "include", "all")
    confirm = button(form.submit("save").follow(), "/publish")
    assert confirm.submit().location == confirm.submit().location
    with hospital.session() as (session, _audit):
        published = session.scalars(select(AuditRecord).where(AuditRecord.action == "notice.publish")).all()
    assert len(published) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("大.jpg", b"\xff\xd8\xff" + b"0" * 40_000_000),
        ("photo.jpg", b"MZ\x90\x00" + b"0" * 2000),
    ],
)
def test_a_refused_picture_takes_no_text_with_it(hospital, name, content):
    form = begin(hospital.phone_of(HEAD)).forms["form"]
    form["title"], form["body"] = "写了很久", "<p>很长的正文</p>"
    form["pictures"] = [Upload(name, content)]
    refused = form.submit("save", status=422)
    refused.request.environ["wsgi.input"].close()  # a large body is kept in a file
    assert refused.html.select_one(".x-notice_error").text.startswith(name)
    assert refused.forms["form"]["title"].value == "写了很久"
    assert "很长的正文" in refused.forms["form"]["body"].value
    saved = refused.forms["form"].submit("save").follow()
    assert saved.forms["form"]["title"].value == "写了很久"


def test_a_title_that_is_too_long_keeps_everything_typed(hospital):
    form = begin(hospital.phone_of(HEAD)).forms["form"]
    form["title"], form["body"] = "长" * 61, "<p>正文</p>"
    refused = form.submit("save", status=422)
    assert refused.forms["form"]["title"].value == "长" * 61
    assert "正文" in refused.forms["form"]["body"].value


def test_two_editors(hospital):
    head = hospital.phone_of(HEAD)
    page = begin(head)
    other = head.get(page.request.path_qs)
    first, second = page.forms["form"], other.forms["form"]
    first["title"], second["title"] = "先保存的", "后保存的"
    first.submit("save")
    refused = second.submit("save", status=409)
    assert "已被他人修改" in refused.text
    assert refused.forms["form"]["title"].value == "后保存的"
    assert head.get(page.request.path_qs).forms["form"]["title"].value == "先保存的"


def test_a_grant_that_ends_while_writing_loses_nothing(hospital, clock):
    head = hospital.phone_of(HEAD)
    page = begin(head)
    clock.advance(days=29, hours=20)
    head = hospital.phone_of(HEAD)
    form = head.get(page.request.path_qs).forms["form"]
    clock.advance(hours=5)
    form["title"], form["body"] = "写到一半", "<p>正文</p>"
    saved = form.submit("save").follow()
    assert "发布权限已结束" in saved.text
    assert saved.forms["form"]["title"].value == "写到一半"
    with hospital.session() as (session, _audit):
        assert session.scalars(select(Notice.title)).one() == "写到一半"


def test_a_title_pasted_in_two_lines_becomes_one(hospital):
    form = begin(hospital.phone_of(HEAD)).forms["form"]
    form["title"], form["body"] = "停水通知\r\n二号楼", "<p>正文</p>"
    assert form.submit("save").follow().forms["form"]["title"].value == "停水通知 二号楼"


def test_a_column_and_a_department_that_do_not_fit_are_said_on_the_form(hospital):
    with hospital.session() as (session, _audit):
        grant = session.scalars(select(Grant).where(Grant.object_key == "departments")).one()
        pharmacy = session.scalars(select(Department.id).where(Department.name == "药学部")).one()
        session.execute(
            update(GrantDepartment).where(GrantDepartment.grant_id == grant.id).values(department_id=pharmacy)
        )
        session.expire(grant)
        grant_seal.bind(grant, hospital.site.keyring)
    form = hospital.phone_of(HEAD).get("/news/write").forms["form"]
    form["column"] = "departments"
    form["department"] = next(value for value, _on, name in form["department"].options if "儿科" in name)
    refused = form.submit("begin", status=403)
    assert "请更换栏目或发布科室" in refused.html.select_one(".x-notice_error").text
    assert refused.forms["form"]["column"].value == "departments"


def test_publishing_is_confirmed_in_words(hospital):
    page = publish(hospital.phone_of(HEAD))
    assert "已发布" in page.html.select_one(".x-notices").text


def test_an_audience_outside_the_reach_is_refused_with_the_form_kept(hospital):
    head = hospital.phone_of(HEAD)
    form = begin(head, column="departments").forms["form"]
    form["title"], form["body"] = "科室动态", "正文"
    chooser = form.submit("next").follow()
    offered = " ".join(box.parent.text for box in chooser.html.find_all("input", {"name": "include"}))
    assert "药学部" not in offered
    assert "全院" not in offered
    posted = {
        "csrf_token": chooser.forms["audience"]["csrf_token"].value,
        "include": ["all", department_value(chooser, "儿科一病区")],
        "save": "1",
    }
    refused = head.post(chooser.request.path_qs, posted, status=422)
    assert "只能发给" in refused.text
    assert refused.html.find("input", {"value": posted["include"][1]}).has_attr("checked")


def test_hostile_html_never_reaches_a_reader(hospital):
    hostile = (
        "<p>正文<script>alert(1)</script><img src=x onerror=alert(1)><a href='javascript:alert(1)'>x</a></p>"
    )
    publish(hospital.phone_of(HEAD), title="<b>标题</b><script>", body=hostile)
    nurse = hospital.phone_of(NURSE)
    listed = nurse.get("/news")
    assert "&lt;script&gt;" in listed.text
    article = nurse.get(listed.html.select_one("main li a")["href"])
    body = str(article.html.select_one(".x-prose"))
    assert "正文" in body
    for bad in ("<script", "onerror", "javascript:"):
        assert bad not in body


def test_strangers_to_the_column_see_no_author_pages(hospital):
    head, nurse = hospital.phone_of(HEAD), hospital.phone_of(NURSE)
    draft = begin(head).request.path_qs
    assert nurse.get("/news/write", status=403)
    for address in (draft, draft.replace("/edit", "/audience"), draft.replace("/edit", "/readers")):
        assert nurse.get(address, status="*").status_int in (403, 404)
    assert "写通知" not in nurse.get("/").text


def test_the_receipt_is_the_readers_own(hospital):
    publish(hospital.phone_of(HEAD))
    nurse = hospital.phone_of(NURSE)
    nurse.get(nurse.get("/news").html.select_one("main li a")["href"])
    with hospital.session() as (session, _audit):
        names = session.scalars(select(Person.name).join(Read, Read.person_id == Person.id)).all()
    assert names == ["王丽"]


@pytest.mark.parametrize(
    "address", ["/news?page=0", "/news?page=x", "/news?column=" + "x" * 90, "/news?page=99999999"]
)
def test_addresses_typed_by_hand_get_a_sentence(hospital, address):
    assert "无法" in hospital.phone_of(NURSE).get(address, status=400).text


def test_english_readers_read_english(hospital):
    with hospital.session() as (session, _audit):
        session.scalars(select(Person).where(Person.name == "王丽")).one().locale = "en"
        session.scalars(select(Column).where(Column.key == "notices")).one().title_en = "Announcements"
    page = hospital.phone_of(NURSE).get("/news")
    assert "No notices here yet" in page.text
    assert [chip.text for chip in page.html.select(".n-chip")] == ["All", "Announcements", "科室动态"]
