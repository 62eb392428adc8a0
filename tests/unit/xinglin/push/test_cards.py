"""A card that asks for something changes when that is done: once, for the right persons, whatever happens."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from xinglin.push.limits import Limits
from xinglin.push.models import MessageCall
from xinglin.push.worker import run_once
from xinglin.testing import wecom as at_wecom
from xinglin.types import PushKind

TASK = PushKind("news.task", "Tasks", "Something to do.", can_mute=False, is_task=True)
CHANGE = "message/update_template_card"


@pytest.fixture
def context(make_context):
    return make_context(plugins=at_wecom.plugin_set((*at_wecom.KINDS, TASK)))


def settle(post, source, persons, text):
    with post.context.database.session() as session:
        return post.push(session).settle(source, persons, text)


def card(simulator, userid):
    (row,) = simulator.get("messages", userid=userid)["messages"]
    return row


def test_a_task_arrives_with_a_button_that_opens_the_page(context, post, members, simulator):
    message = post.enqueue(post.people(members[0]), kind=TASK.name)
    run_once(context)
    content = card(simulator, members[0])["content"]
    url = f"http://127.0.0.1:18080/news/n1?m={message.public_id}"
    assert content["card_type"] == "button_interaction"
    assert [(one["text"], one["url"]) for one in content["button_list"]] == [("去处理", url)]
    assert content["card_action"]["url"] == url


def test_the_cards_of_all_who_were_asked_say_who_did_it(context, post, members, simulator):
    ids = post.people(*members[:2])
    post.enqueue(ids, kind=TASK.name)
    run_once(context)
    settle(post, "n1", ids, "已由王丽处理")
    run_once(context)
    assert [card(simulator, one)["replaced_text"] for one in members[:2]] == ["已由王丽处理"] * 2


def test_the_card_of_who_has_still_to_act_stays(context, post, members, simulator):
    ids = post.people(*members[:2])
    post.enqueue(ids, kind=TASK.name)
    run_once(context)
    settle(post, "n1", ids[:1], "已由王丽处理")
    run_once(context)
    assert [card(simulator, one)["state"] for one in members[:2]] == ["updated", "delivered"]


def test_a_card_for_many_changes_when_it_is_done_for_all(context, post, members, simulator):
    ids, limits = post.people(*members[:3]), Limits(own_cards=2)
    post.enqueue(ids, kind=TASK.name)
    run_once(context, limits)
    settle(post, "n1", ids[:2], "已由王丽处理")
    run_once(context, limits)
    assert {card(simulator, one)["state"] for one in members[:3]} == {"delivered"}
    settle(post, "n1", ids[2:], "已由曾静处理")
    run_once(context, limits)
    assert {card(simulator, one)["replaced_text"] for one in members[:3]} == {"已由曾静处理"}


def test_what_was_done_before_it_was_sent_is_not_sent(context, post, members, simulator):
    ids = post.people(members[0])
    post.enqueue(ids, kind=TASK.name)
    assert settle(post, "n1", ids, "已由王丽处理") == 1
    run_once(context)
    assert simulator.get("messages", userid=members[0])["messages"] == []
    assert post.counts().cancelled == 1


def test_news_are_no_tasks(context, post, members, simulator):
    ids = post.people(members[0])
    post.enqueue(ids)
    run_once(context)
    assert settle(post, "n1", ids, "已由王丽处理") == 0
    run_once(context)
    assert card(simulator, members[0])["state"] == "delivered"


def test_after_a_lost_answer_the_spent_code_is_success(context, post, members, simulator):
    ids = post.people(members[0])
    post.enqueue(ids, kind=TASK.name)
    run_once(context)
    settle(post, "n1", ids, "已由王丽处理")
    run_once(context)
    with context.database.session() as session:  # as a worker that was killed before it could write it down
        session.execute(update(MessageCall).values(card_due_at=context.clock.now()))
    run_once(context)
    assert card(simulator, members[0])["replaced_text"] == "已由王丽处理"
    with context.database.read_session() as session:
        assert session.scalars(select(MessageCall.card_due_at)).all() == [None]


def test_what_wecom_cannot_do_now_is_done_later(context, post, members, simulator, clock):
    ids = post.people(members[0])
    post.enqueue(ids, kind=TASK.name)
    run_once(context)
    settle(post, "n1", ids, "已由王丽处理")
    at_wecom.fault(simulator, CHANGE, "errcode", -1, 4)
    run_once(context)
    assert card(simulator, members[0])["state"] == "delivered"
    for _round in range(4):
        clock.advance(minutes=5)
        run_once(context)
    assert card(simulator, members[0])["replaced_text"] == "已由王丽处理"


def test_an_app_without_a_callback_sends_the_plain_notice(context, post, members, simulator):
    post.enqueue(post.people(members[0]), kind=TASK.name)
    at_wecom.fault(simulator, "message/send", "errcode", 43012, 1)
    run_once(context)
    run_once(context)
    assert card(simulator, members[0])["content"]["card_type"] == "text_notice"
    assert post.counts().sent == 1


def test_a_code_that_is_too_old_is_left_alone(context, post, members, simulator, clock):
    ids = post.people(members[0])
    post.enqueue(ids, kind=TASK.name)
    run_once(context)
    clock.advance(hours=73)
    settle(post, "n1", ids, "已由王丽处理")
    assert run_once(context) == 0
    assert card(simulator, members[0])["state"] == "delivered"
