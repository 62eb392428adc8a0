"""A document goes its way on three phones, by the real engine: started, returned, sent again, approved, read."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from tests.functional.paediatrics import HEAD, NURSE, OUTSIDER, settle_in

from xinglin.api.people import Person
from xinglin.api.security import GrantService
from xinglin.auth.models import Administrator
from xinglin.people.records import PersonRecord
from xinglin_documents.models import Definition, DefinitionState, Process
from xinglin_documents.permissions import PERMISSIONS

pytestmark = pytest.mark.plugins("portal", "news", "documents")
TEXT = """
process: request
title: 请示呈批
subject: "{subject}"
form:
  - field: subject
    title: 事由
    kind: text
    required: true
    public: yes
steps:
  - step: head
    title: 科主任审核
    by: [{person: "10011"}]
  - step: offices
    title: 职能部门审批
    by: [{person: "10051"}, {person: "10011"}]
    mode: any
"""


@pytest.fixture
def phones(portal, clock):
    """王丽, who starts; 单玉梅, the head; 朴恩雅, of the pharmacy."""
    with portal.session() as (session, audit):
        people = settle_in(session, clock, audit)
        manager = people.create(PersonRecord("20001", "赵敏", department="O"))
        let_manage(session, clock, audit, manager)
        process = Process(key="request", title="请示呈批")
        session.add(process)
        session.flush()
        live = Definition(
            process_id=process.id,
            version=1,
            state=DefinitionState.LIVE,
            source=TEXT,
            digest="0" * 64,
            created_at=clock.now(),
            published_at=clock.now(),
        )
        session.add(live)
    return {name: portal.phone_of(name) for name in (NURSE, HEAD, OUTSIDER)}


def let_manage(session, clock, audit, person):
    """Somebody must be there whom the engine can ask when nobody else is."""
    administrator = Administrator(
        login="it", name="信息科", password_hash="x", totp_sealed=b"", created_at=clock.now()
    )
    session.add(administrator)
    session.flush()
    permissions = {one.name: one for one in PERMISSIONS}
    grants = GrantService(session, clock, audit, permissions, ZoneInfo("Asia/Shanghai"))
    end = clock.now() + timedelta(days=30)
    grants.grant(administrator, person, "documents:manage", expires_at=end)


def lines(phone, tab="to_do"):
    return [one["href"] for one in phone.get(f"/documents?tab={tab}").html.select(".d-line")]


def counts(phone):
    page = phone.get("/documents")
    return {
        one.span.text: int(one.strong.text) for one in page.html.select(".d-tab") if one.strong.text != "0"
    }


def start(phone, subject="购置呼吸机"):
    form = phone.get("/documents/new/request").forms["start"]
    form["subject"] = subject
    return form.submit(status=303)


def return_to_starter(phone, address):
    form = phone.get(f"{address}/return").forms["act"]
    form["to"], form["is_direct"], form["opinion"] = "start", True, "请写明数量。"
    form.submit(status=303)


def test_the_way_with_a_return_in_the_middle(phones):
    nurse, head, other = phones.values()
    address = start(nurse).headers["Location"].removeprefix("http://127.0.0.1:18080")
    assert counts(nurse) == {"我发起": 1}
    assert counts(head) == {"待办": 1}
    assert lines(head) == [address]
    assert counts(other) == {}

    return_to_starter(head, address)
    assert counts(head) == {"已办": 1}
    assert counts(nurse) == {"待办": 1, "我发起": 1}

    page = nurse.get(address)
    assert "请写明数量。" in page.text
    form = page.forms["act"]
    form["subject"] = "购置呼吸机两台"
    form.submit(status=303)
    assert "购置呼吸机两台" in head.get(address).text
    assert counts(head)["待办"] == 1

    after = head.get(address).forms["act"].submit().follow()
    assert "已同意。" in after.text

    slow, fast = head.get(address), other.get(address)
    assert slow.html.select_one(".d-bar__main").text == "同意"
    fast.forms["act"].submit(status=303)
    late = slow.forms["act"].submit(status=409)
    assert "朴恩雅" in late.text
    assert "09:00" in late.text
    for phone in (nurse, head, other):
        assert "待办" not in counts(phone)
    assert counts(nurse)["我发起"] == 1
    history = other.get(address).html.select_one(".d-time").get_text(" ", strip=True)
    for words in ("王丽 提交", "单玉梅 退回", "王丽 重新提交", "朴恩雅 同意"):
        assert words in history
    assert "已办结" in nurse.get(address).text


def test_a_copy_is_read_and_answered_beside_the_approvals(phones, portal):
    nurse, head, other = phones.values()
    address = start(nurse).headers["Location"].removeprefix("http://127.0.0.1:18080")
    with portal.session() as (session, _audit):
        reader = session.scalars(select(Person.public_id).where(Person.wecom_userid == OUTSIDER)).one()
    sheet = head.get(f"{address}/circulate").forms["act"]
    sheet["q"] = "朴恩雅"
    found = sheet.submit("look").forms["act"]
    assert found["person"]._value == reader
    found["person"] = True
    found.submit(status=303)
    assert counts(other) == {"待阅": 1}
    page = other.get(lines(other, "to_read")[0])
    page.forms["act"]["opinion"] = "药学部知悉。"
    page.forms["act"].submit(status=303)
    assert counts(other) == {"已阅": 1}
    opinions = head.get(address).html.select(".d-time")
    assert "药学部知悉。" in opinions[1].text
    assert "药学部知悉。" not in opinions[0].text
    assert counts(head) == {"待办": 1}


def test_who_has_no_part_in_it_finds_nothing(phones):
    nurse, _head, other = phones.values()
    address = start(nurse).headers["Location"].removeprefix("http://127.0.0.1:18080")
    assert other.get(address, status=404)
    assert other.get(f"{address}/approve", status=404)
    assert lines(other) == []


def test_a_followed_document_is_in_its_list_until_it_is_let_go(phones):
    nurse, head, _other = phones.values()
    address = start(nurse).headers["Location"].removeprefix("http://127.0.0.1:18080")
    for name, found in (("track", [address]), ("untrack", [])):
        page = head.get(address)
        next(one for one in page.forms.values() if one.action.endswith(f"/{name}")).submit(status=303)
        assert lines(head, "tracked") == found
