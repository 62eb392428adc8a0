"""The admin API of the whole portal: the whole way of a permission, login, and what one chooses from."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.functional.admin_api.caller import API, LAST_DAY, PASSWORD, acts, refused

from xinglin.audit.models import AuditRecord
from xinglin.people.models import PersonState
from xinglin.people.service import PeopleService

pytestmark = pytest.mark.plugins("portal", "news")


def test_the_whole_way_of_a_permission(hospital, stranger, clock):
    tool = stranger
    session = tool.log_in().json
    assert session["administrator"] == {"login": "zhou.min", "name": "周敏", "role": "system"}
    assert session["expires_at"].endswith("Z")

    publish = tool.get("permissions").json["permissions"][0]
    assert (publish["name"], publish["title"], publish["module"]) == ("news:publish", "发布通知", "news")
    assert publish["has_object"]
    assert publish["has_departments"]
    assert [one["title"] for one in publish["objects"]] == ["通知公告", "科室动态"]
    found = tool.get("people?q=shanyumei").json["people"]
    assert [(one["name"], one["position"], one["state"]) for one in found] == [("单玉梅", "护士长", "active")]

    made = tool.grant()
    assert made.status_int == 201
    grant = made.json
    assert (grant["person"]["name"], grant["person"]["department"]) == ("单玉梅", "儿科")
    assert grant["object"] == {"key": "departments", "title": "科室动态"}
    assert [one["name"] for one in grant["departments"]] == ["儿科"]
    assert (grant["expires_on"], grant["state"]) == (LAST_DAY, "active")
    assert grant["granted_by"] == {"name": "周敏", "kind": "administrator"}
    assert grant["granted_at"] == "2026-11-23T01:00:00Z"
    assert tool.get("grants").json == {"grants": [grant], "total": 1}

    clock.advance(minutes=5)
    assert tool.delete(f"grants/{grant['id']}").status_int == 204
    assert tool.get("grants").json["total"] == 0
    ended = tool.get("grants?state=revoked").json["grants"][0]
    assert (ended["state"], ended["revoked_at"]) == ("revoked", "2026-11-23T01:05:00Z")
    assert ended["revoked_by"] == {"name": "周敏", "kind": "administrator"}
    assert tool.post("logout", None).status_int == 204
    refused(tool.get("grants"), 401)

    assert [actor for actor, _result, _details in acts(hospital, "session.begin")] == ["周敏"]
    assert [actor for actor, _result, _details in acts(hospital, "session.end")] == ["周敏"]
    assert len(acts(hospital, "grant.create")) == len(acts(hospital, "grant.revoke")) == 1


def test_the_grant_works_at_once_for_the_person(hospital, tool):
    with hospital.session() as (session, audit):
        people = PeopleService(session, hospital.site.clock, audit)
        head = people.by_staff_no("10011")
        people.update(head, wecom_userid="N10011")
        people.confirm(head)
    phone = hospital.phone_of("N10011")
    phone.get("/news/write", status=403)

    made = tool.grant().json

    phone.get("/news/write", status=200)
    tool.delete(f"grants/{made['id']}")
    phone.get("/news/write", status=403)


def test_every_wrong_login_is_answered_alike_and_then_locked_out(hospital, stranger, clock):
    attempts = [
        stranger.log_in(login="nobody"),
        stranger.log_in(password="wrong password"),
        stranger.log_in(code="000000"),
    ]
    assert {refused(one, 401).text for one in attempts} == {attempts[0].text}
    for _attempt in range(3):
        refused(stranger.log_in(code="000000"), 401)

    locked = refused(stranger.log_in(), 429)

    assert 0 < int(locked.headers["Retry-After"]) <= 900
    assert len(acts(hospital, "login.fail")) == 6
    assert len(acts(hospital, "login.refuse")) == 1
    clock.advance(seconds=int(locked.headers["Retry-After"]))
    assert stranger.log_in().status_int == 200


def test_a_code_is_good_once(tool):
    refused(tool.log_in(), 401)


def test_nothing_is_told_without_a_token(hospital, stranger):
    paths = ("modules", "permissions", "departments", "people", "grants", "openapi.yaml")
    answers = [refused(stranger.get(path), 401) for path in paths]
    assert {one.headers["WWW-Authenticate"] for one in answers} == {'Bearer realm="xinglin"'}
    refused(stranger.delete("grants/x"), 401)
    refused(stranger.post("grants", {}), 401)
    stranger.token = "A" * 43
    refused(stranger.get("people"), 401)


def test_the_session_of_the_emergency_page_is_no_token(hospital, stranger, clock):
    browser = hospital.browser()
    form = browser.get("/login/break-glass").forms[0]
    form["login"], form["password"], form["code"] = "zhou.min", PASSWORD, stranger.code()
    form.submit(status=303)
    cookie = browser.cookies["xinglin_session"].strip('"')

    refused(browser.get(f"{API}/people", status="*"), 401)
    stranger.token = cookie
    refused(stranger.get("people"), 401)


def test_a_token_ends_by_idleness_and_after_eight_hours(tool, clock):
    for _step in range(16):
        clock.advance(minutes=29)
        assert tool.get("grants").status_int == 200
    clock.advance(minutes=29)
    refused(tool.get("grants"), 401)

    tool.log_in()
    clock.advance(minutes=31)
    refused(tool.get("grants"), 401)


def test_departments_are_counted_with_those_below_and_each_person_once(tool):
    departments = tool.get("departments").json["departments"]
    assert [(one["name"], one["people_count"]) for one in departments] == [
        ("杏林妇女儿童医院", 3),
        ("药学部", 1),
        ("儿科", 2),
        ("儿科一病区", 1),
    ]
    ids = {one["name"]: one["id"] for one in departments}
    assert [one["parent_id"] for one in departments] == [
        None, ids["杏林妇女儿童医院"], ids["杏林妇女儿童医院"], ids["儿科"],
    ]  # fmt: skip
    assert departments[2]["campus"] == "本部"
    assert departments[3]["campus"] is None


def test_people_are_found_as_one_types_and_everybody_without_a_word(hospital, tool):
    with hospital.session() as (session, audit):
        people = PeopleService(session, hospital.site.clock, audit)
        people.change_state(people.by_staff_no("10051"), PersonState.LEFT, "retired")

    def names(query):
        return [one["name"] for one in tool.get(f"people?{query}").json["people"]]

    assert names("q=王") == names("q=wl") == names("q=wangl") == names("q=10021") == ["王丽"]
    assert names("q=nobody") == []
    assert names("") == ["单玉梅", "王丽", "朴恩雅"]
    assert tool.get("people?limit=1").json["total"] == 3
    assert tool.get("people?q=1&limit=2").json["total"] == 3
    assert tool.get("people?q=朴").json["people"][0]["state"] == "left"
    places = tool.get("people?q=王丽").json["people"][0]["departments"]
    assert [one["name"] for one in places] == ["儿科一病区", "儿科"]


def test_words_follow_the_language_that_is_asked_for(tool):
    assert tool.get("permissions").json["permissions"][0]["title"] == "发布通知"
    assert "不存在" in tool.get("nothing").json["detail"]
    for header in ("en", "en-GB,en;q=0.9,zh;q=0.1"):
        tool.language = header
        assert tool.get("permissions").json["permissions"][0]["title"] == "Publish notices"
        assert tool.get("modules").json["modules"][1]["title"] == "News and notices"
        assert tool.get("nothing").json["detail"] == "There is nothing at this address."
    for header in ("fr", "zh-Hans-CN", ";;;"):
        tool.language = header
        assert tool.get("permissions").json["permissions"][0]["title"] == "发布通知"


def test_looking_at_lists_is_recorded(hospital, tool):
    for path in ("people?q=王", "grants", "departments"):
        tool.get(path)
    hospital.wsgi.registry.xinglin_recorder.flush()

    with hospital.site.database.read_session() as session:
        rows = session.scalars(select(AuditRecord).where(AuditRecord.object_kind == "admin.list")).all()
    assert {row.object_id for row in rows} == {"people", "grants", "departments"}
    assert {row.actor_name for row in rows} == {"周敏"}
