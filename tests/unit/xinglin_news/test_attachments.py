from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import event, select

from xinglin.api.files import FileRefused, FileState, StoredFile
from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin_news.models import MOST_ATTACHMENTS, Attachment
from xinglin_news.service.attachments import AttachmentService, unattached


@pytest.fixture
def attachments(newsroom):
    return AttachmentService(newsroom.session, newsroom.audit, newsroom.files)


@pytest.fixture
def upload(newsroom):
    """Stores a file as a finished upload of `owner` would lie there."""

    def make(name="值班表.txt", owner="head", plugin="news"):
        return newsroom.files.save_attachment(name, BytesIO(b"text"), plugin=plugin, uploaded_by=owner)

    return make


@pytest.fixture
def picture():
    stream = BytesIO()
    Image.new("RGB", (40, 30), "orange").save(stream, "PNG")
    stream.seek(0)
    return stream


def names(attachments, notice):
    return [one.file.name for one in attachments.all_of(notice)]


def last_record(session, action):
    query = select(AuditRecord).where(AuditRecord.action == action).order_by(AuditRecord.id.desc())
    return session.scalars(query.limit(1)).one()


def test_they_keep_their_order_and_a_second_call_adds_nothing(newsroom, author, attachments, upload):
    notice = newsroom.draft(author)
    version = notice.version
    files = [upload(name) for name in ("乙.txt", "甲.txt", "丙.txt")]
    for stored in [*files, files[0]]:
        attachments.add(notice, stored.public_id, "head")
    assert names(attachments, notice) == ["乙.txt", "甲.txt", "丙.txt"]
    attachments.remove(notice, files[0].public_id)
    attachments.add(notice, upload("乙.txt").public_id, "head")
    assert names(attachments, notice) == ["甲.txt", "丙.txt", "乙.txt"]
    assert notice.version == version


def test_adding_and_removing_are_in_the_audit_trail(newsroom, author, attachments, upload, keyring):
    notice, stored = newsroom.draft(author), upload()
    attachments.add(notice, stored.public_id, "head")
    attachments.remove(notice, stored.public_id)
    added = last_record(newsroom.session, "notice.add_attachment")
    removed = last_record(newsroom.session, "notice.remove_attachment")
    assert {added.object_id, removed.object_id} == {notice.public_id}
    assert "值班表.txt" in details_of(added, keyring)
    assert stored.public_id in details_of(removed, keyring)


@pytest.mark.parametrize("other", [{"owner": "somebody else"}, {"plugin": "chat"}])
def test_only_ones_own_uploads_for_news_can_be_attached(newsroom, author, attachments, upload, other):
    notice = newsroom.draft(author)
    with pytest.raises(FileRefused):
        attachments.add(notice, upload(**other).public_id, "head")
    assert names(attachments, notice) == []


def test_a_file_belongs_to_one_notice(newsroom, author, attachments, upload):
    first, second = newsroom.draft(author), newsroom.draft(author)
    stored = upload()
    attachments.add(first, stored.public_id, "head")
    with pytest.raises(FileRefused):
        attachments.add(second, stored.public_id, "head")
    assert (names(attachments, first), names(attachments, second)) == (["值班表.txt"], [])


def test_a_picture_of_a_notice_is_no_attachment(newsroom, author, attachments, picture):
    notice = newsroom.draft(author)
    author.writing.add_picture(notice, "a.png", picture, "head")
    with pytest.raises(FileRefused):
        attachments.add(notice, notice.pictures[0].file.public_id, "head")


def test_twenty_and_no_more(newsroom, author, attachments, upload):
    notice = newsroom.draft(author)
    for number in range(MOST_ATTACHMENTS):
        attachments.store(notice, f"{number}.txt", BytesIO(b"text"), "head")
    with pytest.raises(FileRefused):
        attachments.store(notice, "more.txt", BytesIO(b"text"), "head")
    with pytest.raises(FileRefused):
        attachments.add(notice, upload().public_id, "head")
    assert len(names(attachments, notice)) == MOST_ATTACHMENTS


