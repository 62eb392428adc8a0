"""What does not follow the contract of the admin API, on either side."""

from __future__ import annotations

import uuid

import pytest
from tests.functional.admin_api.caller import API, acts, refused

from xinglin_news.models import Column

pytestmark = pytest.mark.plugins("portal", "news")


MISSHAPEN = {
    "no json": b"{",
    "not utf-8": '{"login": "周"}'.encode("gbk"),
    "deep": b"[" * 9_000,
    "null character": b'{"login": "a\\u0000", "password": "x", "totp": "123456"}',
    "half a pair": b'{"login": "a\\ud800", "password": "x", "totp": "123456"}',
    "huge number": b'{"login": ' + b"9" * 5000 + b"}",
    "too long": b'{"login": "' + b"a" * 70_000 + b'"}',
    "empty": b"",
    "list": b"[]",
    "six full-width digits": '{"login": "a", "password": "x", "totp": "１２３４５６"}'.encode(),
}


def test_a_misshapen_body_is_the_callers_fault(stranger):
    answers = {
        name: stranger.http.post(f"{API}/login", body, content_type="application/json", status="*")
        for name, body in MISSHAPEN.items()
    }
    assert {name: answer.status_int for name, answer in answers.items()} == dict.fromkeys(MISSHAPEN, 400)
    assert {answer.content_type for answer in answers.values()} == {"application/problem+json"}
    assert all(answer.json["detail"] for answer in answers.values())
    # WebOb keeps a long body in a temporary file, and a server would close it.
    answers["too long"].request.environ["wsgi.input"].close()


def test_an_address_that_cannot_be_read_is_refused(tool):
    refused(tool.get("grants/%ff"), 400)


def test_a_body_of_another_kind_is_refused(stranger):
    for kind in (
        "application/x-www-form-urlencoded",
        "text/plain; charset=gbk",
        "multipart/form-data; boundary=x",
    ):
        refused(stranger.http.post(f"{API}/login", b"login=a", content_type=kind, status="*"), 400)


def test_a_query_outside_the_contract_names_its_parameter(tool):
    for query, field in (
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("limit=201", "limit"),
        (f"q={'a' * 101}", "q"),
        ("state=mine", "state"),
        ("offset=-1", "offset"),
    ):
        refused(tool.get(f"grants?{query}"), 400, field)


def test_a_query_that_cannot_be_read_is_refused(tool):
    for query in ("q=%ff", "q=%00", "%ff=1"):
        refused(tool.get(f"grants?{query}"), 400)


def test_a_grant_outside_the_contract_names_its_fields(tool):
    refused(tool.post("grants", tool.wanted()), 400, "Idempotency-Key")
    refused(tool.grant("not-a-uuid"), 400, "Idempotency-Key")
    refused(tool.grant(expires_on="2027-02-30"), 400, "expires_on")
    refused(tool.grant(department_ids=["a", "a"]), 400, "department_ids")
    key = str(uuid.uuid4())
    wanted = tool.wanted()
    del wanted["object"], wanted["expires_on"]
    refused(tool.post("grants", wanted, Idempotency_Key=key), 400, "object", "expires_on")


def test_a_refused_password_is_not_repeated(stranger):
    answer = stranger.log_in(password="geheim" * 50)
    refused(answer, 400, "password")
    assert "geheim" not in answer.text


def test_another_method_and_another_address_are_told(tool):
    answer = tool.http.put_json(f"{API}/grants", {}, headers=tool.headers(), status="*")
    refused(answer, 405)
    assert set(answer.allow) == {"GET", "POST"}
    assert tool.http.head(f"{API}/people", headers=tool.headers(), status="*").status_int == 405
    refused(tool.get("nothing"), 404)
    refused(tool.get("people/"), 404)


def test_an_answer_that_breaks_the_contract_does_not_leave_the_portal(hospital, tool):
    with hospital.session() as (session, _audit):
        session.add(Column(key="", title="栏目", reach="hospital"))

    answer = tool.get("permissions")

    assert (answer.status_int, answer.content_type) == (500, "application/problem+json")
    assert "栏目" not in answer.text
    assert acts(hospital, "system.error")[0][1] == "error"


def test_a_lost_database_is_told_as_such(hospital, tool):
    with hospital.site.database.writer.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE core_department RENAME TO core_department_gone")

    answer = tool.get("departments")

    assert (answer.status_int, answer.headers["Retry-After"]) == (503, "5")
    assert answer.content_type == "application/problem+json"
