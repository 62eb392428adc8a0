"""What auditing costs: an act with and without its record, and checking a million records."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

from sqlalchemy import select

from benchmarks.stack import SERVER
from xinglin.audit import verify
from xinglin.audit.service import Actor, AuditTrail
from xinglin.crypto.service import Keyring
from xinglin.kernel import tables
from xinglin.kernel.clock import SystemClock
from xinglin.kernel.db import Database, Session
from xinglin.people.models import Department, Membership, Person
from xinglin.testing import trails
from xinglin.testing.databases import start_postgresql

RECORDS = 1_000_000
LEAST_RATE = 100_000
"""Records a second that checking must reach on two cores."""
ACTS = 800
WARM = 50
LI = Actor("person", "p-1", "李护士", session_id="s-1", ip="10.0.0.8", request_id="r-1")
DETAILS = {"before": {"title": "值班表"}, "after": {"title": "春节值班表", "departments": [1, 2, 3]}}


def database_of(backend: str, folder: Path) -> Database:
    """An empty database with all tables."""
    sqlite = f"sqlite:///{folder}/audit.db"
    made = Database(sqlite if backend == "sqlite" else start_postgresql("bench_audit", SERVER))
    tables.METADATA.create_all(made.engine)
    return made


def write(backend: str, folder: Path) -> tuple[float, float]:
    """Median milliseconds of an act with its record and of the same act without, taken in turn."""
    database, keyring, clock = database_of(backend, folder), Keyring.create(folder / "keys"), SystemClock()
    with database.session() as session:
        session.add(Department(code="W", name="病区"))
    costs: dict[bool, list[float]] = {False: [], True: []}
    for number in range(WARM + 2 * ACTS):
        is_audited = bool(number % 2)
        began = time.perf_counter()
        with database.session() as session:
            _act(session, f"N{number}", clock)
            if is_audited:
                AuditTrail(session, LI, clock, keyring).record("person.create", "person", "p-2", **DETAILS)
        if number >= WARM:
            costs[is_audited].append((time.perf_counter() - began) * 1000)
    database.dispose()
    return statistics.median(costs[True]), statistics.median(costs[False])


def _act(session: Session, number: str, clock: SystemClock) -> None:
    """What a form does: looks whether the number is free, finds the ward, adds a person to it."""
    now = clock.now()
    session.scalar(select(Person).where(Person.staff_no == number))
    ward = session.scalars(select(Department).where(Department.code == "W")).one()
    person = Person(staff_no=number, name="李护士", created_at=now, updated_at=now)
    person.memberships.append(Membership(department_id=ward.id, is_primary=True))
    session.add(person)
    session.flush()
    session.scalars(select(Person).where(Person.state == "active", Person.name == "王").limit(20)).all()


def check(backend: str, folder: Path) -> tuple[float, int, int]:
    """Records a second, seconds of the check being what the command would take; records, bad ones."""
    database, keyring = database_of(backend, folder), Keyring.create(folder / "keys")
    trails.fill(database, keyring, RECORDS, SystemClock().now())
    began = time.perf_counter()
    with database.read_session() as session:
        chain = verify.walk(session, keyring, ())
        spans = verify.spans(session)
    checked, bad = 0, len(chain.bad)
    for step in verify.verify_spans(database, keyring, chain, spans, os.cpu_count() or 1):
        if isinstance(step, int):
            checked = step
        else:
            bad += 1
    seconds = time.perf_counter() - began
    database.dispose()
    return checked / seconds, checked, bad
