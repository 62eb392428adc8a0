"""Starting a purchase on a phone: chosen from the list, saved by itself, taken up again, sent with rows and files."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from tests.functional.documents import filling
from tests.functional.paediatrics import HEAD, NURSE, OUTSIDER, settle_in

from xinglin.audit.models import AuditRecord
from xinglin.people.records import PersonRecord
from xinglin_documents.models import Draft, DraftFile, Phrase

pytestmark = pytest.mark.plugins("portal", "news", "documents")
ADDRESS = "/documents/new/purchase"
DRAFT = "/documents/drafts/new-purchase"


@pytest.fixture
def hospital(portal, clock):
    """Paediatrics, a second 王丽 in pharmacy, two processes."""
    with portal.session() as (session, audit):
        people = settle_in(session, clock, audit)
        people.create(PersonRecord("20001", "王丽", department="O"))
        filling.add_processes(session)
        session.add(Phrase(text="同意。"))
    portal.sent = filling.install(portal)
    return portal


def token(phone):
    return {"X-CSRF-Token": phone.get(ADDRESS).forms["start"]["csrf_token"].value}


CONTENT = "报价一：1200 元\n".encode() * 20


def send(phone, name="报价.txt", content=CONTENT):
    """Upload a file as the page does; its id."""
    headers = token(phone)
    announced = {"plugin": "documents", "name": name, "size": len(content)}
    upload = phone.post_json("/files/uploads", announced, headers=headers).json
    phone.put(f"/files/uploads/{upload['id']}", content, headers={**headers, "Upload-Offset": "0"})
    return phone.post(f"/files/uploads/{upload['id']}/finish", headers=headers).json["id"]


def attach(phone, file, field="quotes", **expected):
    return phone.post(f"{DRAFT}/files/{field}", {"file": file}, headers=token(phone), **expected)


def filled(form, amounts=("1,200.05",), buyer="王丽 20001"):
    """The controls of the page with rows, in their order, as a browser would send them."""
    row = [("name", "雾化器"), ("count", "2")]
    rows = [("__start__", "items:sequence")]
    for amount in amounts:
        rows += [("__start__", "row:mapping"), *row, ("amount", amount), ("__end__", "row:mapping")]
    rows += [("__end__", "items:sequence")]
    return [
        ("csrf_token", form["csrf_token"].value),
        ("request_key", form["request_key"].value),
        ("title", "采购雾化器"),
        ("type", "equipment"),
        *rows,
        ("total", "1.00"),
        ("reason", "现有两台已坏"),
        ("__start__", "needed:mapping"),
        ("date", "2026-12-01"),
        ("__end__", "needed:mapping"),
        ("meeting", "2026-11-30T09:00"),
        ("buyer", buyer),
        ("readers", "单玉梅; 10021"),
        ("department", "O"),
        ("budget", "true"),
        ("__start__", "ways:sequence"),
        ("checkbox", "direct"),
        ("__end__", "ways:sequence"),
        ("fund", "小金库"),
    ]


def controls(fields):
    return [[name, value] for name, value in fields if name not in ("csrf_token", "request_key")]


def amounts(page):
    rows = page.html.find(attrs={"data-sequence-items": True})
    return [one["value"] for one in rows.find_all("input", {"name": "amount"})]


def save(phone, fields, known="", **more):
    body = {"controls": controls(fields), "known": known, **more}
    return phone.post_json(DRAFT, body, headers=token(phone), expect_errors=True)


def test_a_purchase_is_started_with_rows_and_files(hospital):
    head = hospital.phone_of(HEAD)
    assert "采购申请" in head.get("/documents/new").text
    page = head.get(ADDRESS)
    file = send(head)
    attach(head, file)
    answer = head.post(ADDRESS, filled(page.forms["start"], ("1,200.05", "0.05")))
    (sent,) = hospital.sent
    assert answer.status_int == 303
    assert "/documents/items/" in answer.location
    assert sent.values["items"][0] == {"name": "雾化器", "count": "2", "amount": "1200.05"}
    assert sent.values["total"] == "1200.10"
    assert sent.values["meeting"] == "2026-11-30T01:00:00+00:00"
    assert sent.values["needed"] == "2026-12-01"
    assert sent.values["ways"] == ["direct"]
    assert sent.values["budget"] is True
    assert len(sent.values["readers"]) == 2
    assert "fund" not in sent.values  # hidden at the start, whatever was posted
    assert sent.files == {"quotes": (file,)}
    with hospital.session() as (session, _audit):
        assert session.scalars(select(Draft)).all() == []


def test_a_draft_is_taken_up_again_on_another_phone(hospital, clock):
    head = hospital.phone_of(HEAD)
    fields = filled(head.get(ADDRESS).forms["start"], ("12.345",), "王丽")
    first = save(head, fields).json
    clock.advance(seconds=3)
    attach(head, send(head))
    again = hospital.phone_of(HEAD)
    assert "采购申请" in again.get("/documents/new").html.find("ul").get_text()
    page = again.get(ADDRESS)
    assert page.forms["start"]["title"].value == "采购雾化器"
    assert amounts(page) == ["12.345"]  # nothing is marked as wrong before it is sent
    assert "x-field__error" not in page.forms["start"].text
    assert page.forms["start"]["buyer"].value == "王丽"
    assert page.forms["start"]["meeting"].value == "2026-11-30T09:00"
    assert "报价.txt" in page.text
    assert page.html.find(attrs={"data-draft": True})["data-known"] == first["saved_at"]
    assert hospital.phone_of(NURSE).get(ADDRESS).forms["start"]["title"].value == ""


def test_two_windows_are_told_of_each_other(hospital, clock):
    head = hospital.phone_of(HEAD)
    fields = filled(head.get(ADDRESS).forms["start"])
    first = save(head, fields).json["saved_at"]
    clock.advance(seconds=5)
    second = save(head, fields, first).json
    assert second["saved"] == "09:00:05"
    refused = save(head, fields, first)
    assert refused.status_int == 409
    assert "另一个窗口" in refused.json["title"]
    assert refused.json["saved_at"] == second["saved_at"]
    assert save(head, fields, first, is_forced=True).status_int == 200


def test_what_is_refused_stays_on_the_page_and_in_the_draft(hospital):
    head = hospital.phone_of(HEAD)
    form = head.get(ADDRESS).forms["start"]
    page = head.post(ADDRESS, filled(form, ("12.345",), "王丽"), status=422)
    said = page.html.find(class_="x-summary").get_text()
    assert "金额最多两位小数" in said
    assert "有重名" in said
    assert "王丽 20001 (药学部)" in said
    assert page.forms["start"]["reason"].value == "现有两台已坏"
    assert hospital.sent == []
    assert amounts(head.get(ADDRESS)) == ["12.345"]


def test_files_are_limited_removed_and_nobody_elses(hospital):
    head, nurse = hospital.phone_of(HEAD), hospital.phone_of(NURSE)
    file = send(head)
    for one in (file, send(head)):
        attach(head, one)
    full = attach(head, send(head), status=422)
    assert "最多 2 个文件" in full.json["title"]
    assert attach(nurse, file, status=422).json["title"]
    assert nurse.get(f"/files/{file}", expect_errors=True).status_int == 404
    assert head.get(f"/files/{file}").status_int == 200
    left = head.post(f"{DRAFT}/files/quotes", {"detach": file}, headers=token(head))
    assert file not in left.text
    assert 'data-room="1"' in head.get(f"{DRAFT}/files/quotes").text
    assert attach(head, send(head), field="fund", expect_errors=True).status_int == 404


def test_a_draft_can_be_thrown_away(hospital):
    head = hospital.phone_of(HEAD)
    page = head.get(ADDRESS)
    save(head, filled(page.forms["start"]))
    attach(head, send(head))
    button = next(form for form in head.get(ADDRESS).forms.values() if form.action.endswith("/discard"))
    button.submit().follow()
    assert head.get(ADDRESS).forms["start"]["title"].value == ""
    with hospital.session() as (session, _audit):
        assert session.scalars(select(DraftFile)).all() == []
        assert "documents.discard_draft" in session.scalars(select(AuditRecord.action)).all()


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[]",
        json.dumps({"controls": "x"}),
        json.dumps({"controls": [["__start__", "items:sequence"]]}),
        json.dumps({"controls": [["a"]]}),
    ],
)
def test_a_forged_draft_is_refused(hospital, body):
    head = hospital.phone_of(HEAD)
    headers = {**token(head), "Content-Type": "application/json"}
    assert head.post(DRAFT, body, headers=headers, expect_errors=True).status_int == 400


def test_an_official_document_is_sent_with_its_audience(hospital):
    head = hospital.phone_of(HEAD)
    form = head.get("/documents/new/outgoing").forms["start"]
    form["title"] = "关于春节值班的通知"
    form["secrecy"], form["urgency"], form["audience"] = "secret", "urgent", "departments"
    refused = form.submit(status=422)
    assert "知悉范围没有选择科室" in refused.text
    form = refused.forms["start"]
    assert form["title"].value == "关于春节值班的通知"
    assert form["secrecy"].value == "secret"
    ticked = next(box for box in form.fields["department"] if box._value)
    ticked.checked = True
    form.submit(status=303)
    (sent,) = hospital.sent
    assert (sent.secrecy, sent.urgency) == ("secret", "urgent")
    assert "江北市妇女儿童医院" in sent.audience


def test_the_list_is_narrowed_by_words(hospital):
    head = hospital.phone_of(HEAD)
    found = head.get("/documents/new?q=PURCH").text
    assert "采购申请" in found
    assert "/documents/new/outgoing" not in found
    assert "没有找到这样的流程" in head.get("/documents/new?q=zzz").text
    assert head.get("/documents/new/nothing", status=404)


def test_a_picker_tells_two_of_one_name_apart(hospital):
    outsider = hospital.phone_of(OUTSIDER)
    people = outsider.get("/documents/people?q=wl").json["people"]
    assert {(one["text"], one["note"]) for one in people} == {
        ("王丽 10021", "儿科一病区"),
        ("王丽 20001", "药学部"),
    }
    assert outsider.get("/documents/people?q=").json["people"] == []


def test_phrases_are_kept_in_ones_own_order(hospital):
    head = hospital.phone_of(HEAD)

    def post(**sent):
        form = head.get("/documents/phrases").forms
        keys = {name: form[max(form, key=str)][name].value for name in ("csrf_token", "request_key")}
        return head.post("/documents/phrases", {**keys, **sent}).follow()

    post(text="请药学部核实。")
    page = post(text="已转采购办。")
    second = page.html.find("button", {"name": "up"})["value"]
    texts = [one.get_text() for one in post(up=second).html.find_all(class_="d-phrase__text")]
    assert texts == ["已转采购办。", "请药学部核实。"]
    page = post(remove=second)
    assert "已转采购办" not in page.text
    assert "同意。" in page.text
