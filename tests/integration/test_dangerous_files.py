"""Dangerous files through the real doors: the upload of every module, and the pictures of a notice."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from tests.conftest import Vendor, log_in
from tests.dangerous import (
    ZIP,
    directory_claims,
    document,
    linked,
    locked,
    macro_sheet,
    overlapping,
    picture,
    pixel_bomb,
    stored_in_old_word,
    text_bomb,
    with_document_type,
    with_relation,
    with_remark,
    workbook,
    zipped,
)
from tests.integration.test_files_uploads import RULE, Page, objects

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.files.models import FileUpload, StoredFile
from xinglin.kernel.db import Database
from xinglin.testing.portal import Portal

DANGEROUS: list[tuple[str, bytes, str]] = [
    ("炸弹.zip", zipped(("a.txt", b"\0" * 40_000_000)), "解压后超过"),
    ("炸弹.zip", directory_claims(600 * 1024 * 1024), "解压后超过"),
    ("炸弹.zip", overlapping(), "解压后超过"),
    ("套娃.zip", zipped(("inner.zip", ZIP)), "还有压缩包"),
    ("锁.zip", locked(), "密码"),
    ("表.xlsx", workbook(("xl/media/a.bin", b"\0" * 40_000_000)), "解压后超过"),
    ("表.xlsx", workbook(("xl/vbaProject.bin", b"x")), "宏"),
    ("表.xlsx", workbook(("xl/macrosheets/sheet1.xml", b"<x/>")), "宏"),
    ("信.doc", stored_in_old_word("_VBA_PROJECT"), "宏"),
    ("信.docx", document(b"ms-word.document.macroEnabled.main+xml"), "宏"),
    ("信.docx", with_document_type(document(), "word/document.xml"), "XML"),
    ("信.docx", with_document_type(document(), "word/document.xml", 100_000), "XML"),
    ("图.png", pixel_bomb(20_000, 20_000), "像素"),
    ("图.png", text_bomb(), "损坏"),
    ("图.jpg", picture("JPEG") + ZIP, "两种格式"),
    ("图.gif", picture("GIF", comment=b"<script>alert(1)</script>"), "两种格式"),
    ("图.png", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', ".png"),
    ("说明.txt", b"<svg onload=alert(1)>", ".txt"),
    ("说明.pdf", b"%PDF-1.7\n%%EOF" + ZIP, "两种格式"),
    ("路径.zip", zipped(("../../etc/cron.d/x", b"x")), "包外"),
    ("路径.zip", zipped(("C:\\x.txt", b"x")), "包外"),
    ("合同.zip", zipped(("合同.docx", document(b"x", ("word/vbaProject.bin", b"x")))), "宏"),
    ("表.xls", macro_sheet(), "宏"),
    ("信.docx", zipped(("word/document.xml", b"<w/>")), ".docx"),
    ("包.zip", zipped(("a.txt", b"hello"), method=zipfile.ZIP_LZMA), "LZMA"),
    ("链接.zip", linked(), "链接"),
    ("程序.zip", zipped(("setup.exe.", b"MZ")), "setup.exe."),
    ("信.docx", with_relation("attachedTemplate", "http://evil.example/x.dotm"), "外部地址"),
    ("信.docx", document(b"x", ("word/media/a.svg", b"<svg onload='alert(1)'/>")), "脚本"),
    ("图.jpg", picture("JPEG") + b"\0" * 70_000 + with_remark(65_535), "两种格式"),
    ("说明.txt", b"<!-- x --><svg onload=alert(1)>", ".txt"),
    ("程序.zip", zipped(("发票.pdf.exe", b"MZ")), "发票.pdf.exe"),
]
NEVER = [
    "a.svg",
    "a.html",
    "a.docm",
    "a.xlsm",
    "发票\u202efdp.exe",
    "a.pdf.exe",
    "a.txt\0.exe",
    "..",
    "a.txt/../a.exe",
]


@pytest.fixture
def portal(vendor: Vendor, make_portal: Callable[..., Portal], database: Database) -> Portal:
    vendor.install("alpha", RULE)
    return make_portal(database=database, plugins=("portal", "alpha"), max_upload_mb=60)


@pytest.fixture
def page(portal: Portal) -> Page:
    return Page(log_in(portal), portal)


def stored(portal: Portal) -> list[StoredFile]:
    with portal.site.database.read_session() as session:
        return list(session.scalars(select(StoredFile)))


def sent(page: Page, name: str, content: bytes) -> tuple[str, Any]:
    """The upload up to its end, and the answer to that."""
    begun = page.begin(name, len(content)).json
    for start in range(0, len(content), begun["piece_bytes"]):
        page.put(begun["id"], start, content[start : start + begun["piece_bytes"]])
    return begun["id"], page.finish(begun["id"], status="*")


@pytest.mark.parametrize(("name", "content", "sentence"), DANGEROUS)
def test_a_dangerous_upload_is_refused_in_words(
    page: Page, portal: Portal, name: str, content: bytes, sentence: str
) -> None:
    _upload, answer = sent(page, name, content)
    assert answer.status_int == 422
    assert sentence in answer.json["title"]
    assert answer.json["detail"]
    assert objects(portal) == []
    assert stored(portal) == []


@pytest.mark.parametrize("name", NEVER)
def test_a_dangerous_name_is_refused_before_a_byte_is_sent(page: Page, portal: Portal, name: str) -> None:
    answer = page.begin(name, 5, status=422)
    assert "不允许上传" in answer.json["title"]
    assert objects(portal) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Windows\\System32\\drivers\\etc\\hosts.txt", "hosts.txt"),
        ("/etc/cron.d/通知.txt", "通知.txt"),
        ("con\r\nSet-Cookie: a=b.txt", "conSet-Cookie: a=b.txt"),
        ("x" * 500 + ".txt", "x" * 251 + ".txt"),
    ],
)
def test_a_name_is_never_a_path(page: Page, portal: Portal, name: str, shown: str) -> None:
    _upload, answer = sent(page, name, b"hello")
    assert answer.status_int == 200
    portal.work()
    assert [one.name for one in stored(portal)] == [shown]
    folder = portal.site.settings.files_folder.resolve()
    assert [path.resolve().is_relative_to(folder) for path in objects(portal)] == [True]
    assert all("passwd" not in path.name and "hosts" not in path.name for path in objects(portal))


def test_what_is_refused_leaves_room_for_what_is_not(page: Page, portal: Portal) -> None:
    """A refusal ends the upload's finish, not the portal's work."""
    sent(page, "炸弹.zip", overlapping())
    _upload, answer = sent(page, "名单.zip", zipped(("名单.txt", random.Random(1).randbytes(1000))))
    assert answer.status_int == 200
    portal.work()
    assert [one.name for one in stored(portal)] == ["名单.zip"]


def test_refused_uploads_lock_nobody_out(page: Page, portal: Portal) -> None:
    for _number in range(21):
        upload, answer = sent(page, "信.doc", stored_in_old_word("_VBA_PROJECT"))
        assert answer.status_int == 422
    page.browser.get(f"/files/uploads/{upload}", status=404)
    assert objects(portal) == []
    _upload, answer = sent(page, "通知.txt", b"hello")
    assert answer.status_int == 200
    with portal.site.database.read_session() as session:
        assert len(session.scalars(select(FileUpload)).all()) == 1


def test_refusals_are_on_record(page: Page, portal: Portal) -> None:
    upload, _answer = sent(page, "信.doc", stored_in_old_word("_VBA_PROJECT"))
    page.begin("病历.exe", 5, status=422)
    with portal.site.database.read_session() as session:
        of_refusals = select(AuditRecord).where(AuditRecord.action == "file.refuse").order_by(AuditRecord.id)
        content, name = session.scalars(of_refusals).all()
    assert (content.result, content.object_id, name.result) == ("denied", upload, "denied")
    details = [details_of(record, portal.site.keyring) for record in (content, name)]
    assert "信.doc" in details[0]
    assert "macros" in details[0]
    assert "病历.exe" in details[1]
