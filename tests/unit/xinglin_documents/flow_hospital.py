"""A small hospital with definitions as values, a calendar without pauses and deputies as a table in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from xinglin.api.audit import Actor
from xinglin.api.people import PeopleService
from xinglin.api.push import PushService
from xinglin.api.security import GrantService
from xinglin.auth.models import Administrator
from xinglin.files.service import FileStore
from xinglin.files.storage import Storage
from xinglin.files.vault import Vault
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.roles import ensure_standard
from xinglin_documents.models import Definition as DefinitionRow
from xinglin_documents.models import DefinitionState, Deputy, Process
from xinglin_documents.permissions import PERMISSIONS
from xinglin_documents.push import KINDS
from xinglin_documents.service.engine.definition import (
    ApproverKind,
    Approvers,
    Definition,
    FieldKind,
    FormField,
    Right,
    SignMode,
    SignNode,
)
from xinglin_documents.service.flow.attaching import Attaching
from xinglin_documents.service.flow.managers import GrantedManagers
from xinglin_documents.service.flow.running import Runner
from xinglin_documents.service.flow.service import FlowService
from xinglin_documents.service.forms.signatures import SignatureService
from xinglin_documents.service.inbox.seeing import Looker
from xinglin_documents.service.inbox.service import InboxService

ZONE = ZoneInfo("Asia/Shanghai")
PUSH_KINDS = {one.name: one for one in KINDS}
KNOWN = {one.name: one for one in PERMISSIONS}
TREE = (
    DepartmentRecord("H", "江北市妇女儿童医院"),
    DepartmentRecord("P", "儿科", "H"),
    DepartmentRecord("P1", "儿科一病区", "P"),
    DepartmentRecord("O", "产科", "H"),
)
PEOPLE = (
    ("1001", "单玉梅", "H", {"position": "院长", "leads": ("H",)}),
    ("1002", "王丽", "P", {"position": "科主任", "leads": ("P",)}),
    ("1003", "曾静", "P1", {"roles": ("nurse",)}),
    ("1004", "朴恩雅", "O", {"roles": ("nurse",), "leads": ("O",)}),
    ("1005", "仇英", "O", {"tags": ("采购小组",)}),
)


def person_rule(number):
    return Approvers(ApproverKind.PERSON, number)


def sign(key, *numbers, **changes):
    return SignNode(key, f"{key}审批", approvers=tuple(map(person_rule, numbers)), **changes)


REQUEST = Definition(
    key="request",
    version=1,
    title="请示",
    title_pattern="关于{subject}的请示",
    form=(
        FormField("subject", "事由", FieldKind.TEXT),
        FormField("amount", "金额", FieldKind.MONEY),
        FormField("answer", "批复", FieldKind.TEXT),
        FormField("papers", "附件", FieldKind.FILES),
    ),
    start_fields={"answer": Right.READ},
    nodes=(
        sign("head", "1002", is_batchable=True),
        SignNode(
            "office",
            "会签",
            approvers=(person_rule("1003"), person_rule("1004")),
            mode=SignMode.ALL,
            fields={"answer": Right.EDIT},
        ),
        sign("director", "1001"),
    ),
)


class Calendar:
    """Every second minute is worked, so that the two measures differ."""

    def minutes_between(self, start, end):
        return int((end - start).total_seconds() // 120)

    def after(self, start, minutes):
        return start + timedelta(minutes=2 * minutes)


@dataclass
class Definitions:
    known: dict = field(default_factory=dict)

    def live(self, key):
        return max(self.known[key].values(), key=lambda one: one.version)

    published = live

    def of(self, instance):
        return self.known[instance.definition.process.key][instance.definition.version]


@dataclass
class StandIns:
    """Who acts for whom now: rows of the real table, chains left out."""

    session: object

    def _now(self, at):
        rows = self.session.query(Deputy).all()
        return [row for row in rows if row.starts_at <= at < row.ends_at and row.revoked_at is None]

    def principals_of(self, person_id, at):
        return {row.principal_id: row for row in self._now(at) if row.deputy_id == person_id}

    def deputies_of(self, principal_id, at, process_key):
        return tuple(row.deputy_id for row in self._now(at) if row.principal_id == principal_id)


class Hospital:
    """Services are built anew at each call, as a request does."""

    def __init__(self, session, clock, audit, keyring, folder):
        self.session, self.clock, self.audit, self.keyring = session, clock, audit, keyring
        self.files = FileStore(Vault(Storage(str(folder)), keyring), session, clock)
        self.people = PeopleService(session, clock, audit)
        self.push = PushService(session, clock, audit, kinds=PUSH_KINDS)
        self.definitions, self.deputies = Definitions(), StandIns(session)
        self.persons = {}

    def settle_in(self):
        ensure_standard(self.session)
        for record in TREE:
            self.people.create_department(record)
        for number, name, department, more in PEOPLE:
            self.add_person(number, name, department, **more)
        self.publish(REQUEST)

    def add_person(self, number, name, department, **more):
        record = PersonRecord(number, name, department=department, wecom_userid=f"U{number}", **more)
        self.persons[number] = self.people.create(record)
        return self.persons[number]

    def publish(self, definition):
        process = self.session.query(Process).filter_by(key=definition.key).one_or_none()
        process = process or Process(key=definition.key, title=definition.title)
        row = DefinitionRow(
            process=process,
            version=definition.version,
            state=DefinitionState.LIVE,
            source="",
            digest="",
            created_at=self.clock.now(),
        )
        self.session.add(row)
        self.session.flush()
        self.definitions.known.setdefault(definition.key, {})[definition.version] = definition
        return definition

    def make(self, key, *nodes, **changes):
        return self.publish(replace(REQUEST, key=key, title=key, nodes=nodes, **changes))

    def person(self, number):
        return self.persons[number]

    def looker(self, number, **rights):
        person = self.persons[number]
        standing = self.deputies.principals_of(person.id, self.clock.now())
        principals = {key: tuple(row.processes) for key, row in standing.items()}
        return Looker(person.id, person.name, principals, **rights)

    def runner(self, audit=None):
        audit = audit or self.audit
        managers = GrantedManagers(self.session, self.clock, audit)
        push = PushService(self.session, self.clock, audit, kinds=PUSH_KINDS)
        return Runner(
            self.session,
            self.clock,
            audit,
            push,
            self.definitions,
            Calendar(),
            self.deputies,
            managers,
        )

    def as_(self, number, **rights):
        """The service of one person."""
        person = self.persons[number]
        audit = self.audit.acting_as(Actor("person", person.public_id, person.name))
        return FlowService(
            self.session,
            self.clock,
            audit,
            self.push,
            self.runner(audit),
            self.definitions,
            Calendar(),
            Attaching(
                self.session,
                SignatureService(self.session, audit, self.files, self.keyring),
                person.id,
                person.public_id,
            ),
            self.looker(number, **rights),
            ZONE,
        )

    def inbox(self, number, page_size=20, **rights):
        return InboxService(self.session, self.looker(number, **rights), page_size)

    def start(self, number="1005", key="request", **more):
        values = more.pop("values", {"subject": "购置新生儿暖箱", "amount": "120000"})
        return self.as_(number).start(key, values, **more)

    def put_in(self, principal, deputy, days=7, processes=()):
        now = self.clock.now()
        self.session.add(
            Deputy(
                principal_id=self.persons[principal].id,
                deputy_id=self.persons[deputy].id,
                starts_at=now,
                ends_at=now + timedelta(days=days),
                processes=list(processes),
            )
        )
        self.session.flush()

    def grant(self, number, permission, departments=()):
        administrator = self.session.query(Administrator).first()
        if administrator is None:
            administrator = Administrator(
                login="it", name="信息科", password_hash="x", totp_sealed=b"", created_at=self.clock.now()
            )
            self.session.add(administrator)
            self.session.flush()
        grants = GrantService(self.session, self.clock, self.audit, KNOWN, ZONE)
        end = self.clock.now() + timedelta(days=30)
        return grants.grant(
            administrator, self.persons[number], permission, department_ids=departments, expires_at=end
        )

    def tick(self, minutes=1):
        self.clock.advance(minutes=minutes)


@pytest.fixture
def hospital(session, clock, audit, keyring, tmp_path):
    made = Hospital(session, clock, audit, keyring, tmp_path)
    made.settle_in()
    return made
