from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from xinglin.api.people import Term
from xinglin.audit.models import AuditRecord
from xinglin.bus.models import OutboxEvent
from xinglin.people.models import PersonState
from xinglin.push.models import Delivery, Message
from xinglin.types import JobContext
from xinglin_news import jobs
from xinglin_news.models import NoticeState, Returned
from xinglin_news.service.addressing import Rule
from xinglin_news.service.errors import (
    MayNotPublish,
    NoticeChanged,
    NotReady,
    OutsideReach,
    WrongState,
)
from xinglin_news.service.writing import Writing


def run_job(newsroom):
    jobs.publish_due(JobContext(newsroom.session, newsroom.clock, newsroom.audit, None))
    newsroom.session.flush()


def scheduled(newsroom, author, hours=2):
    notice = newsroom.draft(author)
    at = newsroom.clock.now() + timedelta(hours=hours)
    author.writing.save(notice, Writing("预告", "<p>正文</p>", at, notice.version))
    author.addressing.save(notice, Rule((newsroom.tree("P"),)))
    author.publishing.publish(notice, notice.version)
    return notice


def test_publishing_writes_message_audit_and_event_together(session, published, head_nurse, nurse):
    session.flush()
    message = session.scalars(select(Message)).one()
    assert (message.kind, message.path) == ("news.notice", f"/news/{published.public_id}")
    assert message.title == "关于春节值班"
    assert message.description.startswith("儿科 · 请各科室周五前上报")
    assert set(session.scalars(select(Delivery.person_id))) == {head_nurse.id, nurse.id}
    record = session.scalars(select(AuditRecord).where(AuditRecord.action == "notice.publish")).one()
    assert record.actor_id == head_nurse.public_id
    told = session.scalars(select(OutboxEvent).where(OutboxEvent.name == "news.published")).one()
    assert told.subject_id == published.public_id
    assert told.data["author"] == head_nurse.public_id


def test_a_must_read_column_uses_the_kind_that_nobody_can_mute(newsroom, session, head_nurse, nurse):
    newsroom.grant(head_nurse, column="must-read")
    author = newsroom.author(head_nurse)
    notice = newsroom.draft(author, column="must-read")
    author.addressing.save(notice, Rule((Term("all"),)))
    author.publishing.publish(notice, notice.version)
    author.following.remind(notice)
    session.flush()
    assert set(session.scalars(select(Message.kind))) == {"news.must_read"}


def test_what_is_missing_is_said(newsroom, author, nurse):
    notice = author.writing.begin("notices", newsroom.departments["P"].public_id)
    with pytest.raises(NotReady):
        author.publishing.publish(notice, notice.version)
    author.writing.save(notice, Writing("标题", "正文", None, notice.version))
    with pytest.raises(NotReady):
        author.publishing.publish(notice, notice.version)
    author.addressing.save(notice, Rule((newsroom.tree("P"),)))
    author.publishing.publish(notice, notice.version)
    assert notice.state == NoticeState.PUBLISHED


def test_only_what_was_confirmed_is_published(newsroom, author, nurse):
    notice = newsroom.draft(author)
    author.addressing.save(notice, Rule((newsroom.tree("P"),)))
    confirmed = notice.version
    author.writing.save(notice, Writing("别人改了", "<p>x</p>", None, notice.version))
    with pytest.raises(NoticeChanged):
        author.publishing.publish(notice, confirmed)
    assert notice.state == NoticeState.DRAFT


def test_publishing_twice_is_refused_and_sends_nothing_twice(session, author, published):
    with pytest.raises(WrongState):
        author.publishing.publish(published, published.version)
    session.flush()
    assert len(session.scalars(select(Message)).all()) == 1


def test_own_department_columns_reach_only_the_departments_of_the_grant(newsroom, head_nurse, nurse, midwife):
    newsroom.grant(head_nurse, column="departments")
    author = newsroom.author(head_nurse)
    notice = newsroom.draft(author, column="departments")
    role = author.addressing.excludable().roles[0].term
    for outside in (Term("all"), newsroom.tree("O"), newsroom.tree("H"), Term("person", midwife.id), role):
        with pytest.raises(OutsideReach):
            author.addressing.save(notice, Rule((newsroom.tree("P1"), outside)))
    assert notice.audience is None
    author.addressing.save(notice, Rule((newsroom.tree("P1"), Term("person", nurse.id)), (role,)))
    choices = author.addressing.includable(notice)
    assert [one.title for one in choices.departments] == ["儿科", "儿科一病区", "儿科二病区"]
    assert choices.roles == choices.tags == []


