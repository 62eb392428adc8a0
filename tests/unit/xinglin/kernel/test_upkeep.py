from __future__ import annotations

from typing import Any, cast

from sqlalchemy import select, text

from xinglin.audit.service import AuditTrail
from xinglin.kernel.db import Database
from xinglin.kernel.upkeep import refresh_statistics
from xinglin.people.models import Department
from xinglin.testing.clock import FrozenClock
from xinglin.types import JobContext


def test_the_planner_learns_what_the_tables_hold(
    database: Database, clock: FrozenClock, audit: AuditTrail
) -> None:
    with database.session() as session:
        session.add_all(Department(code=f"D{number}", name=f"科室{number}") for number in range(30))
        session.flush()
        refresh_statistics(JobContext(session, clock, audit, cast("Any", None)))
        assert len(session.scalars(select(Department)).all()) == 30
        if database.is_sqlite:
            known = text("SELECT stat FROM sqlite_stat1 WHERE tbl = 'core_department'")
            assert str(session.scalar(known)).startswith("30 ")
