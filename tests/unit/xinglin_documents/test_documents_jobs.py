"""Work by the clock on files: what nobody needs goes, and nothing else."""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from tests.unit.xinglin_documents.official_desk import desk as desk  # noqa: PLC0414 - a fixture

from xinglin.api.db import Base
from xinglin.api.files import FileState, FileStore, StoredFile
from xinglin.audit.models import AuditRecord
from xinglin.testing.wecom import settings_for
from xinglin.types import JobContext
from xinglin_documents.jobs import forget_oa_files, forget_orphans
from xinglin_documents.models import (
    Archive,
    Direction,
    Draft,
    DraftFile,
    FlowEvent,
    InstanceFile,
    OfficialDocument,
    OutsideFile,
    Process,
    Signature,
)
from xinglin_documents.service.orphans import HOLDERS


class Shelf:
    """Files in the store, by the names that the tests give them."""

    def __init__(self, context):
        self.context = context
        registry = context.registry
        self.store = FileStore.of(registry.settings, registry.keyring, context.session, context.clock)

    def file(self, name, plugin="documents"):
        return self.store.save_attachment(
            f"{name}.txt", BytesIO(name.encode()), plugin=plugin, uploaded_by="p"
        )

    def left(self):
        query = select(StoredFile.name).where(StoredFile.state != FileState.REMOVED).order_by(StoredFile.id)
        return [name.removesuffix(".txt") for name in self.context.session.scalars(query)]


@pytest.fixture
def shelf(session, clock, audit, keyring, tmp_path):
    site = SimpleNamespace(settings=settings_for("http://127.0.0.1:9", tmp_path / "site"), keyring=keyring)
    return Shelf(JobContext(session, clock, audit, site))


def hold(desk, shelf):
    """One file in every place that may hold one."""
    session, clock = desk.hospital.session, shelf.context.clock
    item, person, now = desk.signed(), desk.hospital.person("1003"), clock.now()
    event = session.scalars(select(FlowEvent).where(FlowEvent.instance_id == item.id)).first()
    process = session.scalars(select(Process).where(Process.key == "outgoing")).one()
    draft = Draft(person_id=person.id, process_id=process.id, saved_at=now)
    draft.values = {}
    session.add(draft)
    session.flush()
    file = {
        name: shelf.file(name).id for name in ("draft", "form", "signature", "final", "archive", "outside")
    }
    session.add_all(
        [
            DraftFile(draft_id=draft.id, file_id=file["draft"], field="drafts", position=1),
            InstanceFile(
                instance_id=item.id,
                file_id=file["form"],
                field="drafts",
                position=1,
                added_by_id=person.id,
                added_at=now,
            ),
            Signature(event_id=event.id, file_id=file["signature"], digest="", parts={}, mac=""),
            OfficialDocument(
                id=item.id, direction=Direction.OUTGOING, registered_at=now, final_file_id=file["final"]
            ),
            Archive(item_id=item.id, file_id=file["archive"], digest="", archived_at=now),
            OutsideFile(
                source="weaver", external_id="1", person_id=person.id, file_id=file["outside"], fetched_at=now
            ),
        ]
    )
    session.flush()
    return list(file)


def test_files_of_no_document_go_after_a_day(desk, shelf):
    held = hold(desk, shelf)
    shelf.file("orphan")
    shelf.file("of news", plugin="news")
    shelf.context.clock.advance(days=1, minutes=-1)
    shelf.file("of today")
    forget_orphans(shelf.context)
    assert shelf.left() == [*held, "orphan", "of news", "of today"]
    shelf.context.clock.advance(minutes=2)
    forget_orphans(shelf.context)
    forget_orphans(shelf.context)
    assert shelf.left() == [*held, "of news", "of today"]
    acts = select(AuditRecord.action).where(AuditRecord.action == "documents.forget_file")
    assert len(shelf.context.session.scalars(acts).all()) == 1


def test_a_file_in_quarantine_waits_for_the_security_administrator(shelf):
    shelf.file("infected").state = FileState.INFECTED
    shelf.context.session.flush()
    shelf.context.clock.advance(days=9)
    forget_orphans(shelf.context)
    assert shelf.left() == ["infected"]


def test_every_column_that_holds_a_file_is_known():
    """A new table with files must be named in HOLDERS, else its files would be taken away after a day."""
    ours = (table for name, table in Base.metadata.tables.items() if name.startswith("documents_"))
    holding = {
        (table.name, column.name)
        for table in ours
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name == "core_stored_file"
    }
    assert holding == {(column.class_.__tablename__, column.key) for column in HOLDERS}


def test_copies_of_files_of_the_oa_go_after_a_week(desk, shelf):
    hold(desk, shelf)
    shelf.context.clock.advance(days=7, minutes=-1)
    forget_oa_files(shelf.context)
    assert "outside" in shelf.left()
    shelf.context.clock.advance(minutes=2)
    forget_oa_files(shelf.context)
    assert "outside" not in shelf.left()
    assert "archive" in shelf.left()
    assert shelf.context.session.scalars(select(OutsideFile)).all() == []
