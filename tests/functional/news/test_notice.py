"""The way of a notice through real pages: written, addressed, published, read, reminded, withdrawn."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from tests.functional.news.author import begin, button, department_value, listed_names, photo, publish, tick
from tests.functional.paediatrics import HEAD, NURSE, OUTSIDER
from webtest import Upload

from xinglin.api.people import Person
from xinglin.audit.models import AuditRecord
from xinglin.push.models import Delivery

pytestmark = pytest.mark.plugins("portal", "news")


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
