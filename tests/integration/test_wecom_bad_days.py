"""What the portal does on each bad day of WeCom: the simulator misbehaves, we look at what it heard and what arrived."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import Actor, AuditTrail, details_of
from xinglin.people.models import Person
from xinglin.push.health import health as push_health
from xinglin.push.models import CallState, Delivery, DeliveryState, MessageCall
from xinglin.push.service import PushService
from xinglin.push.worker import run_once
from xinglin.testing import simulator as known
from xinglin.testing import wecom as at_wecom
from xinglin.wecom.bodies import text_notice
from xinglin.wecom.client import WeComClient
from xinglin.wecom.errors import Action, WeComError
from xinglin.wecom.health import health as wecom_health

SEND = "message/send"
HANG = 60
"""Seconds; WeCom gets five to answer."""


@pytest.fixture
def settings(simulator, tmp_path):
    yield at_wecom.settings_for(simulator.wecom, tmp_path / "site")
    simulator.post("tokens", action="stop_refusing")
    simulator.post("switches", app_disabled=[], trusted_ip=True)


@pytest.fixture
def context(database, clock, keyring, settings):
    return at_wecom.worker_context(database, clock, keyring, settings)


@pytest.fixture
def receivers(context):
    """Five members who can receive; the app's token is known afterwards."""
    context.wecom.upload_media("file", "warm.txt", b"123456")
    members = [member for number in (20, 21, 22, 23) for member in context.wecom.members(number)]
    return [member.userid for member in members if member.is_activated][:5]


@pytest.fixture
def notice(context, receivers, simulator):
    """One message to those five, waiting in the outbox; the log begins after it."""
    _notice(context, receivers)
    simulator.post("reset")


def _notice(context, receivers, title="停电通知"):
    with context.database.session() as session:
        trail = AuditTrail(session, Actor.system("test"), context.clock, context.keyring)
        ids = at_wecom.add_people(session, receivers, context.clock)
        at_wecom.enqueue(session, context.clock, trail, ids, title=title)


def _body(receivers):
    return text_notice(known.AGENT, receivers, title="通知", description="", url="http://x/1", source="院办")


def _counts(context):
    with context.database.read_session() as session:
        trail = AuditTrail(session, Actor.system("test"), context.clock, context.keyring)
        return PushService(session, context.clock, trail).states("n1")


def _call(context):
    with context.database.read_session() as session:
        return session.scalars(select(MessageCall)).one()


def _asked(simulator, path=SEND):
    return simulator.get("log")["counts"].get(path, 0)


def _alerts(context):
    with context.database.read_session() as session:
        return session.scalars(select(AuditRecord).where(AuditRecord.action == "wecom.alert")).all()


def _ill(context):
    with context.database.read_session() as session:
        lines = wecom_health(session, context.clock) + push_health(session, context.clock)
    return {line.name: line.detail for line in lines if not line.is_well}


def test_a_token_refused_for_ever_costs_one_refresh_and_one_alert(context, simulator, notice):
    simulator.post("tokens", action="keep_refusing")
    for _ in range(20):
        run_once(context)
        context.clock.advance(seconds=2)
    assert _asked(simulator, "gettoken") == 1  # the first token was already known
    assert _asked(simulator) == 2
    assert len(_alerts(context)) == 1
    assert "refused again" in _ill(context)["wecom token"]

    for minutes in (2, 3, 5):  # it waits longer every time
        context.clock.advance(minutes=minutes)
        run_once(context)
    assert _asked(simulator, "gettoken") <= 4

    simulator.post("tokens", action="stop_refusing")
    context.clock.advance(hours=1)
    run_once(context)
    assert _counts(context).sent == 5
    assert "wecom token" not in _ill(context)


def test_an_expired_token_is_refreshed_once_for_eight_workers(context, simulator, settings, receivers):
    for action in ("expire", "invalidate"):
        clients = [WeComClient(settings, context.keyring, context.database, context.clock) for _ in range(8)]
        for client in clients:
            client.department(1)
            client.send_body(_body(receivers))
        simulator.post("reset")
        simulator.post("tokens", action=action)
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda client: client.send_body(_body(receivers)), clients))
        assert all(result.msgid for result in results)
        assert _asked(simulator, "gettoken") == 1


def test_a_wrong_secret_never_runs_into_the_lock_out(context, database, simulator, tmp_path, notice):
    wrong = at_wecom.settings_for(simulator.wecom, tmp_path / "wrong", secret=known.SECRET[:12] + "x" * 30)
    badly_set = at_wecom.worker_context(database, context.clock, context.keyring, wrong)
    for _ in range(10):
        run_once(badly_set)
        context.clock.advance(seconds=5)
    assert _asked(simulator, "gettoken") == 1
    assert _counts(context).sending == 5
    assert "wecom_secret" in details_of(_alerts(context)[0], context.keyring)
    assert badly_set.wecom.paused_until("gettoken") is not None
    assert context.wecom.paused_until("gettoken") is None

    context.clock.advance(minutes=2)
    run_once(context)  # the right secret again
    assert _counts(context).sent == 5


