"""Two wards and the pharmacy with two 王丽, a process, and the services that forms need: real ones."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw

from xinglin.api.people import PeopleService
from xinglin.files.service import FileStore
from xinglin.files.storage import Storage
from xinglin.files.vault import Vault
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin_documents.models import (
    BUILT_IN,
    Definition,
    FlowEvent,
    Instance,
    Item,
    Process,
)
from xinglin_documents.service.forms.directory import Directory
from xinglin_documents.service.forms.drafts import DraftService
from xinglin_documents.service.forms.phrases import PhraseService
from xinglin_documents.service.forms.schema import FormNeeds
from xinglin_documents.service.forms.signatures import SignatureService
from xinglin_documents.service.inbox.seeing import Looker

ZONE = ZoneInfo("Asia/Shanghai")
TREE = (
    DepartmentRecord("H", "杏林医院"),
    DepartmentRecord("P", "儿科", "H"),
    DepartmentRecord("O", "药学部", "H", name_en="Pharmacy"),
)
STAFF = (("10011", "单玉梅", "P"), ("10021", "王丽", "P"), ("20001", "王丽", "O"))


@dataclass
class Hospital:
    """What one test works with."""

    session: Any
    clock: Any
    audit: Any
    keyring: Any
    people: PeopleService
    files: FileStore

    @classmethod
    def build(cls, session, clock, audit, keyring, folder):
        people = PeopleService(session, clock, audit)
        for record in TREE:
            people.create_department(record)
        for staff_no, name, department in STAFF:
            people.create(PersonRecord(staff_no, name, department=department))
        session.add(Process(key="purchase", title="采购申请"))
        session.flush()
        files = FileStore(Vault(Storage(folder), keyring), session, clock)
        return cls(session, clock, audit, keyring, people, files)

    def person(self, staff_no="10011"):
        return self.people.by_staff_no(staff_no)

    def directory(self, locale="zh_CN"):
        return Directory(self.session, self.people, locale)

    def needs(self, locale="zh_CN"):
        return FormNeeds(locale, ZONE, self.directory(locale))

    def drafts(self, staff_no="10011", principals=None):
        person = self.person(staff_no)
        looker = Looker(person.id, principals=principals or {})
        return DraftService(self.session, self.clock, self.audit, self.files, looker, person.public_id)

    def phrases(self, staff_no="10011"):
        return PhraseService(self.session, self.audit, self.person(staff_no).id)

    def signatures(self):
        return SignatureService(self.session, self.audit, self.files, self.keyring)

    def upload(self, staff_no="10011", name="报价.txt"):
        owner = self.person(staff_no).public_id
        content = BytesIO("报价一：1200 元\n".encode())
        return self.files.save_attachment(name, content, plugin="documents", uploaded_by=owner)

    def running(self, values):
        """A running document with these values."""
        now = self.clock.now()
        item = Item(source=BUILT_IN, external_id="x", title="采购", started_at=now, changed_at=now)
        process = self.session.query(Process).one()
        version = Definition(process_id=process.id, version=1, source="", digest="", created_at=now)
        self.session.add_all([item, version])
        self.session.flush()
        instance = Instance(id=item.id, definition_id=version.id, state={}, values=values)
        self.session.add(instance)
        self.session.flush()
        return instance

    def event(self, instance, sequence, changes=None, opinion="同意。"):
        """An act on it by the head of paediatrics."""
        event = FlowEvent(
            instance_id=instance.id,
            sequence=sequence,
            at=self.clock.now(),
            act="approve",
            actor_id=self.person().id,
            node="head",
            task=sequence,
            opinion=opinion,
            changes=changes,
            effects=[],
        )
        self.session.add(event)
        self.session.flush()
        return event


def signed(is_blank=False):
    """A PNG as the pad makes it."""
    picture = Image.new("RGB", (300, 120), "white")
    if not is_blank:
        ImageDraw.Draw(picture).line([(20, 100), (150, 20), (280, 90)], fill="black", width=6)
    stream = BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
