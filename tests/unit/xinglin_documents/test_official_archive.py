"""Archive packages: all of a document in one file that proves itself, kept, held, removed only when its time is over."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from PIL import Image, ImageDraw
from tests.unit.xinglin_documents.flow_hospital import ZONE
from tests.unit.xinglin_documents.official_desk import desk as desk  # noqa: PLC0414 - a fixture

from xinglin.api.services import NotFound
from xinglin.audit.models import AuditRecord
from xinglin_documents.models import Archive, FlowEvent, InstanceFile, Item, OfficialDocument
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.flow.values import Asked
from xinglin_documents.service.forms.signatures import SignatureService
from xinglin_documents.service.official import archiving
from xinglin_documents.service.official.errors import OfficialRefused
from xinglin_documents.service.official.packing import MANIFEST, Member, faults, pack
from xinglin_documents.service.official.reach import Reach
from xinglin_documents.service.operations import Operation

OPINION = "同意印发<b>尽快</b>"


def attach(desk, item, name, content):
    hospital = desk.hospital
    stored = hospital.files.save_attachment(name, io.BytesIO(content), plugin="documents", uploaded_by="1003")
    hospital.session.add(
        InstanceFile(
            instance_id=item.id,
            file=stored,
            field="drafts",
            position=1,
            added_by_id=hospital.person("1003").id,
            added_at=hospital.clock.now(),
        )
    )
    return stored


def ended(desk):
    """A document with an opinion, a number, an attachment, that was asked to be archived and has ended."""
    hospital = desk.hospital
    item = desk.start()
    attach(desk, item, "自查表.txt", "手卫生自查".encode())
    flow = hospital.as_("1001")
    task = flow.show(item.public_id).entry.task
    flow.act(item.public_id, Asked(Act.APPROVE, task=task, opinion=OPINION))
    desk.do(item, Operation.ISSUE_NUMBER)
    document = hospital.session.get_one(OfficialDocument, item.id)
    document.archive_asked_at = hospital.clock.now()
    item.status = "completed"
    item.ended_at = hospital.clock.now()
    hospital.session.flush()
    return item


def archived(desk):
    item, hospital = ended(desk), desk.hospital
    with package(desk, item) as made:
        archiving.keep(hospital.session, hospital.clock, hospital.audit, hospital.files, item.id, made)
    return item


def package(desk, item):
    hospital = desk.hospital
    return archiving.package_of(hospital.session, hospital.files, ZONE, item.id, hospital.definitions.of)


def opened(desk, item):
    archive = desk.archive().find(item)
    with desk.hospital.files.open(desk.archive().file(archive)) as stream:
        return zipfile.ZipFile(io.BytesIO(stream.read()))


def test_a_package_has_form_opinions_attachments_and_a_manifest(desk):
    item = archived(desk)
    with opened(desk, item) as found:
        names = found.namelist()
        manifest = json.loads(found.read(MANIFEST))
        history = json.loads(found.read("history/history.json"))
        form = {one["title"]: one["value"] for one in json.loads(found.read("form/form.json"))}
        pages = found.read("history/history.html").decode()
        attached = found.read("attachments/001-自查表.txt")
    assert attached == "手卫生自查".encode()
    assert [entry["path"] for entry in manifest["files"]] == names[:-1]
    assert (manifest["number"], manifest["title"]) == (item.number, item.title)
    assert (form["文种"], form["正文"][:6]) == ("通知", "为加强院感防")
    assert [(one["person"], one["act"], one["opinion"]) for one in history] == [
        ("曾静", "发起", ""),
        ("单玉梅", "同意", OPINION),
    ]
    assert "同意印发&lt;b&gt;尽快" in pages
    assert desk.archive().verify(item) == []


def test_only_what_has_ended_is_packed_and_only_once(desk):
    hospital = desk.hospital
    running = desk.signed()
    desk.do(running, Operation.ISSUE_NUMBER)
    hospital.session.get_one(OfficialDocument, running.id).archive_asked_at = hospital.clock.now()
    item = ended(desk)
    assert archiving.waiting(hospital.session) == [item.id]
    for _worker in range(2):
        with package(desk, item) as made:
            archiving.keep(hospital.session, hospital.clock, hospital.audit, hospital.files, item.id, made)
    assert hospital.session.query(Archive).count() == 1
    assert archiving.waiting(hospital.session) == []


def made(**contents):
    out = io.BytesIO()
    pack(out, {"title": "x"}, [Member(name, [text.encode()]) for name, text in contents.items()])
    return out


def rewritten(package_, change):
    """A package with its members changed by somebody who knows how a ZIP is made."""
    out = io.BytesIO()
    with zipfile.ZipFile(package_) as old, zipfile.ZipFile(out, "w") as new:
        contents = {name: old.read(name) for name in old.namelist()}
        change(contents)
        for name, content in contents.items():
            new.writestr(name, content)
    return out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found.update({"a.txt": b"other"}), "a.txt was changed"),
        (lambda found: found.pop("a.txt"), "a.txt is missing"),
        (lambda found: found.update({"c.txt": b"new"}), "c.txt was added"),
    ],
)
def test_what_was_changed_is_named(change, said):
    whole = made(**{"a.txt": "one", "b.txt": "two"})
    import hashlib

    digest = hashlib.sha256(whole.getvalue()).hexdigest()
    assert faults(io.BytesIO(whole.getvalue()), digest) == []
    found = faults(rewritten(whole, change), digest)
    assert found == ["the package is not the one that was sealed", said]


def test_a_package_that_is_no_package_is_said_to_be_one():
    found = faults(io.BytesIO(b"nothing"), "0" * 64)
    assert len(found) == 2
    assert "cannot be read" in found[1]


def test_the_same_document_gives_the_same_bytes():
    assert made(**{"a.txt": "one"}).getvalue() == made(**{"a.txt": "one"}).getvalue()


def test_a_package_is_removed_only_after_its_time_and_without_a_hold(desk):
    item, clock = archived(desk), desk.hospital.clock
    archive = desk.archive()
    with pytest.raises(OfficialRefused, match="must still be kept"):
        archive.remove(item)
    archive.retain(item, clock.now() + timedelta(days=30), "保管期限表：30 天")
    clock.advance(days=31)
    archive.hold(item, "诉讼")
    with pytest.raises(OfficialRefused, match="on hold"):
        archive.remove(item)
    archive.lift(item)
    stored = archive.file(archive.find(item))
    archive.remove(item)
    session = desk.hospital.session
    assert archive.of(item) is None
    assert session.get(type(stored), stored.id) is None
    assert session.get_one(Item, item.id).title
    assert session.get_one(OfficialDocument, item.id).archived_at is not None
    assert session.query(InstanceFile).count() == 1


def test_another_office_neither_finds_nor_checks_it(desk):
    item = archived(desk)
    elsewhere = Reach(True, frozenset({desk.hospital.person("1004").memberships[0].department_id}))
    with pytest.raises(NotFound):
        desk.archive("1004", elsewhere).verify(item)


@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_a_stored_package_that_was_changed_by_one_byte_is_said_to_be_changed(desk, tmp_path, place):
    item = archived(desk)
    stored = stored_package(desk, item, tmp_path)
    content = bytearray(stored.read_bytes())
    content[int(place * (len(content) - 1))] ^= 1
    stored.write_bytes(content)
    assert desk.archive().verify(item) == ["the stored package was changed or is missing"]
    assert verified(desk) == 1


def test_a_stored_package_that_is_missing_is_said_to_be_missing(desk, tmp_path):
    item = archived(desk)
    stored_package(desk, item, tmp_path).unlink()
    assert desk.archive().verify(item) == ["the stored package was changed or is missing"]
    assert verified(desk) == 1


def stored_package(desk, item, folder):
    archive = desk.archive()
    key = archive.file(archive.find(item)).storage_key
    return next(path for path in folder.rglob("*.full") if key.split("/")[-1] in path.name)


def verified(desk):
    query = desk.hospital.session.query(AuditRecord).filter_by(action="documents.verify_archive")
    return query.count()


def test_a_retention_ends_neither_in_the_past_nor_earlier_without_a_reason(desk):
    item, clock, archive = archived(desk), desk.hospital.clock, desk.archive()
    with pytest.raises(OfficialRefused, match="is past"):
        archive.retain(item, clock.now() - timedelta(days=1), "误填")
    with pytest.raises(OfficialRefused, match="shorter time"):
        archive.retain(item, clock.now() + timedelta(days=30), " ")
    archive.retain(item, clock.now() + timedelta(days=30), "保管期限表")
    archive.retain(item, clock.now() + timedelta(days=60))
    with pytest.raises(OfficialRefused, match="shorter time"):
        archive.retain(item, clock.now() + timedelta(days=59))
    assert archive.find(item).retain_until == clock.now() + timedelta(days=60)
    query = desk.hospital.session.query(AuditRecord).filter_by(action="documents.retain")
    assert query.count() == 2


@pytest.mark.parametrize(("is_tampered", "said"), [(False, "核验通过"), (True, "签名后意见或操作有改动")])
def test_the_package_says_whether_its_signatures_hold(desk, keyring, is_tampered, said):
    hospital = desk.hospital
    item = ended(desk)
    signatures = SignatureService(hospital.session, hospital.audit, hospital.files, keyring)
    query = hospital.session.query(FlowEvent).filter_by(instance_id=item.id, act="approve")
    event = query.one()
    signatures.sign(event, ink(), signatures.digest_of(event))
    if is_tampered:
        event.opinion = "不同意"
        hospital.session.flush()
    with archiving.package_of(
        hospital.session, hospital.files, ZONE, item.id, hospital.definitions.of, signatures.verify
    ) as made:
        made.seek(0)
        found = zipfile.ZipFile(io.BytesIO(made.read()))
    history = json.loads(found.read("history/history.json"))
    assert [one["signature"] for one in history] == ["", said]
    assert said in found.read("history/history.html").decode()
    manifest = json.loads(found.read(MANIFEST))
    assert manifest["signatures"] == [{"sequence": event.sequence, "verified": said}]


def ink():
    out = io.BytesIO()
    picture = Image.new("RGBA", (60, 30), (255, 255, 255, 0))
    ImageDraw.Draw(picture).line([(5, 5), (50, 25)], fill=(0, 0, 0, 255), width=3)
    picture.save(out, "PNG")
    return out.getvalue()
