"""The document office of the small hospital: a process of official documents, its series, and who keeps the register."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from tests.unit.xinglin_documents.flow_hospital import ZONE, Hospital, sign

from xinglin.api.audit import Actor
from xinglin.api.people import AudienceService
from xinglin.api.push import PushService
from xinglin_documents.models import Instance, Series
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import Choice, FieldKind, FormField, Official, Right
from xinglin_documents.service.flow.values import Asked
from xinglin_documents.service.official.archiving import ArchiveService
from xinglin_documents.service.official.distributing import DistributionService
from xinglin_documents.service.official.doing import Doer, OperationService
from xinglin_documents.service.official.numbers import NumberService
from xinglin_documents.service.official.reach import Reach
from xinglin_documents.service.official.receipts import ReceiptService
from xinglin_documents.service.official.registering import RegisterService
from xinglin_documents.service.official.supervising import SupervisionService

WHOLE = Reach(is_granted=True, departments=None)
NOTHING = Reach(is_granted=False, departments=frozenset())
FORM = (
    FormField("title", "标题", FieldKind.TEXT),
    FormField("type", "文种", FieldKind.CHOICE, choices=(Choice("notice", "通知"), Choice("letter", "函"))),
    FormField("recipients", "主送", FieldKind.TEXT),
    FormField("copies_to", "抄送", FieldKind.TEXT),
    FormField("body", "正文", FieldKind.LONG_TEXT),
    FormField("cosigners", "会签人", FieldKind.PERSONS),
    FormField("drafts", "附件", FieldKind.FILES),
    FormField("body_file", "正文文件", FieldKind.FILES),
)
BODY = (
    "为加强院感防控，现就有关事项通知如下。\n一、压实责任\n各科室主任为第一责任人。\n（一）手卫生\n严格执行。"
)
VALUES = {
    "title": "关于做好冬季院感防控工作的通知",
    "type": "notice",
    "recipients": "各科室、各病区",
    "copies_to": "市卫生健康委员会",
    "body": BODY,
}
STEPS = (
    sign("signing", "1001"),
    sign("number", "1002", operations=("issue_number",)),
    sign("head", "1002", operations=("red_head",)),
    sign("seal", "1002", operations=("seal",)),
    sign("send", "1002", operations=("distribute",)),
    sign("archive", "1002", operations=("archive",)),
)


@dataclass
class Desk:
    """Services of the office, built anew at each call."""

    hospital: Hospital

    def parts(self, number):
        hospital, person = self.hospital, self.hospital.person(number)
        audit = hospital.audit.acting_as(Actor("person", person.public_id, person.name))
        push = PushService(hospital.session, hospital.clock, audit)
        return hospital.session, hospital.clock, audit, push, person

    def numbers(self, number="1002", reach=WHOLE):
        session, clock, audit, _push, person = self.parts(number)
        return NumberService(session, clock, audit, ZONE, person.id, reach)

    def distribution(self, number="1002"):
        session, clock, audit, push, person = self.parts(number)
        audiences = AudienceService(session, clock)
        return DistributionService(session, clock, audit, audiences, push, person.id, person.name)

    def receipts(self, number):
        session, clock, audit, push, person = self.parts(number)
        return ReceiptService(session, clock, audit, push, person.id)

    def supervision(self, number, reach=NOTHING):
        session, clock, audit, push, person = self.parts(number)
        return SupervisionService(session, clock, audit, push, person.id, reach)

    def register(self, number="1002", reach=WHOLE):
        session, _clock, audit, _push, person = self.parts(number)
        return RegisterService(session, audit, ZONE, person.id, reach)

    def archive(self, number="1002", reach=WHOLE):
        session, clock, audit, _push, _person = self.parts(number)
        return ArchiveService(session, clock, audit, self.hospital.files, reach)

    def operations(self, number="1002"):
        session, clock, audit, _push, person = self.parts(number)
        doer = Doer(person.id, person.public_id)
        return OperationService(session, clock, audit, doer, self.numbers(number), self.distribution(number))

    def do(self, item, operation, **inputs):
        instance = self.hospital.session.get_one(Instance, item.id)
        definition = self.hospital.definitions.of(instance)
        self.operations().do(item, operation, definition, **inputs)

    def start(self, **how):
        """A document that nobody has approved yet."""
        return self.hospital.as_("1003").start("outgoing", {**VALUES, **how.pop("values", {})}, **how)

    def approve(self, item, number):
        flow = self.hospital.as_(number)
        task = flow.show(item.public_id).entry.task
        flow.act(item.public_id, Asked(Act.APPROVE, task=task))

    def signed(self, **how):
        """A document that the president has approved."""
        item = self.start(**how)
        self.approve(item, "1001")
        return item


@pytest.fixture
def desk(session, clock, audit, keyring, tmp_path):
    hospital = Hospital(session, clock, audit, keyring, tmp_path)
    hospital.settle_in()
    hospital.make(
        "outgoing",
        *STEPS,
        form=FORM,
        title_pattern="{title}",
        start_fields={one.key: Right.EDIT for one in FORM},
        official=Official("outgoing", "yuanfa", "type"),
    )
    session.add_all(
        [
            Series(key="yuanfa", title="院发", pattern="院发〔{year}〕{number}号"),
            Series(
                key="hu",
                title="护理",
                pattern="护〔{year}〕{number}号",
                department_id=hospital.person("1004").memberships[0].department_id,
            ),
        ]
    )
    session.flush()
    return Desk(hospital)
