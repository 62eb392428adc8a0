"""From an uploaded document to pages with the reader's name, with the real converters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from sqlalchemy import select
from tests.conftest import Vendor, log_in
from tests.integration.documents import docx, endless, pdf
from webtest import TestApp

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.files import converting, previewing, sandbox
from xinglin.files.models import FilePreview, FileState, PreviewState, StoredFile
from xinglin.files.service import FileStore
from xinglin.kernel.db import Database
from xinglin.kernel.health import checks_of
from xinglin.kernel.worker import WorkerContext
from xinglin.people.models import Person
from xinglin.testing.clock import FrozenClock
from xinglin.testing.portal import Portal

RULE = """
    @hookimpl
    def xinglin_configure(config):
        def may_read(request, stored):
            return stored.name.startswith("公开")

        config.add_file_rule("alpha", may_read)
"""


@pytest.fixture
def portal(make_portal: Callable[..., Portal], database: Database) -> Portal:
    return make_portal(database=database, plugins=("portal", "news"))


def store_of(portal: Portal, session: object) -> FileStore:
    site = portal.site
    return FileStore.of(site.settings, site.keyring, session, site.clock)


def save(portal: Portal, name: str, content: bytes, *, staff_no: str = "1001", plugin: str = "news") -> str:
    with portal.session() as (session, _audit):
        owner = session.scalars(select(Person.public_id).where(Person.staff_no == staff_no)).one()
        saved = store_of(portal, session).save_attachment(
            name, BytesIO(content), plugin=plugin, uploaded_by=owner
        )
        return saved.public_id


def previews_are_well(portal: Portal) -> bool:
    lines = checks_of(portal.site, portal.wsgi.registry.xinglin_plugins)
    return next(line.is_well for line in lines if line.name == "previews")


def set_state(portal: Portal, public_id: str, state: FileState) -> None:
    with portal.session() as (session, _audit):
        session.scalars(select(StoredFile).where(StoredFile.public_id == public_id)).one().state = state


def preview(portal: Portal) -> FilePreview:
    with portal.site.database.read_session() as session:
        return session.scalars(select(FilePreview)).one()


def objects(portal: Portal) -> list[Path]:
    return [path for path in portal.site.settings.files_folder.rglob("*") if path.is_file()]


def pictures(browser: TestApp, public_id: str) -> list[str]:
    return [image["src"] for image in browser.get(f"/files/{public_id}").html.find_all("img")]


def drawn(browser: TestApp, path: str) -> Image.Image:
    answer = browser.get(path)
    assert (answer.content_type, answer.headers["Cache-Control"]) == ("image/jpeg", "no-store")
    return Image.open(BytesIO(answer.body)).convert("L")


def looks(portal: Portal) -> list[tuple[str, str]]:
    portal.wsgi.registry.xinglin_recorder.flush()
    with portal.site.database.read_session() as session:
        kinds = ("file", "file.page", "file.download")
        rows = session.scalars(select(AuditRecord).where(AuditRecord.object_kind.in_(kinds)))
        return sorted((row.object_kind, row.object_id) for row in rows if row.actor_kind == "person")


def test_a_document_is_looked_at_on_a_phone(portal: Portal) -> None:
    browser = log_in(portal)
    public_id = save(portal, "排班表.docx", docx(["门诊", "急诊", "住院"]))
    waiting = browser.get(f"/files/{public_id}")
    assert "正在准备" in waiting.text
    assert waiting.html.find("meta", {"http-equiv": "refresh"})
    portal.work()
    page = browser.get(f"/files/{public_id}")
    assert page.html.h1.text == "排班表.docx"
    images = page.html.find_all("img")
    assert [image["src"] for image in images] == [f"/files/{public_id}/pages/{n}" for n in (1, 2, 3)]
    assert [image.get("loading") for image in images] == [None, "lazy", "lazy"]
    assert images[1]["alt"] == "第 2 页，共 3 页"
    assert max(drawn(browser, images[0]["src"]).size) == 1600
    content = browser.get(f"/files/{public_id}/content")
    assert content.headers["Content-Disposition"].startswith("attachment")
    assert looks(portal) == [
        ("file", public_id),
        ("file", public_id),
        ("file.download", public_id),
        ("file.page", f"{public_id}/1"),
    ]


def test_each_reader_has_a_mark_of_his_own_on_the_same_stored_page(
    make_portal: Callable[..., Portal], database: Database, clock: FrozenClock, vendor: Vendor
) -> None:
    vendor.install("alpha", RULE)
    portal = make_portal(database=database, plugins=("portal", "alpha"))
    nurse, doctor = log_in(portal), log_in(portal, "1002", name="王医生")
    public_id = save(portal, "公开.pdf", pdf(1), plugin="alpha")
    portal.work()
    made = {path: path.read_bytes() for path in objects(portal)}
    path = pictures(nurse, public_id)[0]
    of_nurse, of_doctor = drawn(nurse, path), drawn(doctor, path)
    assert ImageChops.difference(of_nurse, of_doctor).getbbox() is not None
    assert ImageChops.difference(of_nurse, drawn(nurse, path)).getbbox() is None
    clock.advance(minutes=1)
    assert ImageChops.difference(of_nurse, drawn(nurse, path)).getbbox() is not None
    portal.work()
    assert {path: path.read_bytes() for path in objects(portal)} == made  # made once, not for each reader


def test_who_may_read_is_said_by_the_module_and_nobody_else(
    make_portal: Callable[..., Portal], database: Database, vendor: Vendor
) -> None:
    vendor.install("alpha", RULE)
    portal = make_portal(database=database, plugins=("portal", "alpha", "news"))
    owner, other = log_in(portal), log_in(portal, "1002", name="王医生")
    shown, hidden = (save(portal, name, pdf(1), plugin="alpha") for name in ("公开.pdf", "内部.pdf"))
    of_no_rule = save(portal, "公开.pdf", pdf(1), plugin="portal")
    portal.work()
    for below in ("", "/pages/1", "/content"):
        assert owner.get(f"/files/{hidden}{below}").status_int == 200
        assert other.get(f"/files/{shown}{below}").status_int == 200
        for secret in (hidden, of_no_rule, "AAAAAAAAAAAAAAAA"):
            assert other.get(f"/files/{secret}{below}", status=404)
        assert portal.browser().get(f"/files/{shown}{below}").status_int == 302  # to the login
    assert ("file.page", f"{hidden}/1") in looks(portal)
    assert other.get(f"/files/{shown}/pages/2", status=404)


def test_a_picture_of_a_notice_is_for_its_readers(portal: Portal) -> None:
    log_in(portal)
    other = log_in(portal, "1002", name="王医生")
    public_id = save(portal, "x.pdf", pdf(1))  # of news, but in no notice
    portal.work()
    assert other.get(f"/files/{public_id}", status=404)


def test_pages_lie_sealed_in_the_store_and_go_with_their_file(portal: Portal) -> None:
    browser = log_in(portal)
    public_id = save(portal, "x.pdf", pdf(2))
    portal.work()
    assert len(objects(portal)) == 3
    assert not any(path.read_bytes().startswith(b"\xff\xd8") for path in objects(portal))
    with portal.session() as (session, _audit):
        stored = session.scalars(select(StoredFile).where(StoredFile.public_id == public_id)).one()
        store_of(portal, session).discard(stored)
    assert objects(portal) == []
    assert browser.get(f"/files/{public_id}", status=404)
    with portal.site.database.read_session() as session:
        assert session.scalars(select(FilePreview)).all() == []


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (FileState.PENDING, "文件正在检查病毒。"),
        (FileState.INFECTED, "此文件中发现病毒"),
        (FileState.REFUSED, "此文件无法进行病毒检查"),
    ],
)
def test_nothing_is_shown_of_what_was_not_passed(portal: Portal, state: FileState, sentence: str) -> None:
    browser = log_in(portal)
    public_id = save(portal, "x.pdf", pdf(1))
    set_state(portal, public_id, state)
    portal.work()
    page = browser.get(f"/files/{public_id}")
    assert sentence in page.text
    assert not page.html.find("a", string="下载")
    assert browser.get(f"/files/{public_id}/pages/1", status=404)
    assert browser.get(f"/files/{public_id}/content", status=423)
    assert preview(portal).state == PreviewState.WAITING
    set_state(portal, public_id, FileState.CLEAN)
    portal.work()
    assert len(pictures(browser, public_id)) == 1


def test_the_first_pages_of_a_long_file_are_shown_and_it_says_so(
    make_portal: Callable[..., Portal], database: Database
) -> None:
    portal = make_portal(database=database, plugins=("portal", "news"), preview_pages=2)
    browser = log_in(portal, locale="en")
    public_id = save(portal, "long.pdf", pdf(5))
    portal.work()
    assert len(pictures(browser, public_id)) == 2
    assert "Only the first 2 pages are shown." in browser.get(f"/files/{public_id}").text


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("名单.txt", "李护士".encode(), "此类文件没有预览。"),
        ("坏.pdf", b"%PDF-1.4\n" + b"\0" * 300, "文件已损坏"),
    ],
)
def test_what_cannot_be_shown_can_be_downloaded(
    portal: Portal, name: str, content: bytes, sentence: str
) -> None:
    browser = log_in(portal)
    public_id = save(portal, name, content)
    portal.work()
    page = browser.get(f"/files/{public_id}")
    assert sentence in page.text
    assert browser.get(page.html.find("a", string="下载")["href"]).body == content


def test_an_ofd_document_says_what_opens_it(portal: Portal) -> None:
    browser = log_in(portal)
    public_id = save(portal, "发票.txt", b"OFD")
    with portal.session() as (session, _audit):
        session.scalars(select(StoredFile).where(StoredFile.public_id == public_id)).one().name = "发票.ofd"
    assert "请用 OFD 阅读器打开" in browser.get(f"/files/{public_id}").text


def test_one_bad_file_costs_its_own_preview_only(
    make_portal: Callable[..., Portal], database: Database
) -> None:
    portal = make_portal(database=database, plugins=("portal", "news"), preview_seconds=3)
    browser = log_in(portal)
    bad = save(portal, "bad.docx", endless())
    good = save(portal, "good.pdf", pdf(1))
    portal.work()
    assert "生成预览所需时间过长" in browser.get(f"/files/{bad}").text
    assert len(pictures(browser, good)) == 1
    with portal.site.database.read_session() as session:
        record = session.scalars(select(AuditRecord).where(AuditRecord.action == "file.preview_failed")).one()
    assert (record.object_id, record.result) == (bad, "error")
    assert "too slow" in str(details_of(record, portal.site.keyring))


def draw_one(portal: Portal) -> None:
    assert previewing.run_once(WorkerContext.of(portal.site, portal.wsgi.registry.xinglin_plugins)) == 1


def test_a_file_that_hangs_makes_nobody_wait_twice(
    make_portal: Callable[..., Portal], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previewing, "FIRST_SECONDS", 3)
    portal = make_portal(database=database, plugins=("portal", "news"), preview_seconds=6)
    browser, other = log_in(portal), log_in(portal, "1002", name="王医生")
    bad = save(portal, "bad.docx", endless())
    second = save(portal, "second.pdf", pdf(1))
    of_other = save(portal, "other.pdf", pdf(1), staff_no="1002")
    draw_one(portal)  # what hangs has a short time first, and goes behind the others
    assert "正在准备" in browser.get(f"/files/{bad}").text
    draw_one(portal)  # the first file of somebody else goes before the second of one uploader
    assert len(pictures(other, of_other)) == 1
    assert "正在准备" in browser.get(f"/files/{second}").text
    draw_one(portal)
    assert len(pictures(browser, second)) == 1
    draw_one(portal)  # now it had all of its time
    assert "生成预览所需时间过长" in browser.get(f"/files/{bad}").text


def test_what_the_machine_does_to_a_file_is_not_the_fault_of_the_file(
    portal: Portal, clock: FrozenClock
) -> None:
    browser = log_in(portal)
    public_id = save(portal, "x.pdf", pdf(1))
    (stored,) = objects(portal)
    elsewhere = stored.rename(stored.with_name("elsewhere"))  # as when the disk of files is not mounted
    portal.work()
    assert "正在准备" in browser.get(f"/files/{public_id}").text
    assert (preview(portal).state, preview(portal).attempts) == (PreviewState.WAITING, 1)
    elsewhere.rename(stored)
    clock.advance(minutes=10)
    portal.work()
    assert len(pictures(browser, public_id)) == 1


def test_a_worker_that_died_on_a_file_is_followed_by_another_three_times(
    portal: Portal, clock: FrozenClock
) -> None:
    browser = log_in(portal)
    public_id = save(portal, "x.pdf", pdf(1))
    with portal.session() as (session, _audit):  # as a worker leaves it that was killed on the way
        row = session.scalars(select(FilePreview)).one()
        row.attempts, row.due_at = 2, clock.now() + timedelta(minutes=9)
    portal.work()
    assert "正在准备" in browser.get(f"/files/{public_id}").text
    clock.advance(minutes=10)
    portal.work()
    assert len(pictures(browser, public_id)) == 1
    with portal.session() as (session, _audit):
        row = session.scalars(select(FilePreview)).one()
        row.state, row.due_at = PreviewState.WAITING, clock.now()
    portal.work()
    assert "均中断" in browser.get(f"/files/{public_id}").text
    assert len(objects(portal)) == 1  # what the attempts left behind is gone


def test_while_a_converter_is_missing_files_wait_and_can_be_downloaded(
    portal: Portal, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    browser = log_in(portal)
    public_id = save(portal, "x.pdf", pdf(1))
    with monkeypatch.context() as patch:
        patch.setattr(converting, "PROGRAMS", ("soffice-that-nobody-has",))
        portal.work()
    assert "soffice-that-nobody-has not found. Cure: install" in caplog.text
    assert not previews_are_well(portal)
    page = browser.get(f"/files/{public_id}")
    assert "正在准备" in page.text
    assert page.html.find("a", string="下载")
    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "way_to_isolate", lambda: None)
        clock.advance(minutes=6)
        portal.work()
    assert "preview_isolation" in caplog.text
    assert (preview(portal).state, preview(portal).attempts) == (PreviewState.WAITING, 0)
    clock.advance(minutes=6)
    portal.work()
    assert len(pictures(browser, public_id)) == 1
    assert previews_are_well(portal)


def test_switched_off_nothing_is_drawn(make_portal: Callable[..., Portal], database: Database) -> None:
    portal = make_portal(database=database, plugins=("portal", "news"), preview_pages=0)
    browser = log_in(portal)
    public_id = save(portal, "x.pdf", pdf(1))
    portal.work()
    assert "此类文件没有预览" in browser.get(f"/files/{public_id}").text
    assert len(objects(portal)) == 1
