"""Giving, listing and taking back permissions through the admin API."""

from __future__ import annotations

import threading
import uuid
from datetime import date

import pytest
from tests.functional.admin_api.caller import API, acts, grants_in, refused

from xinglin.people.models import PersonState
from xinglin.people.service import PeopleService

pytestmark = pytest.mark.plugins("portal", "news")


UNACCEPTABLE = [
    ("person_id", "nobody"),
    ("permission", "news:read"),
    ("permission", "payroll:pay"),
    ("object", "lottery"),
    ("object", None),
    ("department_ids", []),
    ("department_ids", ["nowhere", "neither"]),
    ("expires_on", "2026-11-22"),
    ("expires_on", "0001-01-01"),
    ("expires_on", "9999-12-31"),
]


def test_an_unacceptable_value_is_named_and_nothing_is_granted(hospital, tool):
    wanted = tool.wanted()
    for field, value in UNACCEPTABLE:
        answer = tool.post("grants", {**wanted, field: value}, Idempotency_Key=str(uuid.uuid4()))
        refused(answer, 422, field)
    assert grants_in(hospital) == 0
    records = acts(hospital, "admin.refuse")
    assert [(actor, result) for actor, result, _details in records] == [("周敏", "denied")] * len(
        UNACCEPTABLE
    )
    assert '"fields": ["person_id"]' in records[0][2]


def test_all_unacceptable_values_are_told_at_once(tool):
    answer = tool.grant(person_id="nobody", object="lottery", department_ids=[], expires_on="2020-01-01")
    refused(answer, 422, "person_id", "object", "department_ids", "expires_on")
    messages = {one["field"]: one["message"] for one in answer.json["errors"]}
    assert messages["person_id"] == "没有此人。"


def test_today_is_still_a_good_last_day_and_ends_at_the_hospitals_midnight(tool, clock):
    today = date(2026, 11, 23).isoformat()
    assert tool.grant(expires_on=today).json["expires_on"] == today
    clock.advance(hours=14, minutes=59)  # 23:59 in Shanghai
    tool.log_in()
    assert tool.get("grants").json["total"] == 1
    clock.advance(minutes=1)
    assert tool.get("grants").json["total"] == 0
    expired = tool.get("grants?state=expired").json["grants"][0]
    assert expired["state"] == "expired"
    refused(tool.delete(f"grants/{expired['id']}"), 409)


def test_somebody_who_left_gets_nothing(hospital, tool):
    who = tool.person("朴恩雅")
    with hospital.session() as (session, audit):
        people = PeopleService(session, hospital.site.clock, audit)
        people.change_state(people.by_staff_no("10051"), PersonState.LEFT, "retired")
    answer = refused(tool.grant(person_id=who), 422, "person_id")
    assert "朴恩雅" in answer.json["errors"][0]["message"]


def test_the_same_grant_twice_is_a_conflict(hospital, tool):
    assert tool.grant().status_int == 201
    assert "单玉梅" in refused(tool.grant(), 409).json["detail"]
    assert grants_in(hospital) == 1


def test_a_repeated_request_answers_with_the_first_grant(hospital, tool):
    key = str(uuid.uuid4())
    first, again = tool.grant(key), tool.grant(key.upper())
    assert (first.status_int, again.status_int) == (201, 201)
    assert first.json == again.json
    refused(tool.grant(key, expires_on=None), 409)
    assert grants_in(hospital) == 1


def test_two_requests_at_the_same_moment_make_one_grant(hospital, tool):
    key, body, answers = str(uuid.uuid4()), tool.wanted(), []
    start = threading.Barrier(2)

    def send():
        start.wait()
        headers = tool.headers({"Idempotency-Key": key})
        answers.append(hospital.browser().post_json(f"{API}/grants", body, headers=headers, status="*"))

    threads = [threading.Thread(target=send) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_int for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert grants_in(hospital) == 1


def test_revoking_twice_is_a_conflict_and_revoking_nothing_is_not_found(tool):
    path = f"grants/{tool.grant().json['id']}"
    assert tool.delete(path).status_int == 204
    refused(tool.delete(path), 409)
    refused(tool.delete("grants/unknown"), 404)


def test_grants_are_searched_by_person_and_paged(tool, clock):
    for name in ("单玉梅", "王丽", "朴恩雅"):
        assert tool.grant(person_id=tool.person(name)).status_int == 201
        clock.advance(minutes=1)

    def names(query):
        page = tool.get(f"grants?{query}").json
        return [one["person"]["name"] for one in page["grants"]], page["total"]

    assert names("") == (["朴恩雅", "王丽", "单玉梅"], 3)
    assert names("limit=1&offset=1") == (["王丽"], 3)
    assert names("offset=3") == ([], 3)
    assert names("q=wang") == names("q=10021") == names("q=王") == (["王丽"], 1)
    assert names("q=%25") == names("q=_") == ([], 0)
    assert names("state=all&q=sym") == (["单玉梅"], 1)
    assert names("state=expired") == ([], 0)
