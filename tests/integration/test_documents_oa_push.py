"""The OA tells of a to-do by itself: signed, in time, each message with an effect once; and the phone acts in the OA."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from datetime import timedelta
from wsgiref.simple_server import make_server

import pytest
from sqlalchemy import select
from tests.integration.oa_office import (
    CAST,
    CLERK,
    LEADER,
    NOTICE,
    PASSWORD,
    PUSH_SECRET,
    start,
)

from xinglin.api.people import PeopleService, Person
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.roles import ensure_standard
from xinglin.push.models import Message
from xinglin_documents.models import Box, Entry, EntryState, Item

TITLE = "省医保局关于结算的函"


def make(make_portal, office, database):
    """A portal whose OA is the simulated one, with five of its people."""
    section = f"""
[xinglin:documents]
oa = weaver
oa_endpoint = {office.url}
oa_user = xinglin
oa_seconds = 2
"""
    portal = make_portal(
        database=database, plugins=("portal", "documents"), simulator=office.running, plugin_settings=section
    )
    for name, value in (("oa_push_secret", PUSH_SECRET), ("oa_password", PASSWORD)):
        path = portal.site.settings.secrets_folder / name
        path.write_text(value, encoding="utf-8")
        path.chmod(0o600)
    return settle(portal)


def settle(portal):
    with portal.session() as (session, audit):
        ensure_standard(session)
        people = PeopleService(session, portal.site.clock, audit)
        people.create_department(DepartmentRecord("H", "杏林妇女儿童医院"))
        for login, name in CAST.items():
            people.create(
                PersonRecord(login[1:], name, wecom_userid=login, department="H")
            ).confirmed_at = portal.site.clock.now()
    return portal


@pytest.fixture
def hospital(make_portal, office, database):
    return make(make_portal, office, database)


def message(stamp=1, **changed):
    fields = {
        "syscode": "ecology",
        "flowid": "60001",
        "requestname": TITLE,
        "workflowname": "外来文件传阅",
        "nodename": "院长批示",
        "creator": "10041",
        "createdatetime": "2026-11-23 08:50:00",
        "receiver": "10001",
        "receivedatetime": "2026-11-23 08:55:00",
        "isremark": "0",
        "viewtype": "0",
        "receivets": str(stamp),
    }
    return {**fields, **changed}


def tell(hospital, fields, *, secret=PUSH_SECRET, late=timedelta(0), body=None, status=200):
    body = json.dumps(fields, ensure_ascii=False).encode() if body is None else body
    stamp = str(int((hospital.site.clock.now() - late).timestamp()))
    signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"X-OA-Timestamp": stamp, "X-OA-Signature": signature}
    return hospital.browser().post("/documents/oa/todo", body, headers=headers, status=status)


def entries(hospital, login=LEADER):
    query = (
        select(Item.title, Entry.box, Entry.state)
        .join(Entry, Entry.item_id == Item.id)
        .join(Person, Person.id == Entry.person_id)
        .where(Person.wecom_userid == login)
        .order_by(Entry.id)
    )
    with hospital.site.database.read_session() as session:
        return [tuple(row) for row in session.execute(query)]


def messages(hospital):
    with hospital.site.database.read_session() as session:
        return list(session.scalars(select(Message.title)))


def test_a_to_do_stands_in_the_inbox_and_a_message_goes_out_once(hospital):
    assert tell(hospital, message()).json == {"operResult": "1", "message": "new"}
    assert tell(hospital, message()).json["message"] == "old"
    assert tell(hospital, message(2, nodename="院长再批示")).json["message"] == "updated"
    assert entries(hospital) == [(TITLE, Box.TO_DO, EntryState.OPEN)]
    assert messages(hospital) == [TITLE]


def test_a_later_message_is_not_undone_by_an_earlier_one(hospital):
    tell(hospital, message(5))
    tell(hospital, message(7, isremark="2"))
    assert tell(hospital, message(6)).json["message"] == "old"
    assert entries(hospital) == [(TITLE, Box.TO_DO, EntryState.DONE)]


def test_done_before_it_came_is_done(hospital):
    assert tell(hospital, message(7, isremark="2")).json["message"] == "done"
    assert tell(hospital, message(6)).json["message"] == "old"
    assert entries(hospital) == []


def test_a_copy_is_for_reading_and_a_deleted_one_is_gone(hospital):
    tell(hospital, message(1, isremark="8"))
    assert entries(hospital) == [(TITLE, Box.TO_READ, EntryState.OPEN)]
    tell(hospital, message(2, isremark="8", opertype="Del"))
    assert entries(hospital) == [(TITLE, Box.TO_READ, EntryState.GONE)]


def test_markup_in_a_title_is_not_kept(hospital):
    tell(hospital, message(requestname="<script>alert(1)</script>关于<b>停电</b>的通知"))
    assert entries(hospital)[0][0] == "关于停电的通知"


def test_somebody_who_does_not_work_here_is_answered_without_a_repeat(hospital):
    assert tell(hospital, message(receiver="99999")).json == {"operResult": "0", "message": "unknown"}


@pytest.mark.parametrize("late", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_an_old_or_early_signature_is_refused(hospital, late):
    tell(hospital, message(), late=late, status=403)
    assert entries(hospital) == []


def test_what_is_not_from_the_oa_is_refused(hospital):
    tell(hospital, message(), secret="guessed", status=403)
    hospital.browser().post_json("/documents/oa/todo", message(), status=403)
    tell(hospital, None, body=b"[]", status=400)
    tell(hospital, None, body=b"\xff{", status=400)
    tell(hospital, None, body=b"[" * 60000, status=400)
    tell(hospital, message(receivets="1e5"), status=400)
    tell(hospital, message(isremark="x"), status=400)
    tell(hospital, None, body=b"x" * 70000, status=413)
    assert entries(hospital) == []


def test_without_an_oa_there_is_no_door(make_portal, office, database):
    portal = make_portal(database=database, plugins=("portal", "documents"), simulator=office.running)
    portal.browser().post_json("/documents/oa/todo", message(), status=404)


def test_the_phone_approves_in_the_oa_and_hears_when_somebody_was_first(hospital, office):
    number = office.document(NOTICE)["id"]
    tell(hospital, message(flowid=str(number), requestname=NOTICE))
    with hospital.site.database.read_session() as session:
        item = session.scalars(select(Item.public_id).where(Item.title == NOTICE)).one()
    phone = hospital.phone_of(LEADER)
    form = {"csrf_token": csrf(phone), "node": "302", "opinion": "同意。"}
    answer = phone.post(f"/documents/outside/{item}/approve", {**form, "request_key": "k1"}, status=303)
    assert answer.location.endswith("/documents?done=approve")
    assert phone.post(f"/documents/outside/{item}/approve", {**form, "request_key": "k1"}, status=303)
    assert office.document(NOTICE)["node"] == "医务部承办"
    again = phone.post(f"/documents/outside/{item}/approve", form, status=409)
    assert "欧阳建国" in again.text
    assert office.state()["calls"]["submitWorkflowRequest"] == 1
    assert (NOTICE, Box.TO_DO, EntryState.DONE) in entries(hospital)
    stranger = hospital.phone_of(CLERK)
    stranger.post(f"/documents/outside/{item}/approve", {**form, "csrf_token": csrf(stranger)}, status=404)


def test_a_document_is_started_in_the_oa_from_the_phone(hospital, office):
    phone = hospital.phone_of(LEADER)
    page = phone.get("/documents/new").click("发起一件").click("差旅费报销")
    form = page.forms["start"]
    assert form.submit(status=422)
    form["title"] = "赴市里开会的差旅费"
    for name in form.fields:
        if name and name.startswith("field_") and not form[name].value:
            form[name] = "1"
    shown = form.submit(status=303).follow()
    assert "赴市里开会的差旅费" in shown
    assert office.document("赴市里开会的差旅费")["flow"] == "差旅费报销"
    assert "赴市里开会的差旅费" in phone.get("/documents?tab=started")
    assert office.state()["calls"]["doCreateWorkflowRequest"] == 1


def test_without_an_oa_nothing_of_it_is_offered(make_portal, office, database):
    portal = make_portal(database=database, plugins=("portal", "documents"), simulator=office.running)
    phone = settle(portal).phone_of(LEADER)
    assert "OA" not in phone.get("/documents/new").html.text
    phone.get("/documents/oa/new", status=404)


def csrf(phone):
    return json.loads(phone.get("/").html.body["hx-headers:inherited"])["X-CSRF-Token"]


def test_an_oa_that_is_away_is_a_sentence_on_the_phone(hospital, office):
    number = office.document(NOTICE)["id"]
    tell(hospital, message(flowid=str(number), requestname=NOTICE))
    with hospital.site.database.read_session() as session:
        item = session.scalars(select(Item.public_id).where(Item.title == NOTICE)).one()
    phone = hospital.phone_of(LEADER)
    form = {"csrf_token": csrf(phone), "node": "302"}
    office.fault("*", "html")
    answer = phone.post(f"/documents/outside/{item}/approve", form, status=503)
    assert "Traceback" not in answer.text
    office.forgive()
    assert (NOTICE, Box.TO_DO, EntryState.OPEN) in entries(hospital)


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_the_simulated_oa_tells_the_portal_over_the_wire(make_portal, database, clock, port, tmp_path):
    office = start(tmp_path, f"http://127.0.0.1:{port}/documents/oa/todo")
    try:
        office.in_time_with(clock)
        portal = make(make_portal, office, database)
        server = make_server("127.0.0.1", port, portal.wsgi)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            office.arise(TITLE)
            wait_until(lambda: messages(portal) == [TITLE])
            office.post("acts", id=office.document(TITLE)["id"], login=LEADER, act="submit", remark="同意")
            wait_until(lambda: (TITLE, Box.TO_DO, EntryState.DONE) in entries(portal))
            assert {status for told in office.state()["told"] for status in told["statuses"]} == {200}
        finally:
            server.shutdown()
            thread.join(10)
            server.server_close()
    finally:
        office.running.stop()


def wait_until(is_so, seconds=20):
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, "it did not happen"
        threading.Event().wait(0.05)
