"""Checking the audit trail: every record as it was written, every sealed one still there, no end cut off."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, and_, func, inspect, or_, select
from sqlalchemy.orm import Session, defer

from xinglin.audit import canonical, chain, merkle, reading, seals
from xinglin.audit.anchors import Anchor
from xinglin.audit.canonical import member
from xinglin.audit.chain import BadRecord, Chain
from xinglin.audit.models import AuditRecord, AuditSeal
from xinglin.audit.reading import Stored
from xinglin.audit.seals import Cursor
from xinglin.audit.service import PURPOSE
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database

SPAN = 50_000
"""Records that one step of the check holds in memory."""


@dataclass(frozen=True)
class Span:
    """Ids above `low` up to `high`, and the seals whose roots are checked with them."""

    low: int | None
    high: int | None
    first_seal: int
    last_seal: int


@dataclass
class Checked:
    """What a span holds: how many records, which are bad, and which no seal holds yet."""

    count: int = 0
    bad: list[BadRecord] = field(default_factory=list)
    loose: list[Stored] = field(default_factory=list)


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(AuditRecord)) or 0


def verify(session: Session, keyring: Keyring, anchors: Sequence[Anchor] = ()) -> Iterator[BadRecord | int]:
    """Yields each bad record, and the number checked after each step. Read the anchors before you begin."""
    found = walk(session, keyring, anchors)
    yield from found.bad
    checked = 0
    for span in spans(session):
        part = check(session.connection(), keyring, span)
        checked += part.count
        yield from sorted((*part.bad, *never_sealed(part.loose, found.cursor)))
        yield checked
    yield from duplicates(session)


def verify_spans(
    database: Database, keyring: Keyring, found: Chain, steps: Sequence[Span], processes: int
) -> Iterator[BadRecord | int]:
    """What follows a `walk`; several steps are shared among processes, which are forked: the caller has no threads."""
    checked = 0
    for part in _parts(database, keyring, steps, processes):
        checked += part.count
        yield from sorted((*part.bad, *never_sealed(part.loose, found.cursor)))
        yield checked
    with database.read_session() as session:
        yield from duplicates(session)


def _parts(database: Database, keyring: Keyring, steps: Sequence[Span], processes: int) -> Iterator[Checked]:
    if len(steps) == 1 or processes == 1:
        with database.read_session() as session:
            yield from (check(session.connection(), keyring, step) for step in steps)
        return
    fork = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(processes, fork, _begin, (database, keyring))
    try:
        yield from pool.map(_check_here, steps)
    finally:
        pool.shutdown(cancel_futures=True)  # the caller may have seen enough


def walk(session: Session, keyring: Keyring, anchors: Sequence[Anchor]) -> Chain:
    """The chain of the database's seals, checked."""
    query = select(AuditSeal).options(defer(AuditSeal.members)).order_by(AuditSeal.number)
    return chain.walk(session.scalars(query.execution_options(yield_per=1_000)), keyring, anchors)


def spans(session: Session) -> list[Span]:
    """The whole space of ids in steps of about `SPAN` records, cut where a seal ends."""
    rows = session.execute(
        select(AuditSeal.number, AuditSeal.last_id, AuditSeal.count).order_by(AuditSeal.number)
    )
    made: list[Span] = []
    low, first, high, held = None, 0, 0, 0
    number = 0
    for number, last_id, members in rows:
        high, held = max(high, last_id), held + members
        if held >= SPAN:
            made.append(Span(low, high, first, number))
            low, first, held = high, number + 1, 0
    return [*made, Span(low, None, first, number)]


