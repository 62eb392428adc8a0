"""A library that lends by permission, a small hospital, and the desk where permissions are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pluggy
import pytest
from sqlalchemy import event, select

from xinglin.admin.directory import DirectoryService
from xinglin.admin.service import GrantDesk
from xinglin.admin.values import NewGrant
from xinglin.audit.service import Actor, AuditTrail
from xinglin.auth.breakglass import create_administrator
from xinglin.auth.grants import GrantService
from xinglin.auth.identity import Identity
from xinglin.auth.models import Administrator
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database, Session
from xinglin.kernel.plugins import PluginSet
from xinglin.kernel.settings import CoreSettings
from xinglin.people.models import Department, Person
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.service import PeopleService
from xinglin.testing.clock import FrozenClock
from xinglin.types import Permission, ScopeObject

ZONE = ZoneInfo("Asia/Shanghai")
SHELVES = [ScopeObject("books", "图书"), ScopeObject("maps", "地图")]
LEND = Permission(
    "library:lend", "Lend", "Lend.", is_delegable=True, has_departments=True, objects=lambda _session: SHELVES
)
ENTER = Permission("library:enter", "Enter", "Enter.", is_delegable=True)
PERMISSIONS = {permission.name: permission for permission in (LEND, ENTER)}


@dataclass
class Library:
    """One database; `desk()` is a request's worth of services in a transaction of its own."""

    database: Database
    clock: FrozenClock
    keyring: Keyring
    folder: Path

    @contextmanager
    def desk(self) -> Iterator[GrantDesk]:
        with self.database.session() as session:
            yield self.services(session)[0]

    @contextmanager
    def directory(self) -> Iterator[DirectoryService]:
        with self.database.session() as session:
            yield self.services(session)[1]

    def services(self, session: Session) -> tuple[GrantDesk, DirectoryService, GrantService]:
        audit = AuditTrail(session, Actor.system("test"), self.clock, self.keyring)
        plugins = PluginSet(pluggy.PluginManager("xinglin"), {}, permissions=PERMISSIONS)
        settings = CoreSettings("杏林", "http://127.0.0.1:1", "", self.folder, self.folder)
        people = PeopleService(session, self.clock, audit)
        directory = DirectoryService(session, people, plugins, settings)
        grants = GrantService(session, self.clock, audit, PERMISSIONS, ZONE)
        return GrantDesk(session, self.clock, grants, directory, PERMISSIONS, ZONE), directory, grants

    def people(self, session: Session) -> PeopleService:
        audit = AuditTrail(session, Actor.system("test"), self.clock, self.keyring)
        return PeopleService(session, self.clock, audit)

    def hire(self, staff_no: str, name: str, department: str = "P") -> None:
        with self.database.session() as session:
            self.people(session).create(PersonRecord(staff_no, name, department=department))

    def identity(self, login: str) -> Identity:
        with self.database.read_session() as session:
            row = session.scalars(select(Administrator).where(Administrator.login == login)).one()
            return _identity("administrator", row.id, row.public_id, row.name)

    def identity_of_person(self, staff_no: str) -> Identity:
        with self.database.read_session() as session:
            row = session.scalars(select(Person).where(Person.staff_no == staff_no)).one()
            return _identity("person", row.id, row.public_id, row.name)

    def wanted(self, staff_no: str = "10011", **fields: object) -> NewGrant:
        """Books for paediatrics, without end."""
        with self.database.read_session() as session:
            person = session.scalars(select(Person.public_id).where(Person.staff_no == staff_no)).one()
            department = session.scalars(select(Department.public_id).where(Department.code == "P")).one()
        values = {
            "person_id": person,
            "permission": "library:lend",
            "object": "books",
            "department_ids": (department,),
            "expires_on": None,
        }
        return NewGrant(**{**values, **fields})


def _identity(kind: str, row_id: int, public_id: str, name: str) -> Identity:
    return Identity(kind, row_id, public_id, name, "", True, "zh_CN", False, "", ())


@pytest.fixture
def library(database: Database, clock: FrozenClock, keyring: Keyring, tmp_path: Path) -> Library:
    made = Library(database, clock, keyring, tmp_path)
    with database.session() as session:
        people = made.people(session)
        for code, name, parent in (
            ("H", "医院", ""),
            ("P", "儿科", "H"),
            ("P1", "一病区", "P"),
            ("O", "药学部", "H"),
        ):
            people.create_department(DepartmentRecord(code, name, parent))
        people.create(PersonRecord("10011", "单玉梅", department="P"))
        people.create(PersonRecord("10021", "王丽", department="P1", other_departments=("P", "O")))
        audit = AuditTrail(session, Actor.system("test"), clock, keyring)
        for login in ("zhou.min", "li.na"):
            create_administrator(session, audit, keyring, login, login.title(), "correct horse", clock=clock)
    return made


@pytest.fixture
def count_statements(database: Database) -> Callable[[Callable[[], object]], int]:
    """How many queries a call sends to the database."""

    def count(call: Callable[[], object]) -> int:
        sent: list[str] = []

        def note(_connection, _cursor, statement, *_more):
            sent.append(statement)

        # The writer is the same engine with another option: it tells the same listeners.
        event.listen(database.engine, "before_cursor_execute", note)
        call()
        event.remove(database.engine, "before_cursor_execute", note)
        return len([statement for statement in sent if statement.startswith("SELECT")])

    return count