@pytest.mark.parametrize(
    ("kind", "value"), [("http_status", 502), ("html", 0), ("errcode", -1), ("truncated", 0), ("reset", 0)]
)
def test_a_sick_server_delays_and_loses_nothing(context, simulator, notice, receivers, kind, value):
    at_wecom.fault(simulator, SEND, kind, value)
    run_once(context)
    assert 1 <= _asked(simulator) <= 4
    assert _counts(context).sending == 5
    first_wait = _call(context).retry_at - context.clock.now()
    context.clock.advance(seconds=first_wait.total_seconds())
    run_once(context)
    assert _call(context).retry_at - context.clock.now() > first_wait

    simulator.delete("faults")
    context.clock.advance(minutes=1)
    run_once(context)
    assert _counts(context).sent == 5
    arrived = simulator.get("delivered", title="停电通知")["per_user"]
    assert arrived == {userid.lower(): 1 for userid in receivers}


@pytest.mark.parametrize("kind", ["http_status", "html", "errcode", "truncated"])
def test_a_short_sickness_is_not_noticed(context, simulator, notice, kind):
    value = {"http_status": 503, "errcode": -1}.get(kind, 0)
    at_wecom.fault(simulator, SEND, kind, value, count=2)
    run_once(context)
    assert _counts(context).sent == 5
    assert _asked(simulator) == 3


def test_a_quota_stops_this_api_for_a_minute_in_every_process(context, database, simulator, settings, notice):
    at_wecom.fault(simulator, SEND, "errcode", 45009, count=1)
    other = at_wecom.worker_context(database, context.clock, context.keyring, settings)
    for worker in (context, other, context):
        run_once(worker)
        with pytest.raises(WeComError) as paused:
            worker.wecom.send_body(_body(["a"]))
        assert paused.value.action is Action.PAUSE
    assert _asked(simulator) == 1
    assert len(_alerts(context)) == 1
    assert SEND in _ill(context)["wecom pauses"]
    assert context.wecom.department(1) is not None  # other APIs go on

    context.clock.advance(seconds=61)
    run_once(other)
    assert _counts(context).sent == 5


def test_a_hang_is_cut_short_and_arrives_once(context, simulator, notice):
    at_wecom.fault(simulator, SEND, "hang", HANG, count=1)
    began = time.monotonic()
    run_once(context)
    assert time.monotonic() - began < HANG / 2
    context.clock.advance(minutes=1)
    run_once(context)
    assert _counts(context).sent == 5


def test_a_hanging_gettoken_is_cut_short(sqlite_maker, clock, keyring, settings, simulator):
    database = sqlite_maker.fresh()
    at_wecom.fault(simulator, "gettoken", "hang", HANG)
    client = WeComClient(settings, keyring, database, clock)
    began = time.monotonic()
    with pytest.raises(WeComError) as error:
        client.department(1)
    assert time.monotonic() - began < HANG / 2
    assert error.value.action is Action.RETRY
    database.dispose()


def test_done_but_the_answer_was_lost_arrives_exactly_once(context, simulator, notice, receivers):
    at_wecom.fault(simulator, SEND, "done_but_lost", count=4)
    run_once(context)
    context.clock.advance(minutes=1)
    run_once(context)
    assert _asked(simulator) >= 3
    assert _counts(context).sent == 5
    arrived = simulator.get("delivered", title="停电通知")["per_user"]
    assert arrived == {userid.lower(): 1 for userid in receivers}


def test_an_answer_that_never_came_is_unknown_and_never_sent_again(context, simulator, notice):
    at_wecom.fault(simulator, SEND, "reset")
    run_once(context)
    asked = _asked(simulator)
    simulator.delete("faults")
    context.clock.advance(hours=4)
    run_once(context)
    run_once(context)
    assert _asked(simulator) == asked
    assert _counts(context).unknown == 5
    assert _call(context).state == CallState.UNKNOWN
    assert "unknown: 1 calls" in _ill(context)["push dead letters"]


def test_a_long_outage_that_let_nothing_through_is_made_up_for(
    context, database, simulator, settings, notice, tmp_path
):
    nowhere = at_wecom.settings_for("http://127.0.0.1:9", tmp_path / "nowhere")
    lost = at_wecom.worker_context(database, context.clock, context.keyring, nowhere)
    for _ in range(6):
        run_once(lost)
        context.clock.advance(hours=1)
    run_once(context)
    assert _counts(context).sent == 5  # no connection was ever made: five hours later is not a double


