"""A file in pieces, as a page sends it: broken off, carried on, finished, put together, given out in ranges."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.conftest import Vendor, log_in
from webtest import TestApp

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.auth.sessions import hash_token
from xinglin.files.models import FileUpload, StoredFile
from xinglin.files.stream import FileBroken
from xinglin.files.withheld import LOCALES
from xinglin.kernel.db import Database
from xinglin.kernel.i18n import Words
from xinglin.testing.clock import FrozenClock
from xinglin.testing.portal import Portal

RULE = """
@hookimpl
def xinglin_configure(config):
    config.add_file_rule("alpha", lambda _request, _stored: False)
"""
HOOKS = """
from xinglin.api.files import StoredFile, file_response

def give(request):
    stored = request.db.query(StoredFile).filter_by(public_id=request.matchdict["file"]).one()
    return file_response(request, stored)

@hookimpl
def xinglin_configure(config):
    config.add_file_rule("alpha", lambda _request, _stored: False)
    config.add_route("alpha.file", "/alpha/{file}")
    config.add_view(give, route_name="alpha.file", permission="core:staff")
"""
KEYS = b"CANARY-of-the-patient-record"
NAME = "手术视频 2026.mp4"


def film(size: int) -> bytes:
    body = bytearray(random.Random(size).randbytes(size))
    body[:12] = b"\0\0\0\x18ftypmp42"
    body[size // 2 : size // 2 + len(KEYS)] = KEYS
    return bytes(body)


FILM = film(10_000_000)


class Page:
    """What the script of a page does."""

    def __init__(self, browser: TestApp, portal: Portal) -> None:
        token = browser.cookies["xinglin_session"].strip(chr(34))
        anchor = f"session:{hash_token(token)}"
        self.browser = browser
        self.headers = {"X-CSRF-Token": portal.site.keyring.mac(anchor.encode(), purpose="csrf")}

    def begin(self, name: str, size: int, status: int = 201, **more: Any) -> Any:
        body = {"plugin": "alpha", "name": name, "size": size, **more}
        return self.browser.post_json("/files/uploads", body, headers=self.headers, status=status)

    def put(self, upload: str, offset: int | str, content: bytes, status: int = 200) -> Any:
        headers = {**self.headers, "Upload-Offset": str(offset), "Content-Type": "application/octet-stream"}
        return self.browser.put(f"/files/uploads/{upload}", content, headers=headers, status=status)

    def offset(self, upload: str) -> int:
        return int(self.browser.head(f"/files/uploads/{upload}").headers["Upload-Offset"])

    def state(self, upload: str) -> str:
        return self.browser.get(f"/files/uploads/{upload}").json["state"]

    def finish(self, upload: str, status: int = 200) -> Any:
        return self.browser.post(f"/files/uploads/{upload}/finish", headers=self.headers, status=status)

    def cancel(self, upload: str, status: int = 204) -> Any:
        return self.browser.delete(f"/files/uploads/{upload}", headers=self.headers, status=status)

    def send(self, name: str, content: bytes, **more: Any) -> str:
        begun = self.begin(name, len(content), **more).json
        step = begun["piece_bytes"]
        for start in range(0, len(content), step):
            self.put(begun["id"], start, content[start : start + step])
        self.finish(begun["id"])
        return str(begun["id"])


@pytest.fixture
def portal(vendor: Vendor, make_portal: Callable[..., Portal], database: Database) -> Portal:
    vendor.install("alpha", HOOKS)
    return make_portal(database=database, plugins=("portal", "alpha"), max_upload_mb=11)


@pytest.fixture
def page(portal: Portal) -> Page:
    return Page(log_in(portal), portal)


def objects(portal: Portal) -> list[Path]:
    folder = portal.site.settings.files_folder
    return [Path(base) / name for base, _folders, names in os.walk(folder) for name in names]


def test_a_film_arrives_and_is_given_out(page: Page, portal: Portal) -> None:
    public_id = page.send(NAME, FILM, sha256=hashlib.sha256(FILM).hexdigest())
    held = page.browser.get(f"/alpha/{public_id}", status=423)
    assert "检查" in held.text
    assert page.state(public_id) == "pending"
    portal.work()
    assert page.state(public_id) == "unscanned"
    answer = page.browser.get(f"/alpha/{public_id}")
    assert answer.body == FILM
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''%E6%89%8B%E6%9C%AF" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert len(objects(portal)) == 1


def test_no_plain_byte_lies_on_the_disk_at_any_time(page: Page, portal: Portal) -> None:
    begun = page.begin("a.mp4", len(FILM)).json["id"]
    for start in range(0, len(FILM), 4_000_000):
        page.put(begun, start, FILM[start : start + 4_000_000])
        assert all(KEYS not in path.read_bytes() for path in objects(portal))
    page.finish(begun)
    portal.work()
    assert all(KEYS not in path.read_bytes() for path in objects(portal))


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=65530-65545", 65530, 65546),
        ("bytes=4194300-", 4194300, None),
        ("bytes=-7", -7, None),
        ("bytes=100-99999999999", 100, None),
    ],
)
def test_a_player_seeks(page: Page, portal: Portal, wanted: str, start: int, stop: int | None) -> None:
    public_id = page.send("a.mp4", FILM)
    portal.work()
    answer = page.browser.get(f"/alpha/{public_id}", headers={"Range": wanted})
    assert answer.status_int == 206
    assert answer.body == FILM[start:stop]
    assert answer.headers["Content-Range"].endswith(f"/{len(FILM)}")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")


def test_a_range_behind_the_end_is_416(page: Page, portal: Portal) -> None:
    public_id = page.send("a.txt", b"hello")
    portal.work()
    answer = page.browser.get(f"/alpha/{public_id}", headers={"Range": "bytes=5-9"}, status=416)
    assert answer.headers["Content-Range"] == "bytes */5"


def test_a_break_is_carried_on(page: Page, portal: Portal, clock: FrozenClock) -> None:
    upload = page.begin("a.mp4", len(FILM)).json["id"]
    page.put(upload, 0, FILM[:4_000_000])
    clock.advance(hours=11)  # the phone was in the locker, and the person logs in again
    again = Page(page.browser, portal)
    assert again.offset(upload) == 4_000_000
    again.put(upload, 4_000_000, FILM[4_000_000:8_000_000])
    repeated = again.put(upload, 4_000_000, FILM[4_000_000:8_000_000], status=409)
    assert repeated.json["offset"] == 8_000_000
    assert again.finish(upload, status=409).headers["Upload-Offset"] == "8000000"
    again.put(upload, 8_000_000, FILM[8_000_000:])
    again.finish(upload)
    again.finish(upload)
    portal.work()
    assert page.browser.get(f"/alpha/{upload}").body == FILM
    with portal.site.database.read_session() as session:
        assert len(session.scalars(select(StoredFile)).all()) == 1
        assert "file.upload" in session.scalars(select(AuditRecord.action)).all()


def test_another_person_finds_nothing(page: Page, portal: Portal) -> None:
    upload = page.begin("a.txt", 5).json["id"]
    other = Page(log_in(portal, "1002"), portal)
    other.browser.get(f"/files/uploads/{upload}", status=404)
    other.put(upload, 0, b"hello", status=404)
    other.finish(upload, status=404)
    assert page.offset(upload) == 0


def test_a_stranger_and_a_foreign_page_are_refused(page: Page, portal: Portal) -> None:
    portal.browser().post_json("/files/uploads", {}, status="4*")
    page.browser.post_json("/files/uploads", {"plugin": "alpha", "name": "a.txt", "size": 1}, status=400)
    page.browser.put("/files/uploads/x", b"x", headers={"Upload-Offset": "0"}, status=400)


@pytest.mark.parametrize(
    ("name", "size", "status", "sentence"),
    [
        ("a.exe", 5, 422, "a.exe"),
        ("a.svg", 5, 422, "a.svg"),
        ("a.mp4", 12 * 1024 * 1024, 413, "11 MB"),
        ("a.mp4", 0, 422, "空"),
        ("a.mp4", -1, 422, "空"),
        ("a.mp4", 10**40, 413, "11 MB"),
        ("a.mp4", "5", 400, "不正确"),
        (None, 5, 400, "不正确"),
    ],
)
def test_what_can_never_be_stored_is_refused_at_once(
    page: Page, name: Any, size: Any, status: int, sentence: str
) -> None:
    answer = page.begin(name, size, status=status)
    assert answer.content_type == "application/problem+json"
    assert sentence in answer.json["title"]
    assert answer.json["detail"]


def test_bad_pieces_are_refused_and_harm_nothing(page: Page) -> None:
    upload = page.begin("a.txt", 5).json["id"]
    page.put(upload, 0, b"hello and more", status=413)
    page.put(upload, 0, b"", status=413)
    page.put(upload, "x", b"hello", status=413)
    page.put(upload, "-1", b"hello", status=413)
    page.put(upload, 3, b"he", status=409)
    page.put(upload, 0, b"hello")
    page.finish(upload)


def test_the_true_type_decides(page: Page, portal: Portal) -> None:
    upload = page.begin("a.mp4", 40).json["id"]
    page.put(upload, 0, b"<html><script>alert(1)</script></html>  ")
    answer = page.finish(upload, status=422)
    assert ".mp4" in answer.json["title"]
    with portal.site.database.read_session() as session:
        assert session.scalars(select(StoredFile)).all() == []


def test_a_wrong_checksum_is_refused_by_the_worker(page: Page, portal: Portal) -> None:
    public_id = page.send("a.txt", b"hello", sha256="0" * 64)
    portal.work()
    assert page.state(public_id) == "refused"
    page.browser.get(f"/alpha/{public_id}", status=423)
    with portal.site.database.read_session() as session:
        finding = session.scalars(select(StoredFile.finding)).one()
    assert "校验值" in Words([LOCALES]).translate(finding, "zh_CN")


def test_nobody_fills_the_disk_with_beginnings(page: Page) -> None:
    for _number in range(20):
        page.begin("a.txt", 5)
    assert "太多" in page.begin("a.txt", 5, status=429).json["title"]


def test_cancelling_makes_room_at_once(page: Page, portal: Portal) -> None:
    begun = [page.begin("a.txt", 5).json["id"] for _number in range(20)]
    page.put(begun[0], 0, b"hel")
    other = Page(log_in(portal, "1002"), portal)
    other.cancel(begun[0], status=404)
    page.cancel(begun[0])
    assert objects(portal) == []
    page.browser.get(f"/files/uploads/{begun[0]}", status=404)
    page.cancel(begun[0], status=404)
    page.begin("a.txt", 5)


def test_a_finished_upload_is_not_cancelled(page: Page, portal: Portal) -> None:
    upload = page.send("a.txt", b"hello")
    assert "完成" in page.cancel(upload, status=409).json["title"]
    portal.work()
    assert page.browser.get(f"/alpha/{upload}").body == b"hello"


@pytest.mark.parametrize("plugin", ["portal", "beta"])
def test_a_module_that_shows_no_files_takes_none(page: Page, portal: Portal, plugin: str) -> None:
    answer = page.browser.post_json(
        "/files/uploads", {"plugin": plugin, "name": "a.txt", "size": 5}, headers=page.headers, status="4*"
    )
    assert "不" in answer.json["title"]
    with portal.site.database.read_session() as session:
        assert session.scalars(select(FileUpload)).all() == []


def test_a_rare_name_keeps_its_letters(page: Page, portal: Portal) -> None:
    """Rare letters of names are drawn by fonts of the hospital, in the areas for private use."""
    name = "张\ue000\U000f0001的病历.txt"
    upload = page.send(name, b"hello")
    assert page.browser.get(f"/files/uploads/{upload}").json["name"] == name


def test_an_abandoned_upload_is_removed(page: Page, portal: Portal, clock: FrozenClock) -> None:
    upload = page.begin("a.mp4", len(FILM)).json["id"]
    page.put(upload, 0, FILM[:100_000])
    clock.advance(hours=23)
    portal.work()
    assert len(objects(portal)) == 1
    clock.advance(hours=2)
    portal.work()
    assert objects(portal) == []
    with portal.site.database.read_session() as session:
        assert session.scalars(select(FileUpload)).all() == []


def test_orphans_go_and_missing_bytes_are_reported(page: Page, portal: Portal, clock: FrozenClock) -> None:
    kept, lost = page.send("a.txt", b"hello"), page.send("b.txt", b"hello")
    portal.work()
    with portal.site.database.read_session() as session:
        keys = dict(session.execute(select(StoredFile.public_id, StoredFile.storage_key)).all())
    folder = portal.site.settings.files_folder
    (folder / keys[lost][:2] / f"{keys[lost]}.full").unlink()
    old = clock.now().timestamp() - 100_000
    for name in ("aa/aa00.full", "aa/.tmp-aa01.full-0000", "bb/bb00.full"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"left behind")
        if not name.startswith("bb"):
            os.utime(path, (old, old))
        else:
            os.utime(path, (clock.now().timestamp() + 86_000,) * 2)
    clock.advance(days=1, hours=1)
    portal.work()
    assert {path.name for path in objects(portal)} == {f"{keys[kept]}.full", "bb00.full"}
    with portal.site.database.read_session() as session:
        record = session.scalars(select(AuditRecord).where(AuditRecord.action == "file.reconcile")).one()
    details = details_of(record, portal.site.keyring)
    assert lost in details
    assert '"orphans": 2' in details


def test_a_changed_file_is_not_given_out(page: Page, portal: Portal) -> None:
    public_id = page.send("a.txt", b"hello")
    portal.work()
    [path] = objects(portal)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileBroken, match=r"chunk 0 was changed.*restore"):
        page.browser.get(f"/alpha/{public_id}")


def test_a_key_of_another_file_opens_nothing(page: Page, portal: Portal) -> None:
    one, other = page.send("a.txt", b"hello"), page.send("b.txt", b"world")
    portal.work()
    with portal.session() as (session, _audit):
        key = session.scalar(select(StoredFile.key_sealed).where(StoredFile.public_id == other))
        session.execute(update(StoredFile).where(StoredFile.public_id == one).values(key_sealed=key))
    answer = page.browser.get(f"/alpha/{one}", expect_errors=True)
    assert answer.status_int >= 500
    assert page.browser.get(f"/alpha/{other}").body == b"world"
