"""Old records leave the database by whole seals, into a signed file; a tombstone in the chain says so."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, defer

from xinglin.audit import canonical, export, guard, offline, seals
from xinglin.audit.models import AuditRecord, AuditSeal
from xinglin.audit.sealing import cursor_of, last_seal
from xinglin.audit.seals import Tombstone
from xinglin.audit.service import AuditTrail
from xinglin.crypto.service import Keyring

DELETED_AT_ONCE = 500


class ArchiveRefused(Exception):
    """Nothing was archived; the sentence says why and what to do."""


@dataclass(frozen=True)
class Archived:
    """What went into the file."""

    path: Path
    seals: int
    records: int


class Archive:
    """Works in the session's transaction: when it fails the file is worthless and the database as before."""

    def __init__(self, session: Session, audit: AuditTrail, keyring: Keyring) -> None:
        self._session = session
        self._audit = audit
        self._keyring = keyring

    def run(self, folder: Path, before: datetime, now: datetime, retention: timedelta) -> Archived:
        """Archive all seals made before a moment. Raises `ArchiveRefused`: too young, none so old, or not well."""
        if before > now - retention:
            days = f"{retention.days} days"
            raise ArchiveRefused(
                f"records stay {days} (audit_retention): choose {now - retention:%Y-%m-%d} or earlier"
            )
        first, through = self._period(before)
        path = folder / f"audit-{first.number:09d}-{through.number:09d}.jsonl"
        written = export.write(self._session, self._keyring, path, now, archive_through=through.number)
        self._check(path)
        tombstone = Tombstone(
            through.number, seals.digest_of(through), written.records, path.name, written.sha256
        )
        with guard.lifted(self._session.connection()):
            self._delete(through.number)
        self._bury(tombstone, now)
        self._audit.record("audit.archive", "audit", path.name, after=asdict(tombstone))
        return Archived(path, written.seals, written.records)

    def _period(self, before: datetime) -> tuple[AuditSeal, AuditSeal]:
        """The first seal, and the last before one that is too young; the head of the chain stays in any case."""
        query = select(AuditSeal).options(defer(AuditSeal.members)).order_by(AuditSeal.number)
        query = query.where(AuditSeal.number < select(func.max(AuditSeal.number)).scalar_subquery())
        young = select(func.min(AuditSeal.number)).where(AuditSeal.made_at >= before)
        limit = self._session.scalar(young)
        query = query.where(AuditSeal.number < limit) if limit is not None else query
        first = self._session.scalar(query.limit(1))
        last = self._session.scalar(query.order_by(None).order_by(AuditSeal.number.desc()).limit(1))
        if first is None or last is None:
            raise ArchiveRefused(f"nothing was sealed before {before:%Y-%m-%d %H:%M} UTC: choose a later day")
        return first, last

    def _check(self, path: Path) -> None:
        bad = offline.check(path, self._keyring).bad
        if bad:
            path.unlink()
            raise ArchiveRefused(
                f"record {bad[0].id} {bad[0].reason}. Cure: `xinglin audit verify`, and find out who did it"
            )

    def _delete(self, through: int) -> None:
        query = select(AuditSeal.members).where(AuditSeal.number <= through).execution_options(yield_per=10)
        for packed in self._session.scalars(query):
            ids = [canonical.member_id(member) for member in seals.members_of(packed)]
            for start in range(0, len(ids), DELETED_AT_ONCE):
                some = AuditRecord.id.in_(ids[start : start + DELETED_AT_ONCE])
                self._session.connection().execute(delete(AuditRecord.__table__).where(some))  # type: ignore[arg-type]
        self._session.connection().execute(
            delete(AuditSeal.__table__).where(AuditSeal.__table__.c.number <= through)  # type: ignore[arg-type]
        )

    def _bury(self, tombstone: Tombstone, now: datetime) -> None:
        head = last_seal(self._session)
        said = json.dumps(asdict(tombstone))
        self._session.add(seals.make(head, [], cursor_of(head), now, self._keyring, said))
        self._session.flush()
