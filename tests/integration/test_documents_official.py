"""An official document from its number to the archive on real pages, its red head made by the real LibreOffice."""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from tests.functional.paediatrics import HEAD, NURSE, OUTSIDER, settle_in

from xinglin.api.people import Department
from xinglin.api.security import GrantService
from xinglin.auth.models import Administrator
from xinglin.files.converting import PROGRAMS
from xinglin.files.office import OfficeConverter
from xinglin.files.sandbox import Limits
from xinglin_documents.models import Definition, DefinitionState, Item, OfficialDocument, Process, Series
from xinglin_documents.permissions import PERMISSIONS
from xinglin_documents.service.official import flat

pytestmark = pytest.mark.plugins("portal", "documents")
TEXT = """
process: outgoing
title: 发文
subject: "{title}"
official: {direction: outgoing, series: yuanfa}
form:
  - {field: title, title: 标题, kind: text, required: yes, public: yes}
  - {field: recipients, title: 主送, kind: text}
  - {field: body, title: 正文, kind: long_text}
steps:
  - {step: sign, title: 院长签发, by: {person: "10051"}}
  - {step: number, title: 编号, by: {person: "10011"}, operations: [issue_number]}
  - {step: head, title: 套红, by: {person: "10011"}, operations: [red_head]}
  - {step: seal, title: 用印, by: {person: "10011"}, operations: [seal]}
  - {step: send, title: 分发, by: {person: "10011"}, operations: [distribute]}
  - {step: file, title: 归档, by: {person: "10011"}, operations: [archive]}
"""
TITLE = "关于做好冬季院感防控工作的通知"
BODY = "为加强院感防控，现就有关事项通知如下。\n一、压实责任\n各科室主任为第一责任人。"
DOCX = {
    "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    "_rels/.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>',
    "word/document.xml": '<?xml version="1.0"?><w:document xmlns:w='
    '"http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    "<w:p><w:r><w:t>定稿保留的文字。</w:t></w:r>"
    '<w:ins w:id="1" w:author="a" w:date="2026-01-01T00:00:00Z"><w:r><w:t>新增的文字。</w:t></w:r></w:ins>'
    '<w:del w:id="2" w:author="a" w:date="2026-01-01T00:00:00Z"><w:r><w:delText>删去的文字。</w:delText></w:r></w:del></w:p>'
    "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w='4000'/></w:tblGrid><w:tr><w:tc><w:p><w:r><w:t>表格内容</w:t></w:r></w:p>"
    "</w:tc></w:tr></w:tbl><w:p><w:r><w:rPr><w:b/></w:rPr><w:t>粗体结尾。</w:t></w:r></w:p></w:body></w:document>",
}


@pytest.fixture
def office(portal, clock):
    with portal.session() as (session, audit):
        people = settle_in(session, clock, audit)
        administrator = Administrator(
            login="it", name="信息科", password_hash="x", totp_sealed=b"", created_at=clock.now()
        )
        process = Process(key="outgoing", title="发文")
        session.add_all(
            [administrator, process, Series(key="yuanfa", title="院发", pattern="院发〔{year}〕{number}号")]
        )
        session.flush()
        version = Definition(
            process_id=process.id,
            version=1,
            state=DefinitionState.LIVE,
            source=TEXT,
            digest="0" * 64,
            created_at=clock.now(),
            published_at=clock.now(),
        )
        session.add(version)
        root = session.scalars(select(Department.id).where(Department.code == "H")).one()
        grants = GrantService(
            session, clock, audit, {one.name: one for one in PERMISSIONS}, ZoneInfo("Asia/Shanghai")
        )
        head, end = people.by_wecom_userid(HEAD), clock.now() + timedelta(days=30)
        grants.grant(administrator, head, "documents:office", department_ids=[root], expires_at=end)
        grants.grant(administrator, head, "documents:manage", expires_at=end)
    return portal


def form_to(page, ending):
    return next(form for form in page.forms.values() if form.action.endswith(ending))


