from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from xinglin.push.models import Delivery, Message
from xinglin.types import PushStateChange
from xinglin_news.push import count_undeliverable
from xinglin_news.service.errors import MayNotPublish, ReminderRefused


def test_progress_by_department_and_names(newsroom, author, published, nurse):
    reader = newsroom.reader(nurse)
    reader.mark_read(reader.article(published.public_id))
    unread = author.following.page(published, has_read=False, department_id=None, number=1)
    assert (unread.read, unread.total) == (1, 2)
    assert [(one.name, one.read, one.total) for one in unread.departments] == [
        ("儿科", 0, 1),
        ("儿科一病区", 1, 1),
    ]
    assert [one.name for one in unread.readers] == ["王丽"]
    ward = newsroom.departments["P1"].public_id
    read = author.following.page(published, has_read=True, department_id=ward, number=1)
    assert [(one.name, one.read_at) for one in read.readers] == [("单雪", newsroom.clock.now())]


def test_never_more_than_a_hundred_names_on_a_page(newsroom, author, published):
    for number in range(120):
        newsroom.person(f"2{number:03}", f"护士{number}", "P2")
    first = author.following.page(published, has_read=False, department_id=None, number=1)
    second = author.following.page(published, has_read=False, department_id=None, number=2)
    assert (len(first.readers), first.last, first.shown_total) == (100, 100, 122)
    assert (len(second.readers), second.first, second.last) == (22, 101, 122)


def test_the_unread_are_reminded_once(newsroom, session, author, published, head_nurse, nurse):
    reader = newsroom.reader(head_nurse)
    reader.mark_read(reader.article(published.public_id))
    assert author.following.remind(published) == 1
    session.flush()
    message = session.scalars(select(Message).where(Message.kind == "news.reminder")).one()
    assert session.scalars(select(Delivery.person_id).where(Delivery.message_id == message.id)).all() == [
        nurse.id
    ]
    newsroom.clock.advance(minutes=5)
    with pytest.raises(ReminderRefused) as refused:
        author.following.remind(published)
    assert refused.value.message.mapping["name"] == "王丽"
    assert refused.value.at == newsroom.clock.now() - timedelta(minutes=5)


def test_nobody_is_reminded_when_everybody_has_read(newsroom, author, published, head_nurse, nurse):
    for person in (head_nurse, nurse):
        reader = newsroom.reader(person)
        reader.mark_read(reader.article(published.public_id))
    with pytest.raises(ReminderRefused):
        author.following.remind(published)


def test_readers_are_given_the_time_that_it_wants(newsroom, clock, head_nurse, published):
    patient = newsroom.author(head_nurse, remind_after=timedelta(hours=4))
    with pytest.raises(ReminderRefused):
        patient.following.remind(published)
    clock.advance(hours=4)
    assert patient.following.remind(published) == 2


def test_reminding_needs_the_grant_at_that_moment(newsroom, clock, head_nurse, published):
    clock.advance(days=31)
    with pytest.raises(MayNotPublish):
        newsroom.author(head_nurse).following.remind(published)


def test_undeliverable_messages_are_counted_without_disturbing_an_editor(newsroom, session, published, nurse):
    opened = published.version
    at = newsroom.clock.now()
    for state, people in (("sent", (1,)), ("undeliverable", (nurse.id, 99))):
        count_undeliverable(PushStateChange(session, "news.notice", published.public_id, people, state, at))
    session.refresh(published)
    assert published.undeliverable_count == 2
    assert published.version == opened


def test_whom_the_message_missed_is_named_once_and_at_most_a_hundred(newsroom, session, author, published):
    message = session.scalars(select(Message).where(Message.kind == "news.notice")).one()
    for number in range(101):
        person = newsroom.person(f"3{number:03}", f"护士{number}", "P2")
        session.add(_missed(message, person))
    session.execute(update(Delivery).values(state="undeliverable", reason="unlicensed"))
    published.undeliverable_count = 103
    session.flush()
    page = author.following.page(published, has_read=False, department_id=None, number=1)
    assert (len(page.missed), page.missed_total) == (100, 103)
    assert {(one.department, one.reason) for one in page.missed} >= {("儿科二病区", "unlicensed")}


def _missed(message, person):
    return Delivery(message_id=message.id, person_id=person.id, due_at=message.due_at)
