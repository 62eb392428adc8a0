"""Operations of a step: in order, once, with a sentence when they cannot be done; what the red head says."""

import io
from datetime import UTC, datetime

import pytest
from tests.unit.xinglin_documents.flow_hospital import ZONE
from tests.unit.xinglin_documents.official_desk import STEPS
from tests.unit.xinglin_documents.official_desk import desk as desk  # noqa: PLC0414 - a fixture

from xinglin.audit.models import AuditRecord
from xinglin.files.models import FileState, StoredFile
from xinglin_documents.models import Instance, InstanceFile, OfficialDocument, Secrecy, Urgency
from xinglin_documents.service.flow.errors import ActRefused
from xinglin_documents.service.official import flat, heading
from xinglin_documents.service.official.content import content_of, files_of, values_of
from xinglin_documents.service.official.errors import OfficialRefused
from xinglin_documents.service.official.rendering import HeadMaker, Site
from xinglin_documents.service.official.signatories import signatories
from xinglin_documents.service.operations import Operation, undone

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}p"


class Printer:
    """Stands where LibreOffice does, and keeps what it was given."""

    def __init__(self, fault=None):
        self.given, self.fault = [], fault

    def fonts(self):
        return frozenset({"Noto Serif CJK SC", "Noto Sans CJK SC"})

    def pdf(self, name, pieces):
        if self.fault:
            raise self.fault
        self.given.append(b"".join(pieces).decode())
        return PDF


def worker(desk, printer, templates=None):
    hospital = desk.hospital
    site = Site("杏林妇女儿童医院", ZONE, templates)
    return HeadMaker(hospital.session, hospital.clock, hospital.audit, hospital.files, printer, site)


def lines_of(flat_document):
    root = flat._parsed(flat_document.encode())
    leaves = [one for one in root.iter(TEXT) if next(one.iterdescendants(TEXT), None) is None]
    return [text for one in leaves if (text := "".join(one.itertext()).strip())]


def document_of(desk, item):
    return desk.hospital.session.get_one(OfficialDocument, item.id)


def numbered(desk, **how):
    item = desk.signed(**how)
    desk.do(item, Operation.ISSUE_NUMBER)
    return item


def with_head(desk, printer=None, **how):
    item = numbered(desk, **how)
    desk.do(item, Operation.RED_HEAD)
    worker(desk, printer or Printer()).run()
    return item


def recorded(desk):
    query = desk.hospital.session.query(AuditRecord.action).order_by(AuditRecord.id)
    return [action for (action,) in query if action.startswith("documents.")]


def test_a_step_names_what_was_not_done_and_is_not_approved_before(desk):
    item = desk.signed()
    instance = desk.hospital.session.get_one(Instance, item.id)
    assert undone(desk.hospital.session, instance, STEPS[1]) == [Operation.ISSUE_NUMBER]
    with pytest.raises(ActRefused):
        desk.approve(item, "1002")
    desk.do(item, Operation.ISSUE_NUMBER)
    assert undone(desk.hospital.session, instance, STEPS[1]) == []
    desk.approve(item, "1002")
    assert item.step == "head审批"


def test_a_red_head_has_the_parts_of_the_standard_in_their_order(desk):
    printer = Printer()
    item = with_head(desk, printer, urgency=Urgency.MOST_URGENT)
    year = desk.hospital.clock.now().astimezone(ZONE)
    day = f"{year.year}年{year.month}月{year.day}日"
    assert lines_of(printer.given[0]) == [
        "— 1 —",
        "— 2 —",
        "特急",
        "杏林妇女儿童医院文件",
        f"院发〔{year.year}〕1号签发人：单玉梅",
        "关于做好冬季院感防控工作的通知",
        "各科室、各病区：",
        "为加强院感防控，现就有关事项通知如下。",
        "一、压实责任",
        "各科室主任为第一责任人。",
        "（一）手卫生",
        "严格执行。",
        "杏林妇女儿童医院",
        day,
        "抄送：市卫生健康委员会。",
        f"杏林妇女儿童医院办公室{day}印发",
    ]
    assert document_of(desk, item).head_due_at is None


def test_secret_documents_bear_their_secrecy_and_a_copy_number(desk):
    item = numbered(desk)
    item.secrecy = Secrecy.CONFIDENTIAL
    content = content_of(item, values_of(desk.hospital.session, item.id))
    places = heading.places(
        item,
        document_of(desk, item),
        content,
        ["自查表.docx", "附表.xlsx"],
        site_name="医院",
        printed_by="",
        now=datetime(2026, 12, 31, 16, tzinfo=UTC),
        zone=ZONE,
    )
    assert (places["copy_number"], places["secrecy"]) == ("000001", "机密")
    assert places["attachments"] == "1. 自查表\n2. 附表"
    assert places["date"] == "2027年1月1日"


def test_seal_locks_the_document_for_ever(desk):
    item = with_head(desk)
    stored = desk.hospital.session.get_one(StoredFile, document_of(desk, item).final_file_id)
    desk.do(item, Operation.SEAL)
    document = document_of(desk, item)
    assert (document.digest, document.locked_at) == (stored.sha256, desk.hospital.clock.now())
    printer = Printer()
    desk.do(item, Operation.RED_HEAD)
    desk.do(item, Operation.SEAL)
    worker(desk, printer).run()
    assert printer.given == []
    assert document.final_file_id == stored.id
    with desk.hospital.files.open(stored) as stream:
        assert stream.read() == PDF


