"""Approving: how long an act takes with all that it writes, how many go at once, and a step with a thousand signers."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, bindparam, insert, select, update
from sqlalchemy.exc import OperationalError

from benchmarks.documents_data import SIGNERS, Work
from benchmarks.documents_flow import Desk
from xinglin.kernel.db import Session
from xinglin.kernel.site import Site, open_site
from xinglin.people.models import Person, PersonState
from xinglin.testing.portal import import_all_models
from xinglin_documents.models import Definition, DefinitionState, Item, Process
from xinglin_documents.service.definitions.versions import digest_of, dress
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.flow.values import Asked

APPROVE = Asked(Act.APPROVE, opinion="同意")
ACTS, WARM = 250, 40
CLIENTS, ACTS_OF_CLIENT, WARM_OF_CLIENT = 8, 60, 8
SIGNER_COUNT = 1_000
MIDDLE = slice(480, 520)
PATIENCE_SECONDS = 300
MOST_TRIES = 20
FLOOR = Table("bench_floor", MetaData(), Column("id", Integer, primary_key=True), Column("text", String(200)))
BARE_UPDATE = update(Item).where(Item.id == bindparam("key")).values(step="x")
BARE_INSERT = insert(FLOOR).values(text="x" * 100).inline()
Job = Callable[[Any], None]


@dataclass(frozen=True)
class Times:
    """Milliseconds of each act."""

    all: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.all)

    @property
    def p99(self) -> float:
        return sorted(self.all)[int(len(self.all) * 0.99)]


@dataclass(frozen=True)
class Rate:
    """Acts a second of all clients together; `retries`: how often a lock was held too long and the act began again."""

    per_second: float
    retries: int


@dataclass(frozen=True)
class Signing:
    """A step with many signers: milliseconds of the start and of an approval in the middle, seconds of all."""

    start: float
    middle: Times
    all_seconds: float


def approve(site: Site, work: Work) -> tuple[Times, Times]:
    """One client: acts, and bare transactions on the same database, by turns."""
    desk, acts, bare = Desk.of(site), [], []
    FLOOR.create(site.database.engine, checkfirst=True)
    keys = _keys(site, work)
    for public_id, key in keys[: WARM + ACTS]:
        acts.append(_timed(partial(_approve, desk, work.person_id, public_id)))
        bare.append(_timed(partial(_bare, site, key)))
    del work.documents[: WARM + ACTS]
    return Times(acts[WARM:]), Times(bare[WARM:])


def rate(site: Site, work: Work) -> tuple[Rate, Rate]:
    """Eight clients, each in a process of its own and on documents of its own; and the same with bare transactions."""
    FLOOR.create(site.database.engine, checkfirst=True)
    count = CLIENTS * (WARM_OF_CLIENT + ACTS_OF_CLIENT)
    keys = _keys(site, work)[:count]
    floor = _together(
        site, work.person_id, [[key for _id, key in keys[one::CLIENTS]] for one in range(CLIENTS)]
    )
    acts = _together(
        site, work.person_id, [[found for found, _ in keys[one::CLIENTS]] for one in range(CLIENTS)]
    )
    del work.documents[:count]
    return acts, floor


def signers(site: Site) -> Signing:
    """One document for a thousand to sign, from its start to its end."""
    desk = Desk.of(site)
    with site.database.session() as session:
        _publish(session, desk)
        active = select(Person.id).where(Person.state == PersonState.ACTIVE).order_by(Person.id)
        starter, *persons = session.scalars(active.limit(SIGNER_COUNT + 1)).all()
    began = time.perf_counter()
    with desk.flow(starter) as flow:
        public_id = flow.start("bench_signers", {"signers": persons}).public_id
    started = time.perf_counter()
    spent = [_timed(partial(_approve, desk, person, public_id)) for person in persons]
    return Signing(1000 * (started - began), Times(spent[MIDDLE]), time.perf_counter() - started)


def _publish(session: Session, desk: Desk) -> None:
    definition = desk.definitions(session).parse(SIGNERS, version=1)
    process = dress(Process(key=definition.key), definition)
    now = desk.site.clock.now()
    session.add(
        Definition(
            process=process,
            version=1,
            state=DefinitionState.LIVE,
            source=SIGNERS,
            digest=digest_of(SIGNERS),
            created_at=now,
            published_at=now,
        )
    )


def _keys(site: Site, work: Work) -> list[tuple[str, int]]:
    """Public ids and ids, in the order of the work."""
    with site.database.read_session() as session:
        rows = session.execute(select(Item.public_id, Item.id).where(Item.public_id.in_(work.documents)))
        known = {public_id: key for public_id, key in rows}  # noqa: C416 - a Row is not typed as a pair
    return [(one, known[one]) for one in work.documents]


def _timed(job: Callable[[], None]) -> float:
    began = time.perf_counter()
    job()
    return 1000 * (time.perf_counter() - began)


def _approve(desk: Desk, person_id: int, public_id: str) -> None:
    with desk.flow(person_id) as flow:
        flow.do(public_id, APPROVE)


def _bare(site: Site, key: int) -> None:
    with site.database.session() as session:
        session.connection().execute(BARE_UPDATE, {"key": key})
        session.connection().execute(BARE_INSERT)


def _together(site: Site, person_id: int, parts: list[list[Any]]) -> Rate:
    """`parts`: public ids to approve, or ids for bare transactions; one list a client."""
    context = multiprocessing.get_context("spawn")
    ready, results = context.Barrier(len(parts) + 1), context.Queue()
    clients = [
        context.Process(target=_client, args=(site.ini.path, person_id, part, ready, results))
        for part in parts
    ]
    for client in clients:
        client.start()
    ready.wait(PATIENCE_SECONDS)
    began = time.perf_counter()
    retries = sum(results.get(timeout=PATIENCE_SECONDS) for _client in clients)
    seconds = time.perf_counter() - began
    for client in clients:
        client.join()
    return Rate(sum(len(part) - WARM_OF_CLIENT for part in parts) / seconds, retries)


def _client(ini: Path, person_id: int, part: list[Any], ready: Any, results: Any) -> None:
    import_all_models()
    site = open_site(ini)
    desk = Desk.of(site)

    def job(one: Any) -> None:
        _bare(site, one) if isinstance(one, int) else _approve(desk, person_id, one)

    for one in part[:WARM_OF_CLIENT]:
        _persistently(job, one)
    ready.wait(PATIENCE_SECONDS)
    results.put(sum(_persistently(job, one) for one in part[WARM_OF_CLIENT:]))


def _persistently(job: Job, one: Any) -> int:
    """As a request does: a busy SQLite is asked again. How often."""
    for tries in range(MOST_TRIES):
        try:
            job(one)
        except OperationalError as error:
            if "database is locked" not in str(error):
                raise
        else:
            return tries
    raise RuntimeError(f"the database was locked at all of {MOST_TRIES} tries")
