"""What readers and strangers see of notices, and what they never see."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.functional.news.author import begin, publish
from tests.functional.paediatrics import HEAD, NURSE

from xinglin.api.people import Person
from xinglin_news.models import Column, Read

pytestmark = pytest.mark.plugins("portal", "news")


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
