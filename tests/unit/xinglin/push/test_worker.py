"""Who gets a message when, and that it comes exactly once, seen from the phone."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from xinglin.push import recording
from xinglin.push.limits import Limits, slot_frees_at
from xinglin.push.models import CallState, Delivery, DeliveryState, MessageCall
from xinglin.push.preferences import Preferences, QuietWindow
from xinglin.push.worker import _claim, plan, run_once
from xinglin.testing import wecom as at_wecom
from xinglin.types import PushHandler
from xinglin.wecom.errors import Action, WeComError

MIDNIGHT_IN_SHANGHAI = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
LIMITS = Limits()


def _deliveries(context):
    with context.database.read_session() as session:
        return session.scalars(select(Delivery).order_by(Delivery.id)).all()


def test_it_arrives_as_a_card_that_opens_the_page(context, post, members, simulator):
    message = post.enqueue(post.people(members[0]))
    run_once(context)
    (row,) = simulator.get("messages", userid=members[0])["messages"]
    assert row["card_type"] == "text_notice"
    assert row["title"] == "停电通知"
    assert row["url"] == f"http://127.0.0.1:18080/news/n1?m={message.public_id}"
    assert row["content"]["sub_title_text"] == "今晚 22:00 门诊楼检修。"
    assert post.counts().sent == 1


def test_equal_words_twice_are_two_messages(context, post, members, simulator):
    ids = post.people(members[0])
    post.enqueue(ids, source="n1")
    post.enqueue(ids, source="n2")
    run_once(context)
    arrived = simulator.get("messages", userid=members[0])["messages"]
    assert [row["state"] for row in arrived] == ["delivered", "delivered"]


def test_more_than_a_thousand_go_in_several_calls(context, post, simulator):
    userids = sorted({place.userid for place in context.wecom.member_ids()})[:1100]
    post.enqueue(post.people(*userids))
    run_once(context)
    sent = [
        entry["body"]["touser"].count("|") + 1 for entry in simulator.get("log?path=message/send")["entries"]
    ]
    assert sent == [1000, 100]
    counts = post.counts()
    assert counts.sent + counts.undeliverable == 1100
    assert simulator.get("delivered", title="停电通知")["users"] == counts.sent


def test_muted_kinds_are_left_out_but_what_must_be_read_comes(context, post, members, simulator):
    ids = post.people(*members[:2])
    post.prefer(ids[0], Preferences(frozenset({"news.notice"})))
    post.enqueue(ids)
    post.enqueue(ids, kind="news.must_read", source="n2")
    run_once(context)
    assert (post.counts("n1").muted, post.counts("n1").sent) == (1, 1)
    assert post.counts("n2").sent == 2
    assert len(simulator.get("messages", userid=members[0])["messages"]) == 1


@pytest.mark.parametrize(
    ("window", "local_now", "local_end"),
    [
        (QuietWindow(22 * 60, 7 * 60), "23:30", "07:00 next"),
        (QuietWindow(22 * 60, 7 * 60), "22:00", "07:00 next"),
        (QuietWindow(22 * 60, 7 * 60), "06:59", "07:00"),
        (QuietWindow(12 * 60, 14 * 60), "13:15", "14:00"),
        (QuietWindow(22 * 60, 7 * 60), "07:00", None),
        (QuietWindow(22 * 60, 7 * 60), "21:59", None),
        (QuietWindow(12 * 60, 14 * 60), "14:00", None),
        (QuietWindow(22 * 60, 0), "23:59", "00:00 next"),
    ],
)
def test_quiet_hours_delay_in_the_hospitals_time(context, clock, post, members, window, local_now, local_end):
    clock.advance(seconds=(_local(local_now) - clock.now()).total_seconds())
    ids = post.people(members[0])
    post.prefer(ids[0], Preferences(quiet_hours=window))
    post.enqueue(ids)
    run_once(context)
    if local_end is None:
        assert post.counts().sent == 1
        return
    assert post.counts().queued == 1
    end = _local(local_end)
    clock.advance(seconds=(end - clock.now()).total_seconds() - 1)
    run_once(context)
    assert post.counts().queued == 1
    clock.advance(seconds=1)
    run_once(context)
    assert post.counts().sent == 1


def _local(text):
    """A time of 24 November 2026 in Shanghai ("next" = the 25th)."""
    hours, minutes = map(int, text[:5].split(":"))
    return MIDNIGHT_IN_SHANGHAI + timedelta(hours=hours, minutes=minutes, days="next" in text)


def test_an_alarm_does_not_wait(context, clock, post, members):
    ids = post.people(members[0])
    post.prefer(ids[0], Preferences(quiet_hours=QuietWindow(0, 1439)))
    post.enqueue(ids, kind="news.alarm")
    run_once(context)
    assert post.counts().sent == 1


def test_the_31st_message_of_a_minute_waits_and_is_not_lost(context, clock, post, members, simulator):
    ids = post.people(members[0])
    for number in range(35):
        post.enqueue(ids, source=f"n{number}")
    run_once(context)
    first = simulator.get("messages", userid=members[0])["messages"]
    assert len(first) == 30
    clock.advance(seconds=59)
    run_once(context)
    assert len(simulator.get("messages", userid=members[0])["messages"]) == 30
    clock.advance(seconds=1)
    simulator.post("clock", advance_seconds=61)
    run_once(context)
    arrived = simulator.get("messages", userid=members[0])["messages"]
    assert [row["state"] for row in arrived] == ["delivered"] * 35


def test_messages_on_the_way_count_for_the_limit(context, post, members):
    ids = post.people(members[0])
    for number in range(40):
        post.enqueue(ids, source=f"n{number}")
    plan(context, LIMITS)
    plan(context, LIMITS)
    states = [delivery.state for delivery in _deliveries(context)]
    assert states.count(DeliveryState.SENDING) == 30


def test_a_slot_of_the_hour_frees_when_the_oldest_is_an_hour_old():
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    times = [now - timedelta(seconds=3 * number) for number in range(100, 1100)]
    oldest = now - timedelta(seconds=3 * 1099)
    assert slot_frees_at(times, now, LIMITS) == oldest + timedelta(hours=1)
    assert slot_frees_at(times[1:], now, LIMITS) == now


def test_people_who_cannot_be_reached_are_told_apart(context, post, members):
    ids = post.people(members[0], None, members[1], members[2])
    post.enqueue(ids)
    with context.database.session() as session:
        from xinglin.people.models import Person

        session.get_one(Person, ids[2]).state = "disabled"
        person = session.get_one(Person, ids[3])
        person.is_reachable, person.unreachable_reason = False, "not_activated"
    run_once(context)
    reasons = [(row.state, row.reason) for row in _deliveries(context)]
    assert reasons == [
        ("sent", ""),
        ("undeliverable", "no_account"),
        ("undeliverable", "disabled"),
        ("undeliverable", "not_activated"),
    ]


def test_a_switched_off_module_keeps_its_messages(make_context, context, post, members, simulator):
    ids = post.people(members[0])
    post.enqueue(ids)
    off = make_context(plugins=at_wecom.plugin_set(kinds=[]))
    assert run_once(off) == 0
    assert post.counts().queued == 1
    run_once(context)
    assert post.counts().sent == 1


def test_a_message_of_tomorrow_waits(context, clock, post, members, database):
    ids = post.people(members[0])
    with database.session() as session:
        post.push(session).enqueue(
            "news.notice",
            "n1",
            ids,
            title="明天",
            description="",
            path="/n",
            dedupe_key="x",
            due_at=clock.now() + timedelta(days=1),
        )
    assert run_once(context) == 0
    clock.advance(days=1)
    run_once(context)
    assert post.counts().sent == 1


def test_a_crash_after_sending_repeats_the_same_bytes_and_the_phone_shows_one(
    context, clock, post, members, simulator
):
    post.enqueue(post.people(members[0]))
    plan(context, LIMITS)
    claimed = _claim(context, LIMITS)
    context.wecom.send_body(claimed.body)  # and here the worker dies
    assert run_once(context) == 0
    clock.advance(seconds=31)
    run_once(context)
    assert post.counts().sent == 1
    bodies = [entry["body"] for entry in simulator.get("log?path=message/send")["entries"]]
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    assert len(simulator.get("messages", userid=members[0])["messages"]) == 1


def test_a_worker_that_was_only_slow_changes_nothing_afterwards(context, clock, post, members):
    post.enqueue(post.people(members[0]))
    plan(context, LIMITS)
    claimed = _claim(context, LIMITS)
    result = context.wecom.send_body(claimed.body)
    clock.advance(seconds=31)
    run_once(context)  # another worker was first
    before = _deliveries(context)[0].sent_at
    clock.advance(seconds=31)
    recording.sent(context, claimed.id, result)
    late = WeComError(40058, Action.BAD_REQUEST, "late")
    recording.failed(context, claimed.id, late, LIMITS, was_uncertain=False)
    (delivery,) = _deliveries(context)
    assert (delivery.state, delivery.sent_at) == ("sent", before)


def test_a_crash_found_after_four_hours_is_reported_and_not_repeated(
    context, clock, post, members, simulator
):
    told = []
    handler = PushHandler("news.notice", lambda change: told.append(change.state))
    post.enqueue(post.people(members[0]))
    plan(context, LIMITS)
    _claim(context, LIMITS)
    clock.advance(hours=4)
    object.__setattr__(context, "plugins", at_wecom.plugin_set(handlers=[("news", handler)]))
    run_once(context)
    assert post.counts().unknown == 1
    assert told == ["unknown"]
    assert simulator.get("log")["counts"].get("message/send", 0) == 0
    with context.database.read_session() as session:
        assert session.scalars(select(MessageCall.state)).all() == [CallState.UNKNOWN]


def test_a_failing_module_does_not_stop_the_post(make_context, database, post, members):
    def broken(change):
        change.session.add(MessageCall(message_id=-1))
        change.session.flush()

    told = []
    handlers = [
        ("bad", PushHandler("news.notice", broken)),
        ("good", PushHandler("news.notice", lambda change: told.append(change.person_ids))),
    ]
    context = make_context(plugins=at_wecom.plugin_set(handlers=handlers))
    ids = post.people(members[0], None)
    post.enqueue(ids)
    run_once(context)
    assert (post.counts().sent, post.counts().undeliverable) == (1, 1)
    assert told == [(ids[1],), (ids[0],)]


def test_two_workers_share_the_work_without_doubles(make_context, post, members, simulator):
    from concurrent.futures import ThreadPoolExecutor

    ids = post.people(*members)
    for number in range(6):
        post.enqueue(ids, source=f"n{number}")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run_once, [make_context(), make_context()]))
    run_once(make_context())
    arrived = simulator.get("delivered", title="停电通知")
    assert arrived["per_user"] == {userid.lower(): 6 for userid in members}
    assert simulator.get("log")["counts"]["message/send"] == 6
