"""Lines of the health page about backups, the restore drill, the kept WAL and the standby."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from xinglin.backup import runs, wal
from xinglin.backup.models import BACKUP, DRILL
from xinglin.types import HealthCheck

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from xinglin.kernel.settings import CoreSettings
    from xinglin.types import Clock

LATE = {BACKUP: timedelta(hours=26), DRILL: timedelta(days=8)}
NAMES = {BACKUP: "backup", DRILL: "restore drill"}
STANDBYS = (
    "SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum') AND state = 'streaming'"
)

UNSEALED = timedelta(minutes=5)
"""The keeper ends and seals a segment each minute, if anything was written."""
MAY_SWITCH = "SELECT has_function_privilege('pg_switch_wal()', 'execute')"
RECEIVER = """
    SELECT slot.active, receiver.client_addr IS NOT DISTINCT FROM inet_client_addr() AS is_here
    FROM pg_replication_slots slot LEFT JOIN pg_stat_replication receiver ON receiver.pid = slot.active_pid
    WHERE slot.slot_name = :name
"""


def health(session: Session, clock: Clock, settings: CoreSettings) -> list[HealthCheck]:
    """Whether the last backup is younger than 26 hours and the last drill younger than 8 days, and both went well."""
    return [*_backups(session, clock, settings), *_server(session, clock, settings)]


def _backups(session: Session, clock: Clock, settings: CoreSettings) -> Iterator[HealthCheck]:
    if settings.backup_folder is None:
        # A site on https is a real one; a demo needs no backup.
        yield HealthCheck(
            "backup", not settings.is_https, "off", "set backup_folder in [xinglin], see docs/backup.md"
        )
        return
    for kind, name in NAMES.items():
        last, good = runs.newest(session, kind), runs.newest(session, kind, is_well=True)
        said = (
            f"last good {good.started_at.astimezone(settings.zone):%Y-%m-%d %H:%M} ({good.detail})"
            if good
            else "none"
        )
        is_late = good is None or clock.now() - good.started_at > LATE[kind]
        has_failed = last is not None and not last.is_well
        if has_failed:
            said += f"; the last one failed: {last.detail}" if last else ""
        cure = f"xinglin backup {'run' if kind == BACKUP else 'drill'}, and is the worker running?"
        yield HealthCheck(name, not (is_late or has_failed), said, cure if is_late or has_failed else "")


def _server(session: Session, clock: Clock, settings: CoreSettings) -> Iterator[HealthCheck]:
    if session.get_bind().dialect.name == "sqlite":
        return
    if settings.backup_wal:
        yield _wal(session, clock, settings)
    if session.execute(text("SHOW synchronous_standby_names")).scalar_one():
        count = session.execute(text(STANDBYS)).scalar_one()
        cure = (
            "" if count else "start the standby, or see docs/backup.md: without it no write is acknowledged"
        )
        yield HealthCheck("standby", count > 0, f"{count} synchronous", cure)


def _wal(session: Session, clock: Clock, settings: CoreSettings) -> HealthCheck:
    """Received is not yet kept: the keeper must also be able to end a segment, and must have sealed the last ones."""
    if not session.execute(text(MAY_SWITCH)).scalar_one():
        name = session.execute(text("SELECT current_database()")).scalar_one()
        cure = (
            f"as postgres in the database {name} itself (\\c {name}): "
            "GRANT EXECUTE ON FUNCTION pg_switch_wal() TO "
            + session.execute(text("SELECT current_user")).scalar_one()
        )
        return HealthCheck("wal", False, "no segment is ended: the role may not do pg_switch_wal()", cure)
    found = session.execute(text(RECEIVER), {"name": wal.SLOT}).one_or_none()
    if found is None or not found.active:
        cure = "start `xinglin backup wal`: without it the server's disk fills with WAL"
        return HealthCheck("wal", False, "nobody receives it", cure)
    if not found.is_here:
        return HealthCheck("wal", True, "received by another host")
    return _sealed(clock, settings)


def _sealed(clock: Clock, settings: CoreSettings) -> HealthCheck:
    assert settings.backup_folder is not None
    looked = wal.looked_at(settings.backup_folder)
    newest = wal.sealed_at(settings.backup_folder)
    said = f"newest segment {newest.astimezone(settings.zone):%Y-%m-%d %H:%M}" if newest else "no segment yet"
    if looked is None or clock.now() - looked > UNSEALED:
        since = f"since {looked.astimezone(settings.zone):%Y-%m-%d %H:%M}" if looked else "ever"
        cure = (
            f"see what `backup wal` says in the log; is there room in {settings.backup_folder}, "
            "is backup_copy_url reached?"
        )
        return HealthCheck("wal", False, f"received, but nothing was sealed {since}; {said}", cure)
    return HealthCheck("wal", True, f"received and sealed, {said}")
