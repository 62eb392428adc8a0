"""Journeys of deputies: three taps, the other side, an absent colleague, and what is refused."""

from __future__ import annotations

import pytest
from tests.functional.documents.office import COLLEAGUE, FOLLOWER, MANAGER, settle

pytestmark = pytest.mark.plugins("portal", "documents")


@pytest.fixture
def hospital(portal, clock):
    return settle(portal, clock)


def form_of(page):
    return page.forms["deputy"]


def choose(page, name):
    """Tap on a colleague by name."""
    form = form_of(page)
    label = next(one for one in page.html.select("label.b-radio") if name in one.text)
    form["deputy"] = label.input["value"]
    return form


def test_a_deputy_is_set_in_three_taps_and_knows_it(hospital):
    phone = hospital.phone_of(COLLEAGUE)
    page = phone.get("/documents/deputies", {"q": "朴恩雅"})
    form = choose(page, "朴恩雅")
    form["span"] = "3"
    page = form.submit().follow()
    assert "代理人已设置" in page
    assert "朴恩雅" in page
    assert "代理中" in page
    hospital.work()
    other = hospital.phone_of(FOLLOWER)
    assert "王丽" in other.get("/documents/deputies").html.text
    page = next(
        one for one in phone.get("/documents/deputies").forms.values() if one.action.endswith("/revoke")
    ).submit()
    assert "代理人已撤销" in page.follow()
    assert "王丽" not in other.get("/documents/deputies").html.text


def test_who_was_deputy_before_is_offered_first(hospital):
    phone = hospital.phone_of(COLLEAGUE)
    assert "朴恩雅" not in phone.get("/documents/deputies").html.select_one("#choices").text
    form = choose(phone.get("/documents/deputies", {"q": "朴恩雅"}), "朴恩雅")
    form["span"] = "1"
    form.submit()
    assert "朴恩雅" in phone.get("/documents/deputies").html.select_one("#choices").text


def test_a_wrong_period_says_so_and_keeps_the_choice(hospital):
    phone = hospital.phone_of(COLLEAGUE)
    form = choose(phone.get("/documents/deputies", {"q": "朴恩雅"}), "朴恩雅")
    form["span"] = "own"
    form["first"], form["last"] = "2026-12-02", "2026-12-01"
    page = form.submit(status=422)
    assert "结束早于开始" in page
    checked = page.html.select_one("#choices input[checked]")
    assert "朴恩雅" in checked.parent.text
    form = form_of(page)
    form["last"] = ""
    assert "请选择最后一天" in form.submit(status=422)


def test_nobody_chosen_is_said(hospital):
    page = form_of(hospital.phone_of(COLLEAGUE).get("/documents/deputies")).submit(status=422)
    assert "还没有选择代理人" in page


def test_a_manager_sets_a_deputy_for_somebody_absent_who_is_told(hospital):
    boss = hospital.phone_of(MANAGER)
    page = boss.get("/documents/deputies", {"who": "王丽"}).click("王丽")
    assert "为王丽设置代理人" in page.html.text
    page = boss.get(page.request.url, {"q": "朴恩雅"})
    form = choose(page, "朴恩雅")
    assert "代理人已设置" in form.submit().follow()
    hers = hospital.phone_of(COLLEAGUE).get("/documents/deputies")
    assert "朴恩雅" in hers
    with hospital.session() as (session, _audit):
        from xinglin.push.models import Message

        titles = [one.title for one in session.query(Message).filter(Message.kind == "documents.deputy")]
    assert "单玉梅已为您设置代理人：朴恩雅" in titles


def test_nobody_else_sets_a_deputy_for_others(hospital):
    boss = hospital.phone_of(MANAGER)
    link = next(
        one["href"]
        for one in boss.get("/documents/deputies", {"who": "王丽"}).html.select("a.x-row")
        if "principal" in one["href"]
    )
    other = hospital.phone_of(FOLLOWER)
    other.get(link, status=404)
    assert "为缺勤的同事" not in other.get("/documents/deputies")


def test_a_deputy_of_somebody_else_cannot_be_revoked(hospital):
    phone = hospital.phone_of(COLLEAGUE)
    choose(phone.get("/documents/deputies", {"q": "单玉梅"}), "单玉梅").submit()
    form = next(
        one for one in phone.get("/documents/deputies").forms.values() if one.action.endswith("/revoke")
    )
    other = hospital.phone_of(FOLLOWER)
    fields = dict(form_of(other.get("/documents/deputies")).submit_fields())
    other.post(
        form.action, {"csrf_token": fields["csrf_token"], "request_key": fields["request_key"]}, status=404
    )
    assert "单玉梅" in phone.get("/documents/deputies").html.text