def test_hospital_columns_reach_everybody(newsroom, author, nurse, midwife):
    notice = newsroom.draft(author)
    preview = author.addressing.preview(notice, Rule((Term("all"),), (newsroom.tree("O"),)))
    assert (preview.matched, preview.reached) == (3, 2)
    assert [(one.reason, one.count, one.names) for one in preview.left_out] == [("excluded", 1, ("曾静",))]


def test_a_reach_that_shrank_since_the_draft_stops_publishing(newsroom, clock, head_nurse, nurse):
    newsroom.grant(head_nurse, column="departments", days=1)
    newsroom.grant(head_nurse, column="departments", department="P1", days=30)
    author = newsroom.author(head_nurse)
    notice = newsroom.draft(author, column="departments", department="P1")
    author.addressing.save(notice, Rule((newsroom.tree("P"),)))
    clock.advance(days=2)
    late = newsroom.author(head_nurse)
    with pytest.raises(OutsideReach):
        late.publishing.publish(notice, notice.version)


def test_withdrawing_needs_the_grant_at_that_moment(newsroom, clock, head_nurse, published):
    clock.advance(days=31)
    with pytest.raises(MayNotPublish):
        newsroom.author(head_nurse).publishing.withdraw(published)


def test_publishing_again_begins_a_new_round_of_reading(newsroom, session, author, published, nurse):
    reader = newsroom.reader(nurse)
    reader.mark_read(reader.article(published.public_id))
    author.publishing.withdraw(published)
    author.writing.save(published, Writing("改正后", "<p>改正</p>", None, published.version))
    assert published.state == NoticeState.DRAFT
    author.publishing.publish(published, published.version)
    session.flush()
    assert reader.unread_count() == 1
    assert len(session.scalars(select(Message)).all()) == 2


def test_a_scheduled_notice_goes_out_in_its_authors_name_at_its_time(newsroom, session, clock, author, nurse):
    notice = scheduled(newsroom, author)
    run_job(newsroom)
    assert notice.state == NoticeState.SCHEDULED
    assert newsroom.reader(nurse).page().lines == []
    clock.advance(hours=2)
    run_job(newsroom)
    assert [line.title for line in newsroom.reader(nurse).page().lines] == ["预告"]
    record = session.scalars(select(AuditRecord).where(AuditRecord.action == "notice.publish")).one()
    assert (record.actor_kind, record.actor_id) == ("person", author.person.public_id)
    run_job(newsroom)
    assert len(session.scalars(select(Message)).all()) == 1


def test_a_grant_that_ended_before_the_time_returns_the_draft_and_tells_the_author(
    newsroom, session, clock, author, nurse
):
    notice = scheduled(newsroom, author, hours=24 * 40)
    clock.advance(days=41)
    run_job(newsroom)
    assert (notice.state, notice.returned) == (NoticeState.DRAFT, Returned.GRANT_ENDED)
    message = session.scalars(select(Message)).one()
    assert message.kind == "news.returned"
    assert session.scalars(select(Delivery.person_id)).all() == [author.person.id]
    assert newsroom.reader(nurse).page().lines == []


def test_when_the_author_leaves_her_scheduled_notices_become_drafts_at_once(newsroom, session, author, nurse):
    notice = scheduled(newsroom, author)
    newsroom.people.change_state(author.person, PersonState.LEFT, "retired")
    event = session.scalars(select(OutboxEvent).where(OutboxEvent.name == "core.person_left")).one()
    jobs.mark_scheduled_of(session, event.subject_id)
    session.refresh(notice)
    run_job(newsroom)
    assert (notice.state, notice.returned) == (NoticeState.DRAFT, Returned.AUTHOR_LEFT)
    assert session.scalars(select(Message)).all() == []


def test_a_late_schedule_is_not_well(newsroom, session, author, nurse):
    notice = scheduled(newsroom, author)
    assert jobs.schedule_health(session, notice.publish_at).is_well
    health = jobs.schedule_health(session, notice.publish_at + timedelta(minutes=6))
    assert not health.is_well
    assert health.cure