def operate(phone, address, operation, **values):
    form = form_to(phone.get(address), f"/operations/{operation}")
    for name, value in values.items():
        form[name] = value
    return form.submit(status="*")


def approve(phone, address):
    return phone.get(address).forms["act"].submit(status=303)


def text_of(pdf, tmp_path):
    path = tmp_path / "final.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True)
    return re.sub(r"[ \u3000]+", "", done.stdout.decode())


def test_from_the_number_to_the_archive(office, clock, tmp_path):
    writer, president, secretary = (office.phone_of(one) for one in (NURSE, OUTSIDER, HEAD))
    form = writer.get("/documents/new/outgoing").forms["start"]
    form["title"], form["recipients"], form["body"] = TITLE, "各科室", BODY
    address = form.submit(status=303).location.removeprefix("http://127.0.0.1:18080")
    approve(president, address)

    assert operate(secretary, address, "issue_number").status_int == 303
    approve(secretary, address)
    operate(secretary, address, "red_head")
    assert "正在生成" in secretary.get(address).text
    office.work()
    assert "已套红" in secretary.get(address).text
    approve(secretary, address)
    operate(secretary, address, "seal")
    approve(secretary, address)
    operate(secretary, address, "distribute", persons="王丽")
    approve(secretary, address)
    operate(secretary, address, "archive")
    approve(secretary, address)

    page = writer.get(address)
    form_to(page, "/sign-for").submit(status=303)
    assert "sign-for" not in writer.get(address).text
    clock.advance(minutes=2)
    office.work()

    with office.site.database.read_session() as session:
        item = session.scalars(select(Item)).one()
        document = session.get_one(OfficialDocument, item.id)
    year = clock.now().astimezone(ZoneInfo("Asia/Shanghai")).year
    assert item.number == f"院发〔{year}〕1号"
    kept = f"/documents/register/documents/{item.public_id}"
    with zipfile.ZipFile(io.BytesIO(secretary.get(f"{kept}/package").body)) as package:
        final = package.read("body/final.pdf")
        manifest = json.loads(package.read("manifest.json"))
        receipts = json.loads(package.read("register/receipts.json"))
        history = json.loads(package.read("history/history.json"))
    assert {one["path"]: one["sha256"] for one in manifest["files"]}["body/final.pdf"] == document.digest
    assert [(one["person"], bool(one["signed_at"])) for one in receipts] == [("王丽", True)]
    assert [one["act"] for one in history] == ["发起"] + ["同意"] * 6
    assert "归档包完整" in form_to(secretary.get(kept), "/verify").submit().text

    words = text_of(final, tmp_path)
    places = [
        words.index(one)
        for one in (
            "文件",
            f"院发〔{year}〕1号",
            "签发人：朴恩雅",
            TITLE,
            "各科室：",
            "一、压实责任",
            "—1—",
        )
    ]
    assert places == sorted(places)
    assert "印发" in words


@pytest.fixture
def converter():
    assert PROGRAMS
    return OfficeConverter(Limits(60, 2048))


def test_an_uploaded_body_keeps_its_tables_and_none_of_its_traces(converter, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in DOCX.items():
            archive.writestr(name, content)
    uploaded = converter.flat_text("定稿.docx", [packed.getvalue()])
    from xinglin_documents.service.official.heading import template_of

    names = (
        "copy_number secrecy urgency issuer_mark number_alone number_signed signatory title recipients attachments "
        "issuer date note copies_to printed_by printed_on"
    )
    places = dict.fromkeys(names.split(), "") | {"title": TITLE, "issuer_mark": "医院文件"}
    filled = flat.fill(template_of(None, ""), places, flat.body_of(uploaded))
    words = text_of(converter.pdf("head.fodt", [flat.choose_fonts(filled, converter.fonts())]), tmp_path)
    for kept in ("定稿保留的文字。新增的文字。", "表格内容", "粗体结尾。", "医院文件", TITLE):
        assert kept in words
    assert "删去" not in words