def test_partial_failure_marks_exactly_those(context, simulator, receivers):
    unlicensed = _somebody_without_license(context)
    everybody = [*receivers, unlicensed, "Nobody.Here"]
    _notice(context, everybody)
    run_once(context)
    assert (_counts(context).sent, _counts(context).undeliverable) == (5, 2)
    with context.database.read_session() as session:
        trail = AuditTrail(session, Actor.system("test"), context.clock, context.keyring)
        missed = PushService(session, context.clock, trail).unreachable("n1")
        reachable = dict(map(tuple, session.execute(select(Person.wecom_userid, Person.is_reachable))))
    assert sorted(person.reason for person in missed) == ["not_in_wecom", "unlicensed"]
    assert reachable == {**dict.fromkeys(everybody, True), unlicensed: False}
    context.clock.advance(hours=1)
    assert run_once(context) == 0  # no endless retry


def _somebody_without_license(context):
    """A member whom WeCom itself names as unlicensed, spelt as in the contacts."""
    userids = sorted({place.userid for place in context.wecom.member_ids()})
    for start in range(0, len(userids), 1000):
        found = context.wecom.send_body(_body(userids[start : start + 1000])).unlicensed
        if found:
            return next(userid for userid in userids if userid.lower() in found)
    raise AssertionError("the simulated hospital has no unlicensed member")


def test_nobody_of_the_list_exists(context, simulator):
    _notice(context, ["ghost1", "ghost2"])
    run_once(context)
    assert _counts(context).undeliverable == 2
    assert _call(context).state == CallState.DONE
    context.clock.advance(hours=1)
    run_once(context)
    assert _asked(simulator) == 1


def test_a_refused_request_is_a_dead_letter(context, simulator, notice):
    at_wecom.fault(simulator, SEND, "errcode", 40058)
    run_once(context)
    context.clock.advance(hours=1)
    run_once(context)
    assert _asked(simulator) == 1
    call = _call(context)
    assert (call.state, call.finished_at is not None) == (CallState.DEAD, True)
    assert "40058" in call.error
    with context.database.read_session() as session:
        reasons = set(session.scalars(select(Delivery.reason)))
    assert reasons == {"refused_40058"}


def test_a_missing_callback_address_is_an_alert_and_no_pause(context, simulator, receivers):
    at_wecom.fault(simulator, SEND, "errcode", 43012, count=1)
    with pytest.raises(WeComError) as error:
        context.wecom.send_body(_body(receivers))
    assert error.value.action is Action.BAD_REQUEST
    assert "callback URL" in details_of(_alerts(context)[0], context.keyring)
    assert context.wecom.send_body(_body(receivers)).msgid


@pytest.mark.parametrize(("status", "action"), [(403, Action.STOP), (429, Action.RETRY), (302, Action.RETRY)])
def test_a_proxy_in_between_is_not_taken_for_wecom(context, simulator, receivers, status, action):
    at_wecom.fault(simulator, SEND, "http_status", status)
    with pytest.raises(WeComError) as error:
        context.wecom.send_body(_body(receivers))
    assert error.value.action is action


def test_a_disabled_app_waits_with_an_alert_and_recovers(context, simulator, notice):
    simulator.post("switches", app_disabled=True)
    for _ in range(10):
        run_once(context)
        context.clock.advance(seconds=5)
    assert _asked(simulator) == 1
    assert "50003" in _ill(context)["wecom pauses"]
    simulator.post("switches", app_disabled=[])
    context.clock.advance(minutes=2)
    run_once(context)
    assert _counts(context).sent == 5


def test_no_secret_gets_into_errors_or_logs(context, simulator, receivers, caplog):
    caplog.set_level(logging.DEBUG)
    texts = []
    for kind in ("reset", "html", "http_status"):
        simulator.delete("faults")
        at_wecom.fault(simulator, "*", kind, 500)
        for client in (context.wecom, _fresh(context)):
            with pytest.raises(WeComError) as error:
                client.send_body(_body(receivers))
            texts.append(f"{error.getrepr(style='long', showlocals=False)}")
            assert error.value.__cause__ is None
            assert error.value.__suppress_context__
    logged = caplog.text + "".join(texts)
    assert "gettoken" in logged
    assert known.SECRET not in logged
    assert not [
        line for line in logged.splitlines() if "access_token=" in line and "access_token=***" not in line
    ]


def _fresh(context):
    """A client that has to ask for its token."""
    context.clock.advance(hours=3)
    return WeComClient(
        context.settings, context.keyring, context.database, context.clock, sleep=lambda _s: None
    )


def test_states_are_told_exactly(context, notice):
    run_once(context)
    assert _call(context).wecom_msgid
    with context.database.read_session() as session:
        states = set(session.scalars(select(Delivery.state)))
        audited = session.scalars(select(AuditRecord).where(AuditRecord.action == "push.call")).all()
    assert states == {DeliveryState.SENT}
    assert len(audited) == 1
