"""A request with files, rights and a batch by the real engine, and what a test does on its phones."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from tests.functional.documents.test_way_on_phones import let_manage
from tests.functional.paediatrics import HEAD, NURSE, OUTSIDER, settle_in

from xinglin.api.people import Person
from xinglin.people.records import PersonRecord
from xinglin_documents.models import Definition, DefinitionState, Entry, Item, Process

MANAGER = "A10001"
TEXT = """
process: request
title: 请示呈批
subject: "{subject}"
form:
  - {field: subject, title: 事由, kind: text, required: true, public: yes}
  - {field: answer, title: 批复, kind: text}
  - {field: papers, title: 附件, kind: files, most: 3}
start:
  fields: {answer: hide}
steps:
  - step: head
    title: 科主任审核
    by: [{person: "10011"}]
    fields: {answer: edit, papers: edit}
  - step: offices
    title: 职能部门审批
    by: [{person: "10051"}]
    batch: yes
"""


def furnish(portal: Any, clock: Any, text: str = TEXT) -> None:
    """Paediatrics, a manager, and the process."""
    with portal.session() as (session, audit):
        people = settle_in(session, clock, audit)
        manager = people.create(PersonRecord("10001", "赵敏", department="O", wecom_userid=MANAGER))
        manager.confirmed_at = clock.now()
        let_manage(session, clock, audit, manager)
        process = Process(key="request", title="请示呈批")
        session.add(process)
        session.flush()
        now = clock.now()
        session.add(
            Definition(
                process_id=process.id,
                version=1,
                state=DefinitionState.LIVE,
                source=text,
                digest="1" * 64,
                created_at=now,
                published_at=now,
            )
        )


def phones(portal: Any) -> list[Any]:
    """王丽, who starts; 单玉梅, the head; 朴恩雅, of the pharmacy; 赵敏, who manages."""
    return [portal.phone_of(one) for one in (NURSE, HEAD, OUTSIDER, MANAGER)]


def start(phone: Any, subject: str = "购置呼吸机") -> str:
    """The path of the new document."""
    form = phone.get("/documents/new/request").forms["start"]
    form["subject"] = subject
    location: str = form.submit(status=303).headers["Location"]
    return location.removeprefix("http://127.0.0.1:18080")


def token(phone: Any, page: str) -> str:
    value: str = phone.get(page).html.select_one("input[name=csrf_token]")["value"]
    return value


def post(phone: Any, url: str, page: str, *pairs: tuple[str, str], **expected: Any) -> Any:
    return phone.post(url, [("csrf_token", token(phone, page)), *pairs], **expected)


def public_id(portal: Any, userid: str) -> str:
    with portal.session() as (session, _audit):
        return session.scalars(select(Person.public_id).where(Person.wecom_userid == userid)).one()


def open_entry(portal: Any, address: str, userid: str) -> Entry:
    """The last to-do of this person there."""
    with portal.session() as (session, _audit):
        query = (
            select(Entry)
            .join(Item)
            .join(Person, Person.id == Entry.person_id)
            .where(
                Item.public_id == address.rsplit("/", 1)[1],
                Entry.box == "to_do",
                Person.wecom_userid == userid,
            )
            .order_by(Entry.id)
        )
        found = session.scalars(query).all()[-1]
        session.expunge(found)
        return found


def type_in(portal: Any, phone: Any, address: str, userid: str, text: str) -> str:
    """Type an answer and add a file, which save themselves; the address of the draft."""
    draft = f"/documents/drafts/task-{open_entry(portal, address, userid).id}"
    headers = {"X-CSRF-Token": token(phone, address)}
    content = b"1200 yuan\n" * 20
    announced = {"plugin": "documents", "name": "报价.txt", "size": len(content)}
    upload = phone.post_json("/files/uploads", announced, headers=headers).json["id"]
    phone.put(f"/files/uploads/{upload}", content, headers={**headers, "Upload-Offset": "0"})
    file = phone.post(f"/files/uploads/{upload}/finish", headers=headers).json["id"]
    phone.post(f"{draft}/files/papers", {"file": file}, headers=headers)
    body = {"controls": [["answer", text]], "known": "", "is_forced": True}
    phone.post_json(draft, body, headers=headers)
    return draft
