"""分级授权 on real pages: an administrator gives the right to pass on, a head nurse uses it, within what she holds."""

from __future__ import annotations

import pytest
from tests.functional.admin_api.caller import tool_of
from tests.functional.paediatrics import HEAD, NURSE, OUTSIDER, settle_in

from xinglin_news.models import Column

pytestmark = pytest.mark.plugins("portal", "news")

LAST_DAY, EARLIER, LATER = "2027-06-30", "2027-03-31", "2027-07-01"


@pytest.fixture
def hospital(portal, clock):
    with portal.session() as (session, audit):
        settle_in(session, clock, audit)
        session.add(Column(key="departments", title="科室动态", reach="own_departments", sort_order=1))
    return portal


@pytest.fixture
def tool(hospital, clock):
    made = tool_of(hospital, clock)
    assert made.log_in().status_int == 200
    return made


@pytest.fixture
def given(tool):
    """The head nurse may publish for paediatrics and pass that on."""
    made = tool.grant(can_pass_on=True).json
    assert made["can_pass_on"] is True
    return made


@pytest.fixture
def head(hospital, given):
    return hospital.phone_of(HEAD)


def found(head, words="王丽"):
    """The form after the search for a colleague."""
    form = head.get("/me/grants").forms["pass-on"]
    form["words"] = words
    return form.submit("find").forms["pass-on"]


def filled(form, department="儿科一病区", until=EARLIER):
    form["department"] = next(value for value, _on, text in form["department"].options if department in text)
    form["until"] = until
    return form


def pass_on(head):
    return filled(found(head)).submit("give").follow()


def test_a_part_is_passed_on_and_the_receiver_may_publish_for_it(hospital, head, tool):
    nurse = hospital.phone_of(NURSE)
    assert nurse.get("/news/write", status="*").status_int == 403

    link = head.get("/me").click("转授权限")
    assert "科室动态 · 儿科" in link.text
    assert f"有效至 {LAST_DAY}" in link.text
    page = pass_on(head)

    assert "权限已转授" in page.text
    assert page.html.find("form", action="/me/grants/end").parent.get_text(" ", strip=True).startswith("王丽")
    offered = nurse.get("/news/write").forms["form"]["department"].options
    assert [text.strip() for _value, _on, text in offered] == ["儿科一病区"]
    listed = tool.get("grants?q=王丽").json["grants"][0]
    assert (listed["granted_by"]["name"], listed["can_pass_on"], listed["expires_on"]) == (
        "单玉梅",
        False,
        EARLIER,
    )


def test_only_departments_within_the_own_grant_are_offered(head):
    texts = [text.strip() for _value, _on, text in found(head)["department"].options]
    assert texts == ["请选择科室", "儿科", "儿科一病区", "儿科二病区"]


def test_a_wider_department_is_refused_and_what_was_typed_is_kept(head, tool):
    form = filled(found(head))
    chosen = form["person"].value
    form["department"].force_value(tool.department("江北市妇女儿童医院"))

    page = form.submit("give", status=403)

    assert "只能转授" in page.html.find(class_="x-notice_error").get_text()
    again = page.forms["pass-on"]
    assert (again["words"].value, again["person"].value, again["until"].value) == ("王丽", chosen, EARLIER)
    assert tool.get("grants").json["total"] == 1


@pytest.mark.parametrize(
    ("until", "status", "sentence"),
    [
        (LATER, 403, "只能转授"),
        ("", 403, "只能转授"),
        ("2026-11-22", 422, "截止日期已过"),
        ("soon", 422, "这不是一个日期"),
        ("9999-12-31", 422, "日期过远"),
    ],
)
def test_a_day_that_cannot_be_is_refused_with_a_sentence(head, tool, until, status, sentence):
    page = filled(found(head), until=until).submit("give", status=status)

    assert sentence in page.html.find(class_="x-notice_error").get_text()
    assert page.forms["pass-on"]["until"].value == until
    assert tool.get("grants").json["total"] == 1


def test_without_a_person_the_cure_is_told(head):
    page = filled(head.get("/me/grants").forms["pass-on"]).submit("give", status=422)
    assert "请选择授权给谁。" in page.html.find(class_="x-notice_error").get_text()


def test_nobody_finds_herself(head):
    assert "person" not in found(head, "单玉梅").fields


def test_who_passed_on_takes_back(hospital, head):
    page = pass_on(head)

    end = next(form for form in page.forms.values() if form.action == "/me/grants/end")
    assert "权限已收回" in end.submit().follow().text

    assert hospital.phone_of(NURSE).get("/news/write", status="*").status_int == 403
    assert "权限已收回" in end.submit().follow().text  # the same form once more has no second effect


def test_the_grant_of_somebody_else_is_not_taken_back(head, given, tool):
    token = head.get("/me/grants").forms["pass-on"]["csrf_token"].value
    head.post("/me/grants/end", {"csrf_token": token, "grant": given["id"]}, status=404)
    assert tool.get("grants").json["total"] == 1


def test_what_was_passed_on_ends_with_its_parent(hospital, head, given, tool):
    pass_on(head)
    nurse = hospital.phone_of(NURSE)
    assert nurse.get("/news/write").status_int == 200

    assert tool.delete(f"grants/{given['id']}").status_int == 204

    assert nurse.get("/news/write", status="*").status_int == 403
    assert tool.get("grants").json["total"] == 0
    assert head.get("/me/grants", status="*").status_int == 404


def test_without_the_right_there_is_no_link_and_no_page(hospital, tool, head):
    pass_on(head)
    assert tool.grant(person_id=tool.person("朴恩雅")).json["can_pass_on"] is False
    for userid in (NURSE, OUTSIDER):
        phone = hospital.phone_of(userid)
        assert "转授权限" not in phone.get("/me").text
        assert "您没有可以转授的权限" in phone.get("/me/grants", status=404).text
