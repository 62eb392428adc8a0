"""What an author meets on the forms: refusals, double taps, other editors; nothing typed is lost."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from tests.functional.news.author import begin, button, department_value, publish, tick
from tests.functional.paediatrics import HEAD
from webtest import Upload

from xinglin.api.people import Department
from xinglin.audit.models import AuditRecord
from xinglin.auth import grant_seal
from xinglin.auth.models import Grant, GrantDepartment
from xinglin_news.models import Notice

pytestmark = pytest.mark.plugins("portal", "news")


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
