from __future__ import annotations

import pytest
from sqlalchemy import event, select

from xinglin.audit.models import AuditRecord
from xinglin.people.models import PersonState
from xinglin_news.service.addressing import Rule
from xinglin_news.service.errors import NoticeMissing, NoticeWithdrawn


def test_a_notice_is_seen_by_those_addressed_and_by_nobody_else(newsroom, published, nurse, midwife):
    inside, outside = newsroom.reader(nurse), newsroom.reader(midwife)
    assert [line.title for line in inside.page().lines] == ["关于春节值班"]
    assert [line.title for line in inside.search("周五 上报")] == ["关于春节值班"]
    assert inside.unread_count() == 1
    assert [line.department for line in inside.latest_unread()] == ["儿科"]
    assert outside.page().lines == outside.search("周五") == outside.latest_unread() == []
    assert outside.unread_count() == 0
    with pytest.raises(NoticeMissing):
        outside.article(published.public_id)


def test_a_change_of_department_takes_effect_at_once(newsroom, published, nurse):
    from xinglin.api.people import Place

    newsroom.people.set_places(nurse, [Place(newsroom.departments["O"].id, is_primary=True)])
    assert newsroom.reader(nurse).page().lines == []


def test_somebody_who_left_sees_nothing(newsroom, published, nurse):
    newsroom.people.change_state(nurse, PersonState.LEFT, "resigned")
    assert newsroom.reader(nurse).page().total == 0


def test_the_first_opening_is_written_once_and_audited(newsroom, session, published, nurse):
    reader = newsroom.reader(nurse)
    for _opening in range(3):
        reader.mark_read(reader.article(published.public_id))
    session.flush()
    assert reader.article(published.public_id).is_read
    assert reader.page().lines[0].is_read
    assert reader.unread_count() == 0
    records = session.scalars(select(AuditRecord).where(AuditRecord.action == "notice.read")).all()
    assert [(record.actor_id, record.object_id) for record in records] == [
        (nurse.public_id, published.public_id)
    ]


def test_two_first_openings_at_once_leave_one_receipt(newsroom, session, published, nurse):
    reader = newsroom.reader(nurse)
    first, second = reader.article(published.public_id), reader.article(published.public_id)
    reader.mark_read(first)
    reader.mark_read(second)
    session.flush()
    records = session.scalars(select(AuditRecord).where(AuditRecord.action == "notice.read")).all()
    assert len(records) == 1


def test_a_withdrawn_notice_says_so_to_its_readers_and_nothing_to_others(
    newsroom, author, published, nurse, midwife
):
    author.publishing.withdraw(published)
    assert newsroom.reader(nurse).page().lines == newsroom.reader(nurse).search("周五") == []
    with pytest.raises(NoticeWithdrawn):
        newsroom.reader(nurse).article(published.public_id)
    with pytest.raises(NoticeMissing):
        newsroom.reader(midwife).article(published.public_id)


def test_pages_and_columns(newsroom, clock, author, nurse):
    for number in range(5):
        notice = newsroom.draft(author, title=f"通知{number}")
        author.addressing.save(notice, Rule((newsroom.tree("P"),)))
        author.publishing.publish(notice, notice.version)
        clock.advance(minutes=1)
    reader = newsroom.reader(nurse, page_size=2)
    second = reader.page(2)
    assert [line.title for line in second.lines] == ["通知2", "通知1"]
    assert (second.first, second.last, second.total, second.has_next) == (3, 4, 5, True)
    assert not reader.page(3).has_next
    beyond = reader.page(9)
    assert (beyond.lines, beyond.first, beyond.last, beyond.has_next) == ([], 0, 0, False)
    assert reader.page(1, "must-read").lines == []
    assert reader.page(1, "notices").total == 5


def test_search_takes_signs_of_the_database_as_letters(newsroom, published, nurse):
    assert newsroom.reader(nurse).search("%") == []
    assert newsroom.reader(nurse).search("春_值") == []


def test_the_hot_pages_stay_within_their_queries(newsroom, session, published, nurse):
    session.flush()
    asked: list[str] = []
    listener = lambda *arguments: asked.append(arguments[2])  # noqa: E731
    event.listen(session.get_bind(), "before_cursor_execute", listener)
    try:
        reader = newsroom.reader(nurse)
        reader.columns(), reader.page(), reader.unread_count()
        assert len(asked) <= 3
        asked.clear()
        reader.mark_read(reader.article(published.public_id))
        session.flush()
        asked.clear()
        reader.mark_read(reader.article(published.public_id))
        session.flush()
        assert len(asked) <= 4
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", listener)
