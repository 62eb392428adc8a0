"""The audit trail in the admin API: read, checked, taken out, and each of these recorded."""

from __future__ import annotations

import csv
import io
import json

import pytest
from sqlalchemy import func, select, text
from tests.functional.admin_api.caller import acts, refused

from xinglin.admin import auditing
from xinglin.audit import sealing
from xinglin.audit.models import AuditRecord

pytestmark = pytest.mark.plugins("portal", "news")


@pytest.fixture
def busy(hospital, auditor, clock):
    """Ten acts of a made-up module, a minute apart, from 09:00 in the hospital."""
    for number in range(10):
        with hospital.session() as (_session, audit):
            audit.record(
                "note.write" if number % 2 else "note.read",
                "note",
                f"n{number}",
                before={"title": "=cmd|' /C calc'!A1"},
                after={"number": number},
            )
        clock.advance(minutes=1)
    return auditor


def objects(answer):
    assert answer.status_int == 200, answer.text
    return [one["object_id"] for one in answer.json["records"]]


def test_records_come_newest_first_with_their_details(busy):
    answer = busy.get("audit?action=note.*&limit=1").json
    one = answer["records"][0]
    assert (one["object_id"], one["action"], one["is_intact"]) == ("n9", "note.write", True)
    assert json.loads(one["details"])["after"] == {"number": 9}
    assert one["at"] == "2026-11-23T01:09:00Z"
    assert answer["next_before"] == one["id"]


def test_records_are_found_by_time_actor_action_and_object(busy):
    assert objects(busy.get("audit?action=note.write")) == ["n9", "n7", "n5", "n3", "n1"]
    assert objects(busy.get("audit?object=n4")) == ["n4"]
    assert len(objects(busy.get("audit?object=note"))) == 10
    times = "since=2026-11-23T01:02:00Z&until=2026-11-23T01:04:00Z"
    assert objects(busy.get(f"audit?action=note.*&{times}")) == ["n3", "n2"]
    assert {one["actor_name"] for one in busy.get("audit?actor=孙丽").json["records"]} == {"孙丽"}
    assert objects(busy.get("audit?actor=nobody")) == []
    refused(busy.get("audit?since=yesterday"), 400, "since")


def test_pages_follow_each_other_while_new_records_come_in(busy):
    first = busy.get("audit?action=note.*&limit=4").json
    seen = [one["object_id"] for one in first["records"]]
    before = first["next_before"]
    while before:
        page = busy.get(f"audit?action=note.*&limit=4&before={before}").json
        seen += [one["object_id"] for one in page["records"]]
        before = page["next_before"]
    assert seen == [f"n{number}" for number in range(9, -1, -1)]


def test_reading_is_itself_recorded_with_the_filter(hospital, busy):
    busy.get("audit?action=note.read&object=n4&since=2026-11-23T01:00:00Z")

    actor, result, details = acts(hospital, "audit.read")[0]

    assert (actor, result) == ("孙丽", "ok")
    assert json.loads(details)["after"] == {
        "action": "note.read",
        "object": "n4",
        "since": "2026-11-23T01:00:00+00:00",
        "shown": 1,
    }


def test_a_record_that_was_changed_is_marked(hospital, busy):
    with hospital.session() as (session, _audit):
        session.execute(text("UPDATE core_audit_record SET actor_name = 'x' WHERE object_id = 'n3'"))
        session.execute(
            text(
                "UPDATE core_audit_record SET details = (SELECT details FROM core_audit_record WHERE object_id = 'n1')"
                " WHERE object_id = 'n5'"
            )
        )

    found = {one["object_id"]: one for one in busy.get("audit?action=note.write").json["records"]}

    assert {key for key, one in found.items() if not one["is_intact"]} == {"n3", "n5"}
    assert found["n5"]["details"] is None


def seal(hospital, clock):
    from xinglin.kernel.app import plugins_of
    from xinglin.kernel.worker import WorkerContext

    context = WorkerContext.of(hospital.site, plugins_of(hospital.site))
    clock.advance(minutes=5)
    while sealing.run_once(context):
        clock.advance(minutes=5)


def test_the_newest_records_are_checked_on_demand(hospital, busy, clock):
    seal(hospital, clock)
    clean = busy.post("audit/verify", {}).json
    assert (clean["bad"], clean["bad_count"], clean["is_whole"]) == ([], 0, False)
    assert clean["checked"] >= 10

    with hospital.session() as (session, _audit):
        gone = session.scalar(select(AuditRecord.id).where(AuditRecord.object_id == "n3"))
        session.execute(text("DELETE FROM core_audit_record WHERE object_id = 'n3'"))

    bad = busy.post("audit/verify", {}).json
    assert [one["id"] for one in bad["bad"]] == [gone]
    assert [result for _actor, result, _details in acts(hospital, "audit.verify")] == ["ok", "error"]


def test_a_check_in_a_request_reads_a_bounded_number(hospital, busy, clock, monkeypatch):
    seal(hospital, clock)
    monkeypatch.setattr(auditing, "MOST_CHECKED", 5)
    with hospital.site.database.read_session() as session:
        newest = session.scalar(select(func.max(AuditRecord.id)))
        held = session.scalars(select(AuditRecord.id).where(AuditRecord.id > newest - 5)).all()

    found = busy.post("audit/verify", {}).json

    assert (found["checked"], found["bad"]) == (len(held), [])


def test_the_last_check_of_everything_is_told_but_not_one_of_a_part(hospital, busy):
    assert busy.get("audit/verify").json == {"last": None}
    busy.post("audit/verify", {})
    assert busy.get("audit/verify").json == {"last": None}
    with hospital.session() as (_session, audit):
        audit.record("audit.verify", after={"checked": 1000, "bad": 2})

    last = busy.get("audit/verify").json["last"]

    assert (last["checked"], last["bad_count"], last["is_whole"]) == (1000, 2, True)


def test_an_export_has_a_reason_and_no_formulas(hospital, busy):
    with hospital.session() as (_session, audit):
        audit.record("note.write", "note", "=1+1")
    refused(busy.get("audit/export?action=note.*"), 400, "reason")
    refused(busy.get("audit/export?action=note.*&reason=%20"), 422, "reason")

    answer = busy.get("audit/export?action=note.*&reason=年度检查")

    assert (answer.status_int, answer.content_type) == (200, "text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert [row["object_id"] for row in rows] == ["'=1+1", *(f"n{number}" for number in range(9, -1, -1))]
    actor, _result, details = acts(hospital, "audit.export")[0]
    assert actor == "孙丽"
    assert json.loads(details)["after"] == {"action": "note.*", "shown": 11, "reason": "年度检查"}


def test_an_export_of_too_much_is_refused(busy, monkeypatch):
    monkeypatch.setattr(auditing, "MOST_EXPORTED", 3)
    answer = refused(busy.get("audit/export?action=note.*&reason=x"), 422, "since")
    assert "3" in answer.json["errors"][0]["message"]