def test_a_discarded_draft_frees_its_files_after_the_commit(newsroom, author, attachments, upload, tmp_path):
    notice, stored = newsroom.draft(author), upload()
    attachments.add(notice, stored.public_id, "head")
    newsroom.session.commit()
    key = stored.storage_key
    author.writing.discard(notice)
    newsroom.session.flush()
    assert list(tmp_path.rglob(f"{key}*")), "the bytes went before the row was committed"
    newsroom.session.commit()
    assert newsroom.session.scalars(select(StoredFile)).all() == []
    assert list(tmp_path.rglob(f"{key}*")) == []


@pytest.mark.parametrize("state", [FileState.INFECTED, FileState.REFUSED, FileState.REMOVED])
def test_what_is_in_quarantine_stays_there(newsroom, author, attachments, upload, state):
    notice, stored = newsroom.draft(author), upload()
    attachments.add(notice, stored.public_id, "head")
    stored.state = state
    author.writing.discard(notice)
    newsroom.session.flush()
    assert newsroom.session.scalars(select(Attachment)).all() == []
    assert newsroom.session.scalars(select(StoredFile)).all() == [stored]


def test_readers_see_those_that_passed_and_those_that_wait(newsroom, attachments, upload, published, nurse):
    states = {state: upload(f"{state}.txt") for state in FileState}
    for state, stored in states.items():
        attachments.add(published, stored.public_id, "head")
        stored.state = state
    newsroom.session.flush()
    reader = newsroom.reader(nurse)
    seen = {one.name: one.is_waiting for one in reader.article(published.public_id).attachments}
    assert seen == {"clean.txt": False, "unscanned.txt": False, "pending.txt": True}
    assert {state for state, stored in states.items() if reader.may_see_file(stored.public_id)} == {
        FileState.CLEAN,
        FileState.UNSCANNED,
        FileState.PENDING,
    }


def test_only_the_audience_gets_to_the_files(
    newsroom, author, attachments, upload, published, nurse, midwife, picture
):
    stored = upload()
    attachments.add(published, stored.public_id, "head")
    author.writing.add_picture(published, "a.png", picture, "head")
    files = [stored.public_id, published.pictures[0].file.public_id]
    assert all(newsroom.reader(nurse).may_see_file(one) for one in files)
    assert not any(newsroom.reader(midwife).may_see_file(one) for one in files)
    assert not newsroom.reader(nurse).may_see_file("no such file")
    author.publishing.withdraw(published)
    assert not any(newsroom.reader(nurse).may_see_file(one) for one in files)


def test_files_of_a_draft_are_for_its_author_and_for_editors_of_the_column(
    newsroom, clock, author, attachments, upload, nurse, midwife, picture
):
    notice, stored = newsroom.draft(author), upload()
    attachments.add(notice, stored.public_id, "head")
    author.writing.add_picture(notice, "a.png", picture, "head")
    newsroom.grant(nurse)
    newsroom.grant(midwife, department="O")
    for file in (stored.public_id, notice.pictures[0].file.public_id):
        assert author.writing.may_see_file(file)
        assert newsroom.author(nurse).writing.may_see_file(file)
        assert not newsroom.author(midwife).writing.may_see_file(file)
        assert not newsroom.reader(nurse).may_see_file(file)
    clock.advance(days=31)
    assert not newsroom.author(nurse).writing.may_see_file(stored.public_id)
    assert newsroom.author(author.person).writing.may_see_file(stored.public_id), "her own draft"


def test_attachments_cost_one_statement_and_their_absence_none(
    newsroom, attachments, upload, published, nurse
):
    def cost():
        newsroom.session.flush()
        counted = []
        listen = (newsroom.session.get_bind(), "before_cursor_execute", lambda *_: counted.append(1))
        event.listen(*listen)
        newsroom.reader(nurse).article(published.public_id)
        event.remove(*listen)
        return len(counted)

    bare = cost()
    for name in ("a.txt", "b.txt"):
        attachments.add(published, upload(name).public_id, "head")
    assert (bare, cost()) == (1, 2)


def test_what_belongs_to_no_notice_is_found_after_its_time(newsroom, author, attachments, upload, clock):
    notice = newsroom.draft(author)
    kept, lost, withheld = upload("kept.txt"), upload("lost.txt"), upload("withheld.txt")
    upload("of another module.txt", plugin="chat")
    attachments.add(notice, kept.public_id, "head")
    withheld.state = FileState.INFECTED
    newsroom.session.flush()
    assert unattached(newsroom.session, clock.now()) == []
    assert unattached(newsroom.session, clock.now() + timedelta(seconds=1)) == [lost]
