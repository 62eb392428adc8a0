from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from xinglin.api.files import FileRefused
from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin_news.models import Notice, NoticeState
from xinglin_news.service.errors import MayNotPublish, NoticeChanged, NoticeMissing
from xinglin_news.service.writing import Writing


def picture():
    stream = BytesIO()
    Image.new("RGB", (40, 30), "orange").save(stream, "PNG")
    stream.seek(0)
    return stream


def test_a_grant_covers_its_column_and_the_departments_below(newsroom, author):
    assert [column.key for column in author.writing.columns()] == ["notices"]
    names = [(level.department.name, level.depth) for level in author.writing.departments()]
    assert names == [("儿科", 0), ("儿科一病区", 1), ("儿科二病区", 1)]
    assert author.writing.begin("notices", newsroom.departments["P2"].public_id).version == 1
    for column, department in (("notices", "O"), ("must-read", "P"), ("departments", "P"), ("nonsense", "P")):
        with pytest.raises(MayNotPublish):
            author.writing.begin(column, newsroom.departments[department].public_id)


def test_what_was_typed_is_sanitised_and_searchable(newsroom, author):
    notice = author.writing.begin("notices", newsroom.departments["P"].public_id)
    hostile = (
        "<p onclick='steal()'>血压&lt;90<script>alert(1)</script></p><p><img src=x onerror=alert(1)></p>"
        "<p><a href='javascript:alert(1)'>点我</a><iframe src='//evil'></iframe></p>"
    )
    author.writing.save(notice, Writing("t", hostile, None, notice.version))
    for bad in ("onclick", "script", "onerror", "javascript", "iframe", "evil"):
        assert bad not in notice.body
    assert notice.text.splitlines() == ["血压<90", "点我"]


def test_without_script_lines_become_paragraphs(newsroom, author):
    notice = author.writing.begin("notices", newsroom.departments["P"].public_id)
    author.writing.save(notice, Writing("t", "第一行\n\n第二行", None, notice.version))
    assert notice.body == "<p>第一行</p><p>第二行</p>"


def test_the_second_of_two_editors_overwrites_nothing(newsroom, author):
    notice = newsroom.draft(author)
    opened = notice.version
    author.writing.save(notice, Writing("甲的标题", "<p>甲</p>", None, opened))
    with pytest.raises(NoticeChanged):
        author.writing.save(notice, Writing("乙的标题", "<p>乙</p>", None, opened))
    assert notice.title == "甲的标题"


def test_two_editors_in_two_transactions(newsroom, database, author):
    """The check in memory is not enough when both have read before either has written."""
    notice = newsroom.draft(author)
    bare = Notice.__table__
    newsroom.session.execute(bare.update().where(bare.c.id == notice.id).values(version=notice.version + 1))
    with pytest.raises(NoticeChanged):
        author.writing.save(notice, Writing("晚到", "<p>晚到</p>", None, notice.version))


def test_an_ended_grant_still_lets_the_author_save_her_draft_but_nothing_more(
    newsroom, clock, head_nurse, author
):
    notice = newsroom.draft(author)
    clock.advance(days=31)
    late = newsroom.author(head_nurse)
    found = late.writing.find(notice.public_id)
    assert not late.writing.may_publish(found)
    late.writing.save(found, Writing("改过的标题", "<p>正文</p>", None, found.version))
    assert found.title == "改过的标题"
    with pytest.raises(MayNotPublish):
        late.publishing.publish(found, found.version)
    assert found.state == NoticeState.DRAFT


def test_others_find_a_draft_only_with_a_grant_that_covers_it(newsroom, author, nurse, midwife):
    notice = newsroom.draft(author)
    newsroom.grant(midwife, department="O")
    for stranger in (nurse, midwife):
        with pytest.raises(NoticeMissing):
            newsroom.author(stranger).writing.find(notice.public_id)
        assert newsroom.author(stranger).writing.mine() == []
    newsroom.grant(nurse, department="P")
    colleague = newsroom.author(nurse).writing
    assert colleague.find(notice.public_id) is notice
    assert [one.title for one in colleague.mine()] == ["关于春节值班"]


def test_after_the_grant_ended_a_published_notice_is_out_of_reach(newsroom, clock, head_nurse, published):
    clock.advance(days=31)
    late = newsroom.author(head_nurse)
    assert late.writing.mine() == []
    with pytest.raises(NoticeMissing):
        late.writing.find(published.public_id)


def test_a_correction_of_a_published_notice_is_recorded_before_and_after(
    newsroom, session, author, published, keyring
):
    author.writing.save(published, Writing("更正:值班表", "<p>新</p>", None, published.version))
    assert published.state == NoticeState.PUBLISHED
    query = select(AuditRecord).where(AuditRecord.action == "notice.save").order_by(AuditRecord.id.desc())
    session.flush()
    details = details_of(session.scalars(query).first(), keyring)
    assert "关于春节值班" in details
    assert "更正:值班表" in details


def test_pictures_are_limited_ordered_and_removed(newsroom, head_nurse, author):
    notice = newsroom.draft(author)
    writing = newsroom.author(head_nurse, max_pictures=2).writing
    for name in ("a.png", "b.png"):
        writing.add_picture(notice, name, picture(), "x")
    with pytest.raises(FileRefused):
        writing.add_picture(notice, "c.png", picture(), "x")
    first = notice.pictures[0].file.public_id
    writing.remove_picture(notice, first)
    assert [one.file.name for one in notice.pictures] == ["b.png"]
    with pytest.raises(NoticeMissing):
        writing.picture(notice.public_id, first)


def test_a_program_named_jpg_is_refused(newsroom, author):
    notice = newsroom.draft(author)
    with pytest.raises(FileRefused):
        author.writing.add_picture(notice, "photo.jpg", BytesIO(b"MZ" + b"\0" * 500), "x")
    assert notice.pictures == []


def test_a_draft_is_thrown_away_but_never_what_was_published(newsroom, session, author, published):
    notice = newsroom.draft(author)
    author.writing.add_picture(notice, "a.png", picture(), "x")
    author.writing.discard(notice)
    session.flush()
    with pytest.raises(NoticeMissing):
        author.writing.find(notice.public_id)
    author.publishing.withdraw(published)
    with pytest.raises(NoticeChanged):
        author.writing.discard(published)