def check(connection: Connection, keyring: Keyring, span: Span) -> Checked:
    """Compare the records of a span with their own MACs and with what the seals hold of them."""
    found = Checked()
    members = members_in(connection, span, found)
    mac_of, own_key = keyring.many_macs(purpose=PURPOSE), keyring.key_id
    for page in reading.pages(connection, records_in(span)):
        found.count += len(page)
        for row in page:
            number, event_id, body, key_id, mac, _ = record = reading.from_values(row)
            held = members.pop(number, None)
            if key_id != own_key:
                reason = f"was written under the key {key_id}, this site has {own_key}"
            elif mac != mac_of(body):
                reason = "was changed after it was written, or was not written by the portal"
            elif held is None:
                found.loose.append(record)
                continue
            elif held != member(number, body, key_id, mac):
                reason = "is not the record that was sealed under this id: swapped, moved or replaced"
            else:
                continue
            found.bad.append(BadRecord(number, event_id, reason))
    found.bad += [BadRecord(number, "", "was deleted: its seal still holds it") for number in members]
    found.bad.sort()
    return found


def never_sealed(loose: Sequence[Stored], cursor: Cursor) -> Iterator[BadRecord]:
    """Of the records that no seal holds, those whose turn is over: they came in by a back door."""
    for record in loose:
        place = (record.transaction_id, record.id)
        if record.id <= cursor.floor or place <= (cursor.transaction, cursor.id):
            yield BadRecord(
                record.id, record.event_id, "was never sealed although later ones were: put in afterwards"
            )


def duplicates(session: Session) -> Iterator[BadRecord]:
    """Copies of a record, which only a database without its unique constraint can hold."""
    constraints = inspect(session.connection()).get_unique_constraints(AuditRecord.__tablename__)
    if any(constraint["column_names"] == ["event_id"] for constraint in constraints):
        return
    yield BadRecord(0, "", "the table has lost the constraint that makes event ids unique")
    again = select(AuditRecord.event_id).group_by(AuditRecord.event_id).having(func.count() > 1)
    query = select(func.max(AuditRecord.id), AuditRecord.event_id).where(AuditRecord.event_id.in_(again))
    for number, event_id in session.execute(query.group_by(AuditRecord.event_id)):
        yield BadRecord(number, event_id, "is a copy of another record")


def members_in(connection: Connection, span: Span, found: Checked) -> dict[int, bytes]:
    """Id → member, of the ids of the span; roots of its own seals are checked on the way."""
    seal = AuditSeal.__table__.c
    own = seal.number.between(span.first_seal, span.last_seal)
    touching = [seal.count > 0]
    touching += [seal.last_id > span.low] if span.low is not None else []
    touching += [seal.first_id <= span.high] if span.high is not None else []
    query = select(seal.number, seal.first_id, seal.count, seal.root, seal.members)
    members: dict[int, bytes] = {}
    for number, first_id, held, root, packed in connection.execute(query.where(or_(own, and_(*touching)))):
        parts = list(seals.members_of(packed))
        if span.first_seal <= number <= span.last_seal and (len(parts) != held or merkle.root(parts) != root):
            found.bad.append(BadRecord(first_id, "", f"seal {number} does not fit its list of records"))
        members.update((canonical.member_id(part), part) for part in parts)
    if span.low is None and span.high is None:
        return members
    low = -(2**63) if span.low is None else span.low
    high = 2**63 if span.high is None else span.high
    return {number: part for number, part in members.items() if low < number <= high}


def records_in(span: Span) -> Select[Any]:
    """The query of a span's records, by id."""
    query = reading.query().order_by(AuditRecord.id)
    query = query.where(AuditRecord.id > span.low) if span.low is not None else query
    return query.where(AuditRecord.id <= span.high) if span.high is not None else query


_site: tuple[Database, Keyring]


def _begin(database: Database, keyring: Keyring) -> None:
    """In a forked process: connections are its own, the key ring is inherited."""
    global _site  # noqa: PLW0603 - how a pool of processes hands on what cannot be pickled
    _site = Database(database.url.render_as_string(hide_password=False), pool_size=1), keyring


def _check_here(span: Span) -> Checked:
    database, keyring = _site
    with database.read_session() as session:
        return check(session.connection(), keyring, span)
