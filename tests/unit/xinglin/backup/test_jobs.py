"""What the worker does by the clock, what the health page says of it, and the alarms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.unit.xinglin.backup.conftest import TOOLS, Hospital, wait_for_the_jobs_thread

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import Actor
from xinglin.backup import jobs
from xinglin.backup.health import health
from xinglin.backup.models import BACKUP, DRILL, BackupRun
from xinglin.backup.runs import Runs
from xinglin.kernel.db import Database
from xinglin.kernel.ini import masked
from xinglin.testing.portal import Portal
from xinglin.types import HealthCheck

MONDAY_NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def due(hospital: Hospital) -> list[str]:
    with hospital.database.read_session() as session:
        return jobs.due(session, hospital.clock.now(), hospital.settings.zone)


def lines(hospital: Hospital) -> dict[str, HealthCheck]:
    with hospital.database.read_session() as session:
        return {line.name: line for line in health(session, hospital.clock, hospital.settings)}


def recorded(database: Database) -> list[tuple[str, str]]:
    with database.read_session() as session:
        query = select(AuditRecord.action, AuditRecord.result).where(AuditRecord.action.like("backup.%"))
        return [(action, result) for action, result in session.execute(query.order_by(AuditRecord.id))]


def test_a_night_and_a_week(hospital: Hospital) -> None:
    assert hospital.clock.now() == MONDAY_NINE
    assert due(hospital) == [BACKUP, DRILL]
    jobs.work(hospital.backups, due(hospital))
    assert due(hospital) == []
    assert recorded(hospital.database) == [("backup.run", "ok"), ("backup.drill", "ok")]
    hospital.clock.advance(hours=17, minutes=29)
    assert due(hospital) == []
    hospital.clock.advance(minutes=1)  # 02:30 at the hospital
    assert due(hospital) == [BACKUP]
    hospital.clock.advance(days=5, hours=1)  # Sunday, 03:30
    assert due(hospital) == [BACKUP]
    hospital.clock.advance(minutes=30)
    assert due(hospital) == [BACKUP, DRILL]


def test_a_failure_is_an_alarm_and_is_tried_again_in_an_hour(hospital: Hospital) -> None:
    hospital.set(backup_folder=hospital.folder / "nowhere" / "backups")
    (hospital.folder / "nowhere").write_text("a file where a folder should be")
    jobs.work(hospital.backups, [BACKUP])
    assert recorded(hospital.database) == [("backup.run", "error")]
    assert BACKUP not in due(hospital)
    line = lines(hospital)["backup"]
    assert not line.is_well
    assert "the last one failed" in line.detail
    hospital.clock.advance(hours=1)
    assert BACKUP in due(hospital)
    (hospital.folder / "nowhere").unlink()
    jobs.work(hospital.backups, [BACKUP])
    assert lines(hospital)["backup"].is_well


def test_health_speaks_of_age(hospital: Hospital) -> None:
    assert not lines(hospital)["backup"].is_well
    jobs.work(hospital.backups, [BACKUP, DRILL])
    found = lines(hospital)
    assert found["backup"].is_well
    assert found["restore drill"].is_well
    assert "2026-11-23 09:00" in found["backup"].detail
    hospital.clock.advance(hours=26)
    assert lines(hospital)["backup"].is_well
    hospital.clock.advance(minutes=1)
    late = lines(hospital)["backup"]
    assert not late.is_well
    assert "xinglin backup run" in late.cure
    assert lines(hospital)["restore drill"].is_well
    hospital.clock.advance(days=7)
    assert not lines(hospital)["restore drill"].is_well


def test_no_backups_are_an_alarm_on_a_real_site_alone(hospital: Hospital) -> None:
    hospital.set(backup_folder=None)
    assert lines(hospital)["backup"].is_well
    hospital.set(public_url="https://oa.hospital.example")
    assert not lines(hospital)["backup"].is_well


def test_a_keeper_of_wal_that_is_not_there_is_told(hospital: Hospital) -> None:
    hospital.set(backup_wal=True)
    found = lines(hospital)
    assert ("wal" in found) == (not hospital.database.is_sqlite)
    if not hospital.database.is_sqlite:
        assert not found["wal"].is_well
        assert "xinglin backup wal" in found["wal"].cure


def test_a_failed_drill_is_noted(hospital: Hospital) -> None:
    doing = Runs(hospital.backups, Actor.system("test"))
    made = doing.backup()
    path = hospital.backups.folder / made.name / "files.sealed"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Exception, match=r"files\.sealed"):
        doing.drill(made.name)
    assert recorded(hospital.database) == [("backup.run", "ok"), ("backup.drill", "error")]
    assert "files.sealed" in lines(hospital)["restore drill"].detail


def test_the_worker_does_it_beside_its_work(
    make_portal: Callable[..., Portal], database: Database, open_folder: Path
) -> None:
    folder = open_folder / "backups"
    tools = {"postgresql_tools": TOOLS, "postgresql_user": "embedded_postgres"}
    portal = make_portal(
        database=database,
        plugins=("portal",),
        backup_folder=folder,
        backup_keys_folder=open_folder / "keynotes",
        **tools,
    )
    portal.work()
    wait_for_the_jobs_thread()
    with portal.session() as (session, _audit):
        done = session.scalars(select(BackupRun).order_by(BackupRun.id)).all()
    assert [(run.kind, run.is_well) for run in done] == [(BACKUP, True), (DRILL, True)]
    checks = {
        line["name"]: line["well"]
        for line in portal.browser().get("/health", expect_errors=True).json["checks"]
    }
    assert checks["backup"]
    assert checks["restore drill"]
    (noted,) = (open_folder / "keynotes").glob("settings-*.ini")
    assert noted.read_text(encoding="utf-8") == masked(portal.site.ini.path.read_text(encoding="utf-8"))
