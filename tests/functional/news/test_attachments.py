"""The way of an attachment: sent in pieces, attached, published, opened by readers, closed to all others."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.functional.news.author import begin, button, department_value, tick
from tests.functional.paediatrics import HEAD, NURSE, OUTSIDER

from xinglin.audit.models import AuditRecord
from xinglin.files.models import FileState, StoredFile
from xinglin_news.models import MOST_ATTACHMENTS

pytestmark = pytest.mark.plugins("portal", "news")
NAME = "2026年春节值班安排（儿科一病区、儿科二病区）最终版.txt"
CONTENT = "初一 王丽\n初二 单玉梅\n".encode() * 80


def token(phone):
    return {"X-CSRF-Token": phone.get("/news/write").forms["form"]["csrf_token"].value}


def send(phone, name=NAME, content=CONTENT, pieces=3):
    """Upload in pieces, as the page does; the id of the finished upload."""
    headers = token(phone)
    announced = {"plugin": "news", "name": name, "size": len(content)}
    upload = phone.post_json("/files/uploads", announced, headers=headers).json
    step = len(content) // pieces + 1
    while upload["offset"] < len(content):
        part = content[upload["offset"] : upload["offset"] + step]
        sent = {**headers, "Upload-Offset": str(upload["offset"])}
        upload = phone.put(f"/files/uploads/{upload['id']}", part, headers=sent).json
    return phone.post(f"/files/uploads/{upload['id']}/finish", headers=headers).json["id"]


def attach(phone, draft, file, **expected):
    address = draft.request.path.removesuffix("/edit") + "/attachments"
    return phone.post(address, {"file": file}, headers=token(phone), **expected)


def drafted(phone):
    """The writing page of a new draft with title and text."""
    form = begin(phone).forms["form"]
    form["title"], form["body"] = "关于春节值班的通知", "<p>见附件。</p>"
    return form.submit("save").follow()


def published(phone, draft):
    chooser = draft.forms["form"].submit("next").follow()
    form = chooser.forms["audience"]
    tick(form, "include", department_value(chooser, "儿科"))
    confirm = form.submit("save").follow()
    button(confirm, "/publish").submit().follow()
    return confirm, draft.request.path.removesuffix("/edit")


def reload(phone, page):
    return phone.get(page.request.path)


def links(page):
    return [link["href"] for link in page.html.find_all("a", href=True) if link["href"].startswith("/files/")]


def states(portal, state, finding=""):
    """What the virus check would say of every file."""
    with portal.session() as (session, _audit):
        for stored in session.scalars(select(StoredFile)):
            stored.state, stored.finding = state, finding


def actions(portal):
    with portal.session() as (session, _audit):
        return list(session.scalars(select(AuditRecord.action).order_by(AuditRecord.id)))


def test_the_way_of_an_attachment(hospital):
    head, nurse, outsider = (hospital.phone_of(userid) for userid in (HEAD, NURSE, OUTSIDER))
    draft = drafted(head)
    file = send(head)
    attach(head, draft, file)
    hospital.work()

    writing = reload(head, draft)
    assert NAME in writing.text
    assert "检查中" not in writing.text
    confirm, notice = published(head, writing)
    assert NAME in confirm.text

    page = nurse.get(notice)
    assert NAME in page.text
    assert "TXT · 2 KB" in page.text
    assert links(page) == [f"/files/{file}"]
    assert "下载" in nurse.get(f"/files/{file}").text
    assert nurse.get(f"/files/{file}/content").body == CONTENT
    assert NAME not in outsider.get(notice, status=404).text
    for way in (f"/files/{file}", f"/files/{file}/content", f"/files/{file}/pages/1"):
        assert NAME not in outsider.get(way, status=404).text
    assert NAME not in outsider.get(f"{notice}/attachments", status=404).text
    assert "notice.add_attachment" in actions(hospital)

    button(head.get(f"{notice}/readers"), "/withdraw").submit()
    assert nurse.get(f"/files/{file}", status=404)


def test_a_file_of_a_draft_is_for_who_writes_it(hospital):
    head, nurse = hospital.phone_of(HEAD), hospital.phone_of(NURSE)
    file = send(head)
    attach(head, drafted(head), file)
    hospital.work()
    assert head.get(f"/files/{file}/content").body == CONTENT
    assert NAME not in nurse.get(f"/files/{file}", status=404).text


@pytest.mark.settings(clamd="/nowhere/clamd.ctl")
def test_a_file_that_waits_for_the_check_is_named_and_said_to_be_checked(hospital):
    head, nurse = hospital.phone_of(HEAD), hospital.phone_of(NURSE)
    draft = drafted(head)
    attach(head, draft, send(head))
    assert "检查中" in reload(head, draft).text
    _confirm, notice = published(head, reload(head, draft))
    page = nurse.get(notice)
    assert NAME in page.text
    assert "检查中" in page.text


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (FileState.INFECTED, "发现病毒（Eicar-Signature）"),
        (FileState.REFUSED, "未能通过病毒检查（Eicar-Signature）"),
    ],
)
def test_a_withheld_file_is_explained_to_the_author_and_unknown_to_readers(hospital, state, sentence):
    head, nurse = hospital.phone_of(HEAD), hospital.phone_of(NURSE)
    draft = drafted(head)
    file = send(head)
    attach(head, draft, file)
    states(hospital, state, "Eicar-Signature")
    writing = reload(head, draft)
    assert sentence in writing.text
    _confirm, notice = published(head, writing)
    page = nurse.get(notice)
    assert NAME not in page.text
    assert "附件" not in page.html.find("main").get_text().replace("见附件", "")
    assert links(page) == []
    assert NAME not in nurse.get(f"/files/{file}", status=404).text

    writing.forms["form"].submit("detach", value=file)
    with hospital.session() as (session, _audit):
        assert session.scalars(select(StoredFile.state)).one() == state, "the quarantine lost its file"


def test_one_that_is_removed_is_gone_and_the_text_is_kept(hospital):
    head = hospital.phone_of(HEAD)
    draft = drafted(head)
    file = send(head)
    attach(head, draft, file)
    form = reload(head, draft).forms["form"]
    form["title"] = "改过的标题"
    page = form.submit("detach", value=file).follow()
    assert NAME not in page.text
    assert "改过的标题" in page.text
    with hospital.session() as (session, _audit):
        assert session.scalars(select(StoredFile)).all() == []


def test_adding_leaves_the_open_form_good(hospital):
    head = hospital.phone_of(HEAD)
    draft = drafted(head)
    attach(head, draft, send(head))
    draft.forms["form"]["title"] = "写到一半时添加附件"
    assert "写到一半时添加附件" in draft.forms["form"].submit("save").follow().text


def test_without_script_files_come_with_the_form(hospital):
    head = hospital.phone_of(HEAD)
    draft = drafted(head)
    form = draft.forms["form"]
    fields = {name: value for name, value in form.submit_fields("save") if isinstance(value, str)}
    address = draft.request.path
    sent = [("attached", NAME, CONTENT), ("attached", "程序.exe", b"MZ" + b"\0" * 400)]
    page = head.post(address, fields, upload_files=sent, status=422)
    assert NAME in page.text
    assert "程序.exe：" in page.text
    assert len(page.html.find_all("button", {"name": "detach"})) == 1


def test_a_file_of_somebody_else_cannot_be_attached(hospital):
    head, nurse = hospital.phone_of(HEAD), hospital.phone_of(NURSE)
    draft = drafted(head)
    file = _of_nurse(hospital, nurse)
    refused = attach(head, draft, file, status=422)
    assert refused.json["title"] == "这个文件已不存在。"
    assert NAME not in reload(head, draft).text


def _of_nurse(hospital, nurse):
    """She may write nothing, but every member of staff may upload."""
    me = nurse.get("/me")
    headers = {"X-CSRF-Token": me.html.find("input", {"name": "csrf_token"})["value"]}
    upload = nurse.post_json(
        "/files/uploads", {"plugin": "news", "name": NAME, "size": len(CONTENT)}, headers=headers
    ).json
    nurse.put(f"/files/uploads/{upload['id']}", CONTENT, headers={**headers, "Upload-Offset": "0"})
    return nurse.post(f"/files/uploads/{upload['id']}/finish", headers=headers).json["id"]


def test_one_too_many_is_refused_in_words(hospital):
    head = hospital.phone_of(HEAD)
    draft = drafted(head)
    for number in range(MOST_ATTACHMENTS):
        attach(head, draft, send(head, f"{number}.txt", b"text", pieces=1))
    refused = attach(head, draft, send(head, "more.txt", b"text", pieces=1), status=422)
    assert refused.json["title"] == "一条通知最多 20 个附件。"
    assert reload(head, draft).html.find(id="attachments")["data-room"] == "0"


def test_what_was_sent_and_never_attached_is_removed_after_a_day(hospital, clock):
    head = hospital.phone_of(HEAD)
    draft = drafted(head)
    attach(head, draft, send(head, "kept.txt"))
    send(head, "lost.txt")
    hospital.work()
    clock.advance(hours=25)
    hospital.work()
    with hospital.session() as (session, _audit):
        assert session.scalars(select(StoredFile.name)).all() == ["kept.txt"]
    assert "notice.forget_file" in actions(hospital)
