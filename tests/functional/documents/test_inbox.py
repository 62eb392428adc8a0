"""The inbox as its person uses it: lists, narrowing, growing, handling several."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from sqlalchemy import select
from tests.functional.documents.furnishing import furnish
from tests.functional.documents.stand_in import Stage
from tests.functional.paediatrics import HEAD, NURSE

from xinglin.api.people import Person
from xinglin_documents.models import Entry

pytestmark = pytest.mark.plugins("portal", "news", "documents")


@pytest.fixture
def stage(portal, clock):
    furnish(portal, clock, to_dos=23)
    return Stage(clock).install(portal)


@pytest.fixture
def phone(portal, stage):
    return portal.phone_of(HEAD)


def titles(page):
    return [one.text for one in page.html.select(".d-line__title")]


def counts(page):
    return {one.span.text: one.strong.text for one in page.html.select(".d-tab")}


def test_counts_equal_the_lists(phone):
    page = phone.get("/documents?pages=9")
    assert counts(page) == {"待办": "24", "已办": "0", "待阅": "1", "已阅": "0", "我发起": "1", "跟踪": "0"}
    assert len(titles(page)) == 24
    for link in page.html.select(".d-tab"):
        shown = phone.get(link["href"] + "&pages=9")
        assert len(titles(shown)) == int(link.strong.text)


def test_a_line_says_what_it_is_how_old_and_how_urgent(phone):
    first, second = phone.get("/documents").html.select(".d-line")[:2]
    assert "关于购置新生儿无创呼吸机两台的请示" in first.text
    assert [note.text for note in first.select(".x-row__note span")] == [
        "12 分钟前",
        "请示呈批",
        "王丽 儿科一病区",
        "职能部门会签",
    ]
    assert [mark.text for mark in first.select(".x-tag")] == ["特急", "今天 12:48 前办结"]
    assert "x-row_unread" in first["class"]
    assert "x-row_unread" not in second["class"]


def test_what_is_late_says_by_how_much(phone):
    late = [one.text for one in phone.get("/documents?pages=2").html.select(".x-tag_bad")]
    assert "已超时 54 分钟" in late


def test_a_list_grows_by_pages_and_its_address_keeps_them(phone):
    page = phone.get("/documents")
    assert len(titles(page)) == 20
    more = page.html.select_one(".d-further")
    assert "还有 4 件" in more.text
    grown = phone.get(more["href"].partition("#")[0])
    assert len(titles(grown)) == 24
    assert not grown.html.select_one(".d-further")
    document = phone.get(grown.html.select_one(".d-line")["href"], headers={"Referer": grown.request.url})
    back = document.html.select_one(".x-header__back")["href"]
    assert len(titles(phone.get(back.partition("#")[0]))) == 24


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("process=roster&pages=2", 8),
        ("urgency=most_urgent&pages=2", 9),
        ("source=weaver", 1),
        ("q=" + quote("传染病"), 1),
        ("q=" + quote("无此文"), 0),
    ],
)
def test_a_list_is_narrowed(phone, query, found):
    page = phone.get("/documents?" + query)
    assert len(titles(page)) == found
    assert counts(page)["待办"] == "24"


def test_nothing_found_leads_to_the_whole_list(phone):
    page = phone.get("/documents?q=" + quote("无此文"))
    assert "没有找到" in page.text
    assert len(titles(phone.get(page.html.select_one(".x-empty a")["href"]))) == 20


def test_only_safe_steps_have_a_box_and_each_document_has_its_result(phone, stage):
    page = phone.get("/documents?batch=1&pages=2")
    assert len(titles(page)) == 24
    boxes = page.forms["batch"].fields["entry"]
    assert len(boxes) == 15
    first, second = boxes[0], boxes[1]
    first.checked = second.checked = True
    page.forms["batch"]["opinion"] = "同意。"
    results = page.forms["batch"].submit()
    assert stage.asked == [((int(first._value), int(second._value)), "同意。")]
    assert "已同意 1 件，1 件未办成。" in results.text
    assert "王丽已于 09:12 办理。" in results.text
    back = results.html.select_one(".x-actions a")["href"]
    assert "batch" not in back
    assert len(titles(phone.get(back))) == 24


def test_nothing_ticked_changes_nothing(phone, stage):
    page = phone.get("/documents?batch=1")
    assert "/documents?" in page.forms["batch"].submit().location
    assert stage.asked == []


def test_more_than_a_hundred_at_once_are_refused(phone, stage):
    page = phone.get("/documents?batch=1")
    token = page.forms["batch"]["csrf_token"].value
    fields = [("csrf_token", token), *(("entry", str(number)) for number in range(1, 102))]
    phone.post("/documents/batch", fields, status=400)
    assert stage.asked == []


def test_a_place_in_somebody_elses_address_is_not_followed(phone):
    page = phone.get("/documents?batch=1")
    form = page.forms["batch"]
    form["back"] = "https://evil.example/documents?tab=done"
    form.fields["entry"][0].checked = True
    back = form.submit().html.select_one(".x-actions a")["href"]
    assert back.startswith("/documents")


def test_an_oa_that_is_down_is_named_with_the_age_of_its_lists(phone, stage):
    assert "没有响应" not in phone.get("/documents").text
    stage.failure = "no answer"
    page = phone.get("/documents")
    assert "泛微 OA暂时没有响应，以下为 08:25 时的数据。" in page.text
    assert stage.refreshed == 0, "the page does not wait for the OA"
    phone.get(page.html.select_one("#d-live")["hx-get"])
    assert stage.refreshed == 1


@pytest.mark.parametrize("query", ["tab=x", "pages=0", "pages=999", "urgency=y", "q=" + "x" * 61])
def test_addresses_typed_by_hand_get_a_sentence(phone, query):
    assert "无法识别" in phone.get("/documents?" + query, status=400).text


def test_home_shows_the_first_three_and_the_menu_the_number(phone):
    page = phone.get("/")
    assert len(page.html.select(".d-line")) == 3
    assert [one.text for one in page.html.select(".d-counts a")] == ["待办 24", "待阅 1", "我发起 1"]
    assert [one.text for one in page.html.select(".x-tab .x-badge")] == ["25"]


def test_who_has_nothing_sees_no_card(portal, stage):
    with portal.session() as (session, _audit):
        nurse = session.scalars(select(Person.id).where(Person.wecom_userid == NURSE)).one()
        assert not session.scalars(select(Entry).where(Entry.person_id == nurse)).all()
    page = portal.phone_of(NURSE).get("/")
    assert not page.html.select(".d-counts")
    assert "这里没有公文" in portal.phone_of(NURSE).get("/documents").text


def test_english_readers_read_english(portal, stage):
    with portal.session() as (session, _audit):
        session.scalars(select(Person).where(Person.wecom_userid == HEAD)).one().locale = "en"
    page = portal.phone_of(HEAD).get("/documents")
    assert list(counts(page)) == ["To do", "Handled", "To read", "Read by me", "Mine", "Followed"]
    assert page.html.select_one(".x-row__note span").text == "12 min ago"
