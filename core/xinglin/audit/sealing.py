"""The sealer, a part of the worker: about once a second it binds what was written since under one more seal.

Nobody waits for it and it locks nothing. Any number of sealers may run: the number of a seal is unique, so that the
slower of two finds its number taken and lets it be.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import BigInteger, Connection, Select, Text, cast, exc, func, or_, select, tuple_
from sqlalchemy.orm import Session, defer

from xinglin.audit import anchors, reading, seals
from xinglin.audit.faults import RECORDED
from xinglin.audit.models import AuditRecord, AuditSeal
from xinglin.audit.seals import Cursor
from xinglin.audit.service import Actor, AuditTrail
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database
from xinglin.kernel.settings import CoreSettings
from xinglin.types import Clock

EVERY = timedelta(seconds=1)
EMPTY_EVERY = timedelta(minutes=10)
"""A quiet time is sealed too, so that a gap between seals never looks like one."""
LATE = timedelta(minutes=2)
"""A record that waits longer for its seal raises the alarm."""
RECORDS = 10_000
logger = logging.getLogger(__name__)


class SealingContext(Protocol):
    """What of the worker's context the sealer uses."""

    @property
    def database(self) -> Database: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def settings(self) -> CoreSettings: ...


def run_once(context: SealingContext) -> int:
    """Seal what waits when a second has passed since the last seal; the number of seals made."""
    with context.database.read_session() as session:
        last = last_seal(session)
        waiting = unsealed_since(session)
    before, now = last, context.clock.now()
    age = now - last.made_at if last else EMPTY_EVERY
    if timedelta() <= age < EVERY:
        return 0
    made = 0
    while seal := _seal_next(context, last, may_be_empty=not made and not timedelta() <= age < EMPTY_EVERY):
        last, made = seal, made + 1
    if made and before and _was_late(before.made_at, waiting, now):
        _mark_late(context, before, made)
    anchors.keep(context, last)
    return made


def unsealed_since(session: Session) -> datetime | None:
    """The moment of the oldest record that no seal holds yet, in UTC."""
    connection, cursor = session.connection(), _start(session, cursor_of(last_seal(session)))
    first = _unsealed(connection, cursor).with_only_columns(AuditRecord.at).limit(1)
    found: datetime | None = session.scalar(first)
    return found


def _was_late(sealed_at: datetime, waiting: datetime | None, now: datetime) -> bool:
    """Nothing was sealed for two minutes although something waited, or not even a quiet time was."""
    gap = now - sealed_at
    return gap > EMPTY_EVERY + LATE or (waiting is not None and min(gap, now - waiting) > LATE)


def _mark_late(context: SealingContext, before: AuditSeal, made: int) -> None:
    """A record that says which seals were made late, sealed in its turn."""
    after = {
        "from": before.made_at.isoformat(),
        "first_seal": before.number + 1,
        "last_seal": before.number + made,
    }
    logger.error(
        "audit records since %s were sealed late: the worker had stopped", after["from"], extra=RECORDED
    )
    with context.database.session() as session:
        trail = AuditTrail(session, Actor.system("sealer"), context.clock, context.keyring)
        trail.record("audit.sealed_late", "audit", after=after, result="error")


def last_seal(session: Session) -> AuditSeal | None:
    """The head of the chain, without its members."""
    query = select(AuditSeal).options(defer(AuditSeal.members)).order_by(AuditSeal.number.desc()).limit(1)
    found = session.scalar(query)
    if found is not None:
        session.expunge(found)
    return found


def cursor_of(seal: AuditSeal | None) -> Cursor:
    return Cursor(seal.cursor_transaction, seal.cursor_id, seal.floor_id) if seal else Cursor()


def _seal_next(context: SealingContext, last: AuditSeal | None, *, may_be_empty: bool) -> AuditSeal | None:
    with context.database.read_session() as session:
        cursor = _start(session, cursor_of(last))
        waiting = list(reading.stored(session.connection(), _waiting(session.connection(), cursor)))
    if not waiting and not may_be_empty:
        return None
    if waiting:
        cursor = Cursor(waiting[-1].transaction_id, waiting[-1].id, cursor.floor)
    members = [record.member for record in waiting]
    seal = seals.make(last, members, cursor, context.clock.now(), context.keyring)
    try:
        with context.database.session() as session:
            session.add(seal)
            session.flush()
            session.expunge(seal)
    except exc.IntegrityError:
        logger.info("another sealer made seal %d", seal.number)
        return None
    return seal


def _start(session: Session, cursor: Cursor) -> Cursor:
    """Where to go on; on a server that counts transactions anew, after a dump was restored, above the greatest sealed id."""
    if session.get_bind().dialect.name == "sqlite":
        return cursor
    oldest: int = session.scalars(select(_oldest_open())).one()
    if cursor.transaction < oldest:
        return cursor
    return Cursor(floor=session.scalar(select(func.max(AuditSeal.last_id))) or 0)


def _waiting(connection: Connection, cursor: Cursor) -> Select[Any]:
    """The next records to seal, in the order of sealing.

    Ids are given before the commit, so on PostgreSQL their order is not that of the commits. A record is taken when
    every transaction up to its own has ended; of those, none can bring another record that stands before the cursor.
    """
    chosen = _unsealed(connection, cursor).limit(RECORDS)
    if connection.dialect.name == "sqlite":
        return chosen
    return chosen.where(
        or_(AuditRecord.transaction_id < _oldest_open(), AuditRecord.transaction_id >= _not_begun())
    )


def _unsealed(connection: Connection, cursor: Cursor) -> Select[Any]:
    """All records that no seal holds yet, also those of transactions that ended before an older one."""
    if connection.dialect.name == "sqlite":
        return reading.query().where(AuditRecord.id > cursor.id).order_by(AuditRecord.id)
    place = tuple_(AuditRecord.transaction_id, AuditRecord.id)
    return (
        reading.query()
        .where(AuditRecord.id > cursor.floor, place > tuple_(cursor.transaction, cursor.id))
        .order_by(AuditRecord.transaction_id, AuditRecord.id)
    )


def _oldest_open() -> Any:
    return cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)


def _not_begun() -> Any:
    """A visible record whose transaction has not begun yet comes from another server, by a dump."""
    return cast(cast(func.pg_snapshot_xmax(func.pg_current_snapshot()), Text), BigInteger)
