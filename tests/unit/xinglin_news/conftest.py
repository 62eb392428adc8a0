"""A hospital with two wards of paediatrics and one of obstetrics, the columns, an author with a grant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from xinglin.api.audit import Actor
from xinglin.api.people import AudienceService, PeopleService, Term
from xinglin.api.push import PushService
from xinglin.api.security import GrantService, held_grants
from xinglin.auth.models import Administrator
from xinglin.files.service import FileStore
from xinglin.files.storage import Storage
from xinglin.files.vault import Vault
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.roles import ensure_standard
from xinglin_news.models import Column
from xinglin_news.permissions import PERMISSIONS
from xinglin_news.service.addressing import AddressingService
from xinglin_news.service.authority import Authority
from xinglin_news.service.following import FollowingService
from xinglin_news.service.publishing import PublishingService
from xinglin_news.service.reading import ReadingService
from xinglin_news.service.writing import Writing, WritingService

TREE = (
    DepartmentRecord("H", "杏林医院"),
    DepartmentRecord("P", "儿科", "H"),
    DepartmentRecord("P1", "儿科一病区", "P"),
    DepartmentRecord("P2", "儿科二病区", "P"),
    DepartmentRecord("O", "产科", "H"),
)
COLUMNS = (
    Column(key="notices", title="通知公告", reach="hospital", sort_order=1),
    Column(key="must-read", title="必读通知", reach="hospital", is_must_read=True, sort_order=2),
    Column(key="departments", title="科室动态", reach="own_departments", sort_order=3),
)
KNOWN = {one.name: one for one in PERMISSIONS}


def copy(column):
    return Column(
        **{name: getattr(column, name) for name in ("key", "title", "reach", "is_must_read", "sort_order")}
    )


@dataclass
class Author:
    """One author with all that her requests would build."""

    person: object
    writing: WritingService
    addressing: AddressingService
    publishing: PublishingService
    following: FollowingService


class Newsroom:
    """What a test asks for; services are built anew, as a request does, so that grants are read anew."""

    def __init__(self, session, clock, audit, files):
        self.session, self.clock, self.audit, self.files = session, clock, audit, files
        self.people = PeopleService(session, clock, audit)
        self.audiences = AudienceService(session, clock)
        self.push = PushService(session, clock, audit)
        self.departments = {}

    def person(self, staff_no, name, department, **fields):
        record = PersonRecord(staff_no, name, department=department, wecom_userid=f"U{staff_no}", **fields)
        return self.people.create(record)

    def grant(self, person, column="notices", department="P", days=30):
        administrator = self.session.query(Administrator).one()
        grants = GrantService(self.session, self.clock, self.audit, KNOWN, ZoneInfo("Asia/Shanghai"))
        end = self.clock.now() + timedelta(days=days)
        return grants.grant(
            administrator,
            person,
            "news:publish",
            object_key=column,
            department_ids=[self.departments[department].id],
            expires_at=end,
        )

    def author(self, person, *, max_pictures=9, remind_after=timedelta(0)):
        session, clock = self.session, self.clock
        audit = self.audit.acting_as(Actor("person", person.public_id, person.name))
        authority = Authority.of(held_grants(session, person.id, clock.now(), KNOWN))
        return Author(
            person,
            WritingService(
                session, clock, audit, self.files, self.people, authority, person.id, max_pictures
            ),
            AddressingService(session, audit, self.audiences, self.people, authority, "zh_CN"),
            PublishingService(session, clock, audit, self.audiences, self.push, authority),
            FollowingService(
                session, clock, audit, self.audiences, self.push, authority, person.id, remind_after
            ),
        )

    def reader(self, person, page_size=40):
        audit = self.audit.acting_as(Actor("person", person.public_id, person.name))
        return ReadingService(self.session, self.clock, audit, self.push, person.id, page_size)

    def draft(self, author, title="关于春节值班", column="notices", department="P"):
        notice = author.writing.begin(column, self.departments[department].public_id)
        writing = Writing(title, "<p>请各科室<strong>周五前</strong>上报。</p>", None, notice.version)
        author.writing.save(notice, writing)
        return notice

    def tree(self, code):
        return Term("department_tree", self.departments[code].id)


@pytest.fixture
def newsroom(session, clock, audit, keyring, tmp_path):
    ensure_standard(session)
    room = Newsroom(session, clock, audit, FileStore(Vault(Storage(str(tmp_path)), keyring), session, clock))
    room.departments = {record.code: room.people.create_department(record) for record in TREE}
    session.add_all(copy(column) for column in COLUMNS)
    session.add(
        Administrator(login="it", name="信息科", password_hash="x", totp_sealed=b"", created_at=clock.now())
    )
    session.flush()
    return room


@pytest.fixture
def head_nurse(newsroom):
    person = newsroom.person("1001", "王丽", "P")
    newsroom.grant(person)
    return person


@pytest.fixture
def author(newsroom, head_nurse):
    return newsroom.author(head_nurse)


@pytest.fixture
def nurse(newsroom, head_nurse):
    return newsroom.person("1002", "单雪", "P1")


@pytest.fixture
def midwife(newsroom, head_nurse):
    return newsroom.person("1003", "曾静", "O")


@pytest.fixture
def published(newsroom, author, nurse, midwife):
    """A notice for paediatrics: the nurse is addressed, the midwife is not."""
    notice = newsroom.draft(author)
    from xinglin_news.service.addressing import Rule

    author.addressing.save(notice, Rule((newsroom.tree("P"),)))
    author.publishing.publish(notice, notice.version)
    return notice
