"""Everybody sees what others did with his entry, and nobody sees that of another."""

from __future__ import annotations

import pytest

from xinglin.audit.service import Actor, AuditTrail
from xinglin.people.models import PersonState
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.service import PeopleService

pytestmark = pytest.mark.plugins("portal")


@pytest.fixture
def people(portal, clock):
    with portal.session() as (session, audit):
        service = PeopleService(session, clock, audit)
        service.create_department(DepartmentRecord("P", "儿科"))
        made = {}
        for userid, name in (("N10021", "王丽"), ("P10051", "朴恩雅")):
            person = service.create(PersonRecord(userid[1:], name, wecom_userid=userid, department="P"))
            person.confirmed_at = clock.now()
            made[name] = person.public_id
    return made


def look(portal, clock, who, whom, action="page.view"):
    with portal.site.database.session() as session:
        AuditTrail(session, who, clock, portal.site.keyring).record(action, "person", whom)


def test_who_looked_stands_there_newest_first_and_only_with_the_person(portal, people, clock):
    clock.advance(minutes=1)
    look(portal, clock, Actor("administrator", "a-1", "周敏"), people["王丽"])
    look(portal, clock, Actor("person", people["王丽"], "王丽"), people["王丽"])
    wang, piao = portal.phone_of("N10021"), portal.phone_of("P10051")
    assert "谁看过我的信息" in wang.get("/me")
    page = wang.get("/me/looks").text
    assert page.index("周敏") < page.index("录入了您的信息")
    assert page.count("查看了您的信息") == 1
    assert "周敏" not in piao.get("/me/looks")


def test_older_looks_are_on_further_pages_and_vanish_after_90_days(portal, people, clock):
    for number in range(25):
        look(portal, clock, Actor("administrator", "a-1", f"第{number}人"), people["王丽"])
    wang = portal.phone_of("N10021")
    first = wang.get("/me/looks")
    assert "第24人" in first
    assert "第4人" not in first
    second = first.click("较早")
    assert "第4人" in second
    assert "第24人" in second.click("较新")
    for page in ("0", "x", "9" * 30, "²"):
        assert wang.get("/me/looks", {"page": page}).status_int == 200
    clock.advance(days=91)
    assert "第24人" not in portal.phone_of("N10021").get("/me/looks")


def test_what_happens_to_an_entry_is_said_in_words_in_both_languages(portal, people, clock):
    with portal.session() as (session, audit):
        service = PeopleService(session, clock, audit)
        person = service.by_public_id(people["王丽"])
        service.set_tags(person, ["新职工"])
        service.change_state(person, PersonState.DISABLED, "检查")
        service.change_state(person, PersonState.ACTIVE, "检查")
        service.change_state(person, PersonState.LEFT, "检查")
        service.change_state(person, PersonState.ACTIVE, "检查")
        audit.record("person.sign_out", "person", person.public_id)
        audit.record("vendor.scan", "person", person.public_id)
    wang = portal.phone_of("N10021")
    page = wang.get("/me/looks")
    for words in (
        "修改了您的信息",
        "停用了您的账号",
        "重新启用了您的账号",
        "登记了您离职",
        "让您在所有设备上退出登录",
        "处理了您的信息",
    ):
        assert words in page
    for raw in ("person.", "vendor.scan"):
        assert raw not in page
    with portal.session() as (session, audit):
        PeopleService(session, clock, audit).by_public_id(people["王丽"]).locale = "en"
    page = portal.phone_of("N10021").get("/me/looks")
    for words in ("Barred you from the portal", "Signed you out on every device", "Worked on your entry"):
        assert words in page
