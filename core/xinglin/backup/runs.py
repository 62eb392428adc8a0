"""Backups and drills as acts: done, noted for the health page, and recorded in the audit trail."""

from __future__ import annotations

import logging
import sqlite3
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import exc, select
from sqlalchemy.orm import Session

from xinglin.audit.anchors import AnchorsUnreadable
from xinglin.audit.service import Actor, AuditTrail
from xinglin.backup import drill as drills
from xinglin.backup.drill import Proof
from xinglin.backup.errors import BackupBusy, BackupDamaged, BackupRefused
from xinglin.backup.manifest import Manifest
from xinglin.backup.models import BACKUP, DETAIL, DRILL, BackupRun
from xinglin.backup.service import Backups
from xinglin.backup.shelf import Shelf
from xinglin.crypto.errors import KeyMissing

FAULTS = (
    BackupRefused,
    BackupDamaged,
    AnchorsUnreadable,
    KeyMissing,
    OSError,
    exc.SQLAlchemyError,
    sqlite3.Error,
    tarfile.TarError,
)
"""What ends a backup or drill and is noted; anything else is a defect of ours."""
T = TypeVar("T")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Runs:
    """Does it, and says so, in the name of `actor`."""

    backups: Backups
    actor: Actor

    def backup(self) -> Manifest:
        """Take a backup. Raises one of `FAULTS`, which is noted."""
        return self._noted(BACKUP, "", self.backups.run, _of_backup)

    def drill(self, name: str, shelf: Shelf | None = None) -> Proof:
        """Try the backup `name`. Raises one of `FAULTS`, which is noted; `BackupDamaged` when anything differs."""

        def work() -> Proof:
            proof = drills.drill(self.backups, name, shelf)
            drills.refuse_problems(proof)
            return proof

        return self._noted(DRILL, name, work, _of_drill)

    def _noted(
        self, kind: str, name: str, work: Callable[[], T], said: Callable[[T], tuple[str, dict[str, Any]]]
    ) -> T:
        started_at = self.backups.clock.now()
        try:
            done = work()
        except BackupBusy:
            raise
        except FAULTS as error:
            logger.error("%s failed: %s", kind, error)
            self._note(
                BackupRun(kind=kind, backup=name, started_at=started_at, is_well=False), {"error": str(error)}
            )
            raise
        name, facts = said(done)
        self._note(BackupRun(kind=kind, backup=name, started_at=started_at, is_well=True), facts)
        return done

    def _note(self, run: BackupRun, facts: Mapping[str, Any]) -> None:
        run.finished_at = self.backups.clock.now()
        run.detail = ", ".join(f"{key} {value}" for key, value in facts.items())[:DETAIL]
        with self.backups.database.session() as session:
            session.add(run)
            trail = AuditTrail(session, self.actor, self.backups.clock, self.backups.keyring)
            result = "ok" if run.is_well else "error"
            action = "backup.run" if run.kind == BACKUP else "backup.drill"
            trail.record(action, "backup", run.backup, after=facts, result=result)


def newest(session: Session, kind: str, *, is_well: bool | None = None) -> BackupRun | None:
    """The last run of its kind, or the last that ended so."""
    query = select(BackupRun).where(BackupRun.kind == kind)
    if is_well is not None:
        query = query.where(BackupRun.is_well == is_well)
    return session.scalar(query.order_by(BackupRun.started_at.desc(), BackupRun.id.desc()).limit(1))


def begun(session: Session, kind: str, *, is_well: bool | None = None) -> datetime | None:
    """When that run began."""
    found = newest(session, kind, is_well=is_well)
    return found.started_at if found else None


def _of_backup(done: Manifest) -> tuple[str, dict[str, Any]]:
    return done.name, {"rows": done.rows, "files": done.files, "bytes": done.size}


def _of_drill(done: Proof) -> tuple[str, dict[str, Any]]:
    facts = {
        "rows": done.manifest.rows,
        "files": done.files,
        "audit_records": done.audit_records,
        "attachments": done.attachments,
    }
    return done.manifest.name, facts