def test_a_seal_that_comes_while_a_new_head_is_made_keeps_the_sealed_one(desk):
    item = with_head(desk)
    desk.do(item, Operation.RED_HEAD)  # asked once more
    document = document_of(desk, item)
    with pytest.raises(OfficialRefused, match="comes first"):
        desk.do(item, Operation.SEAL)
    worker(desk, Printer()).run()
    desk.do(item, Operation.SEAL)
    assert document.digest


def test_what_comes_too_early_is_refused_with_what_comes_first(desk):
    item = desk.signed()
    for operation, first in (
        (Operation.RED_HEAD, "Issue the number"),
        (Operation.SEAL, "Issue the number"),
        (Operation.ARCHIVE, "Issue the number"),
    ):
        with pytest.raises(OfficialRefused) as refused:
            desk.do(item, operation)
        assert refused.value.message.mapping == {"operation": first}
        assert refused.value.cure
    assert "documents.seal" not in recorded(desk)


def test_a_document_of_a_scanner_is_sealed_only_when_it_was_passed(desk):
    item = with_head(desk)
    stored = desk.hospital.session.get_one(StoredFile, document_of(desk, item).final_file_id)
    stored.state = FileState.PENDING
    with pytest.raises(OfficialRefused, match="being checked"):
        desk.do(item, Operation.SEAL)


def test_the_same_operation_twice_leaves_one_record(desk):
    item = desk.signed()
    for _time in range(3):
        desk.do(item, Operation.ISSUE_NUMBER)
    assert recorded(desk).count("documents.issue_number") == 1
    assert recorded(desk).count("documents.register") == 1


def test_without_a_text_there_is_no_red_head_and_the_page_says_why(desk):
    item = numbered(desk, values={"body": ""})
    with pytest.raises(OfficialRefused, match="no text"):
        desk.do(item, Operation.RED_HEAD)
    assert document_of(desk, item).head_due_at is None
    attach(desk, item, "body_file", "正文.txt", 1)
    desk.do(item, Operation.RED_HEAD)
    assert document_of(desk, item).head_due_at is not None


def test_a_missing_converter_is_tried_again_by_itself(desk):
    from xinglin.api.files import ConverterAway

    item = with_head(desk, Printer(ConverterAway("soffice not found")))
    document = document_of(desk, item)
    assert (document.final_file_id, document.head_attempts) == (None, 1)
    desk.hospital.clock.advance(minutes=2)
    worker(desk, Printer()).run()
    assert document.final_file_id is not None
    assert document.head_problem == ""


def test_a_broken_template_of_it_is_named_and_nothing_is_sealed(desk, tmp_path, caplog):
    (tmp_path / "red_head.fodt").write_bytes(
        heading.template_of(None, "").replace(b"&lt;body&gt;", b"&lt;bodi&gt;")
    )
    item = numbered(desk)
    desk.do(item, Operation.RED_HEAD)
    worker(desk, Printer(), tmp_path).run()
    assert "template" in document_of(desk, item).head_problem
    assert "unknown placeholder bodi" in caplog.text


def test_the_template_of_a_series_goes_before_that_of_all(tmp_path):
    for name in ("red_head", "hu"):
        (tmp_path / f"{name}.fodt").write_bytes(name.encode())
    assert heading.template_of(tmp_path, "hu") == b"hu"
    assert heading.template_of(tmp_path, "yiwu") == b"red_head"
    assert heading.template_of(None, "hu").startswith(b"<?xml")


def test_who_approves_at_a_step_of_the_office_has_not_signed_the_document(desk):
    item = numbered(desk)
    desk.approve(item, "1002")
    session = desk.hospital.session
    assert [one.name for one in signatories(session, item.id)] == ["王丽", "单玉梅"]
    assert [one.name for one in signatories(session, item.id, {"number", "head"})] == ["单玉梅"]
    desk.do(item, Operation.RED_HEAD)
    assert document_of(desk, item).signatory == "单玉梅"


def attach(desk, item, field, name, position):
    hospital = desk.hospital
    stored = hospital.files.save_attachment(
        name, io.BytesIO("正文".encode()), plugin="documents", uploaded_by="x"
    )
    hospital.session.add(
        InstanceFile(
            instance_id=item.id,
            file=stored,
            field=field,
            position=position,
            added_by_id=hospital.person("1003").id,
            added_at=hospital.clock.now(),
        )
    )
    hospital.session.flush()


def test_the_newest_uploaded_body_counts_and_the_others_are_attachments(desk):
    item, hospital = desk.start(), desk.hospital
    for position, (field, name) in enumerate(
        (("body_file", "正文1.txt"), ("drafts", "附表.txt"), ("body_file", "正文2.txt")), 1
    ):
        attach(desk, item, field, name, position)
    body, attachments = files_of(hospital.session, item.id)
    assert body.file.name == "正文2.txt"
    assert [one.file.name for one in attachments] == ["附表.txt"]
