"""A small hospital with its services, imports of workbooks, and a site beside a simulated WeCom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from pluggy import PluginManager
from sqlalchemy import select

from xinglin.audit.service import AuditTrail
from xinglin.kernel.cli_context import CliContext
from xinglin.kernel.db import Database, Session
from xinglin.kernel.plugins import PluginSet
from xinglin.kernel.site import open_site
from xinglin.kernel.worker import WorkerContext
from xinglin.people import roster
from xinglin.people.audience import AudienceService
from xinglin.people.importing import ImportService, Plan, read_file
from xinglin.people.models import Department, ImportRun, Person
from xinglin.people.records import DepartmentRecord, PersonRecord, difference
from xinglin.people.roles import ensure_standard
from xinglin.people.service import PeopleService
from xinglin.testing import simulator as starting
from xinglin.testing.clock import FrozenClock
from xinglin.testing.portal import write_ini
from xinglin.testing.simulator import Simulator
from xinglin.wecom.client import WeComClient
from xinglin_simulators.hospital import load_hospital
from xinglin_simulators.hospital.model import Hospital as Fiction

from .workbooks import DEPARTMENTS, book, save

Rows = Iterable[Sequence[object]]
Importing = Callable[..., ImportRun | None]
TREE = (
    DepartmentRecord("H", "杏林医院"),
    DepartmentRecord("C", "临床", "H", sort_order=1),
    DepartmentRecord("C1", "儿科", "C", sort_order=2),
    DepartmentRecord("C2", "产科", "C", sort_order=1),
    DepartmentRecord("A", "行政", "H", sort_order=2),
    DepartmentRecord("A1", "人事科", "A"),
)


@dataclass
class Hospital:
    """What a test asks the hospital to do."""

    session: Session
    people: PeopleService
    audiences: AudienceService
    departments: dict[str, Department]

    def person(self, staff_no: str, name: str = "张三", department: str = "C1", **fields: object) -> Person:
        """A person; with a WeCom account unless told otherwise."""
        given = {"wecom_userid": f"U{staff_no}", **fields}
        return self.people.create(PersonRecord(staff_no, name, department=department, **given))  # type: ignore[arg-type]


@pytest.fixture
def people(session: Session, clock: FrozenClock, audit: AuditTrail) -> PeopleService:
    return PeopleService(session, clock, audit)


@pytest.fixture
def audiences(session: Session, clock: FrozenClock) -> AudienceService:
    return AudienceService(session, clock)


@pytest.fixture
def hospital(
    session: Session, clock: FrozenClock, audit: AuditTrail, people: PeopleService, audiences: AudienceService
) -> Hospital:
    ensure_standard(session)
    changes = [change for record in TREE if (change := difference(None, record))]
    roster.Writer(session, clock, audit).apply(changes)
    departments = {row.code: row for row in session.scalars(select(Department))}
    return Hospital(session, people, audiences, departments)


@pytest.fixture
def service(session: Session, clock: FrozenClock, audit: AuditTrail) -> ImportService:
    return ImportService(session, clock, audit)


@pytest.fixture
def planning(service: ImportService, tmp_path: Path) -> Callable[..., Plan]:
    def plan(people: Rows, departments: Rows = DEPARTMENTS, **arguments: Sequence[str]) -> Plan:
        return service.plan(read_file(save(book(people, departments, **arguments), tmp_path)))

    return plan


@pytest.fixture
def importing(service: ImportService, planning: Callable[..., Plan]) -> Importing:
    def run(
        people: Rows,
        departments: Rows = DEPARTMENTS,
        *,
        allow_removals: bool = False,
        **arguments: Sequence[str],
    ) -> ImportRun | None:
        return service.apply(planning(people, departments, **arguments), allow_removals=allow_removals)

    return run


@pytest.fixture(scope="session")
def fiction() -> Fiction:
    return load_hospital()


@pytest.fixture(scope="session")
def own_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """These tests change contacts, which no reset brings back: a simulator of their own."""
    running = starting.start(tmp_path_factory.mktemp("wecom"), starting.config("http://127.0.0.1:18080"))
    yield running
    running.stop()


@pytest.fixture
def simulator(own_simulator: Simulator) -> Simulator:
    own_simulator.post("reset")
    return own_simulator


@pytest.fixture
def site(
    database: Database, simulator: Simulator, tmp_path: Path, clock: FrozenClock
) -> Iterator[CliContext]:
    opened = open_site(write_ini(tmp_path / "site", database, (), simulator, "", {}), clock=clock)
    yield CliContext(opened)
    opened.database.dispose()


@pytest.fixture
def wecom(site: CliContext) -> WeComClient:
    return WeComClient(site.settings, site.keyring, site.database, site.clock, sleep=lambda _seconds: None)


@pytest.fixture
def worker(site: CliContext, wecom: WeComClient) -> WorkerContext:
    return WorkerContext(
        site.database, site.clock, site.keyring, site.settings, PluginSet(PluginManager("xinglin"), {}), wecom
    )
