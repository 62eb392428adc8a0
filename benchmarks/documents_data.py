"""A hundred thousand documents: a few go their real way through the engine, the others are copies of these."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, func, insert, select, text

from benchmarks.documents_flow import Desk
from xinglin.api.db import new_public_id
from xinglin.api.security import GrantService
from xinglin.audit.service import Actor, AuditTrail
from xinglin.auth.models import Administrator
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Session
from xinglin.kernel.site import Site
from xinglin.people.models import Department, Membership, Person, PersonState
from xinglin_documents.models import Box, Entry, EntryState, FlowEvent, Instance, Item
from xinglin_documents.permissions import PERMISSIONS, DocumentsPermission
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.flow.values import Asked

INSTANCES, TO_DOS = 100_000, 2_000
OFFICE = "D062"
"""Whoever leads it has the to-dos: every request for a decision comes by."""
WAYS = 60
CHUNK = 5_000
MOST_STEPS = 8
SEALED = {"documents_instance": ("values",), "documents_event": ("opinion", "changes")}
REQUEST = {
    "title": "购置新生儿暖箱",
    "category": "medical",
    "reason": "现有暖箱已使用八年，故障频发，新生儿科床位周转受到影响，拟购置四台。" * 4,
    "amount": "48000",
    "is_major": False,
}
LEAVE = {
    "type": "annual",
    "from": "2026-03-02T08:00",
    "to": "2026-03-02T17:30",
    "days": 1,
    "reason": "家中有事",
}


@dataclass(frozen=True)
class Work:
    """Who has the to-dos, and the public ids of the documents that wait for that person, each once."""

    person_id: int
    documents: list[str]


@dataclass(frozen=True)
class Pattern:
    """The rows of one document, by table; sealed columns opened."""

    rows: tuple[tuple[Table, dict[str, Any]], ...]


def fill(site: Site) -> Work:
    """The documents of a hospital after some years."""
    desk = Desk.of(site)
    with site.database.session() as session:
        desk.definitions(session).ensure()
        office = _head_of(session, OFFICE)
        _let_manage(session, site, office)
        starters = _starters(session)
    waiting = [_way(desk, one, "request", REQUEST, stop_at=office) for one in starters[: WAYS // 4]]
    ended = [_way(desk, one, "leave", LEAVE) for one in starters]
    with site.database.session() as session:
        patterns = [_pattern(session, site.keyring, one) for one in waiting]
        documents = _copy(session, site.keyring, patterns, TO_DOS - len(patterns))
        _copy(
            session, site.keyring, [_pattern(session, site.keyring, one) for one in ended], INSTANCES - TO_DOS
        )
        if not site.database.is_sqlite:
            _count_on(session)
        session.execute(text("ANALYZE"))
    return Work(office, documents)


def _head_of(session: Session, code: str) -> int:
    query = (
        select(Membership.person_id)
        .join(Department, Department.id == Membership.department_id)
        .where(Department.code == code, Membership.is_leader)
    )
    return session.scalars(query.limit(1)).one()


def _let_manage(session: Session, site: Site, person_id: int) -> None:
    """Somebody must be there whom the engine can ask when nobody else is."""
    clock = site.clock
    administrator = Administrator(
        login="bench", name="bench", password_hash="x", totp_sealed=b"", created_at=clock.now()
    )
    session.add(administrator)
    session.flush()
    audit = AuditTrail(session, Actor.system("bench"), clock, site.keyring)
    grants = GrantService(session, clock, audit, {one.name: one for one in PERMISSIONS}, site.settings.zone)
    person = session.get_one(Person, person_id)
    until = clock.now() + timedelta(days=30)
    grants.grant(administrator, person, DocumentsPermission.MANAGE, department_ids=(), expires_at=until)


def _starters(session: Session) -> list[int]:
    """Staff without a position, each of another department as far as there are."""
    query = (
        select(func.min(Person.id))
        .join(Membership, Membership.person_id == Person.id)
        .where(Person.state == PersonState.ACTIVE, Person.position == "", Membership.is_primary)
        .group_by(Membership.department_id)
    )
    found = sorted(session.scalars(query))
    return list(itertools.islice(itertools.cycle(found), WAYS))


def _way(desk: Desk, starter: int, process: str, values: Mapping[str, Any], stop_at: int = 0) -> int:
    """Start one and approve it until it has ended, or waits for `stop_at`; the id of its item."""
    with desk.flow(starter) as flow:
        item = flow.start(process, dict(values))
    for _step in range(MOST_STEPS):
        person = _asked(desk, item.id)
        if person in (0, stop_at):
            break
        with desk.flow(person) as flow:
            flow.act(item.public_id, Asked(Act.APPROVE, opinion="同意"))
    return item.id


def _asked(desk: Desk, item_id: int) -> int:
    with desk.site.database.read_session() as session:
        query = select(Entry.person_id).where(
            Entry.item_id == item_id, Entry.box == Box.TO_DO, Entry.state == EntryState.OPEN
        )
        return session.scalar(query.order_by(Entry.id).limit(1)) or 0


def _pattern(session: Session, keyring: Keyring, item_id: int) -> Pattern:
    keys = (Item.id, Instance.id, FlowEvent.instance_id, Entry.item_id)
    tables = [(cast("Table", key.class_.__table__), key) for key in keys]
    rows = [
        (table, _opened(keyring, table, dict(row)))
        for table, key in tables
        for row in session.execute(select(table).where(key == item_id)).mappings()
    ]
    return Pattern(tuple(rows))


def _opened(keyring: Keyring, table: Table, row: dict[str, Any]) -> dict[str, Any]:
    for name in SEALED.get(table.name, ()):
        if row[name] is not None:
            row[name] = keyring.open(row[name], context=_context(table, name, row))
    return row


def _context(table: Table, name: str, row: Mapping[str, Any]) -> str:
    return f"{table.name}.{name}:{row['public_id']}"


def _copy(session: Session, keyring: Keyring, patterns: list[Pattern], count: int) -> list[str]:
    """So many documents after these patterns, each a minute older than the one before; their public ids."""
    last = session.scalars(select(func.max(Item.id))).one()
    made: list[str] = []
    sources = enumerate(itertools.islice(itertools.cycle(patterns), count), 1)
    while part := list(itertools.islice(sources, CHUNK)):
        rows: dict[Table, list[dict[str, Any]]] = {}
        for number, pattern in part:
            made.append(new_public_id())
            for table, row in _aged(keyring, pattern, last + number, made[-1], timedelta(minutes=number)):
                rows.setdefault(table, []).append(row)
        for table, new in rows.items():
            session.execute(insert(table).inline(), new)
    return made


def _aged(
    keyring: Keyring, pattern: Pattern, key: int, public_id: str, age: timedelta
) -> Iterator[tuple[Table, dict[str, Any]]]:
    for table, row in pattern.rows:
        new: dict[str, Any] = {
            name: value - age if isinstance(value, datetime) and name != "due_at" else value
            for name, value in row.items()
        }
        if table.name in ("documents_item", "documents_instance"):
            new |= {"id": key, "public_id": public_id}
        else:
            del new["id"]
            new |= {"item_id": key} if table.name == "documents_entry" else {"instance_id": key}
        if table.name == "documents_item":
            new["external_id"] = public_id
        if table.name == "documents_event":
            new["public_id"] = new_public_id()
        for name in SEALED.get(table.name, ()):
            if new[name] is not None:
                new[name] = keyring.seal(new[name], context=_context(table, name, new))
        yield table, new


def _count_on(session: Session) -> None:
    """The next document gets the next number."""
    last = "SELECT setval(pg_get_serial_sequence('documents_item', 'id'), max(id)) FROM documents_item"
    session.execute(text(last))


SIGNERS = json.dumps(
    {
        "process": "bench_signers",
        "title": "全员签收",
        "category": "公文",
        "subject": "全员签收",
        "form": [{"field": "signers", "title": "签收人", "kind": "persons"}],
        "steps": [
            {
                "step": "sign",
                "title": "签收",
                "by": {"field": "signers"},
                "mode": "all",
                "ratio": 100,
                "when_starter": "skip",
            }
        ],
    },
    ensure_ascii=False,
)
"""A process of one step that everybody has to sign; JSON is YAML."""
