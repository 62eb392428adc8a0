"""The processes that come with the portal: put in once, afterwards the hospital's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.types import Clock
from xinglin_documents.models import Definition as Version
from xinglin_documents.models import DefinitionState, Process
from xinglin_documents.service.definitions.parsing import parse
from xinglin_documents.service.definitions.versions import digest_of, dress, next_number
from xinglin_documents.service.engine.definition import Definition

SHIPPED_BY = "xinglin"
"""`Definition.written_by` of what came with the portal; people have their names there."""


@dataclass(frozen=True)
class Shipped:
    text: str
    digest: str
    definition: Definition


@cache
def shipped() -> tuple[Shipped, ...]:
    """All that come with this release, in the order of lists."""
    folder = files("xinglin_documents") / "data" / "processes"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    texts = [(folder / name).read_text(encoding="utf-8") for name in names]
    found = [Shipped(text, digest_of(text), parse(text)) for text in texts]
    return tuple(sorted(found, key=lambda one: (one.definition.sort_order, one.definition.key)))


def ensure_shipped(session: Session, clock: Clock, audit: AuditTrail) -> int:
    """Put in what is missing; how many were new. Safe to call again and again, and from two programs at once.

    A process that is there already is never changed. If this release brings another text, it becomes a draft for IT to
    look at, unless IT has a draft of its own or has seen this very text before.
    """
    processes = {process.key: process for process in session.scalars(select(Process))}
    missing = [one for one in shipped() if one.definition.key not in processes]
    made = sum(_put_in(session, clock, audit, one) for one in missing)
    for one in shipped():
        if one.definition.key in processes:
            _propose(session, clock, audit, processes[one.definition.key], one)
    return made


def _put_in(session: Session, clock: Clock, audit: AuditTrail, one: Shipped) -> bool:
    now = clock.now()
    process = dress(Process(key=one.definition.key, sort_order=one.definition.sort_order), one.definition)
    version = Version(
        process=process,
        version=1,
        state=DefinitionState.LIVE,
        source=one.text,
        digest=one.digest,
        written_by=SHIPPED_BY,
        created_at=now,
        published_at=now,
    )
    try:
        with session.begin_nested():
            session.add_all([process, version])
    except IntegrityError:  # another program was faster
        return False
    after = {"version": 1, "digest": one.digest, "reason": SHIPPED_BY}
    audit.record("documents.publish_process", "process", process.key, after=after)
    return True


def _propose(session: Session, clock: Clock, audit: AuditTrail, process: Process, one: Shipped) -> None:
    rows = list(_known(session, process))
    own_draft = any(state == DefinitionState.DRAFT and by != SHIPPED_BY for _digest, state, by in rows)
    if own_draft or any(digest == one.digest for digest, _state, _by in rows):
        return
    for old in session.scalars(
        select(Version).where(Version.process_id == process.id, Version.state == DefinitionState.DRAFT)
    ).all():
        session.delete(old)
    session.flush()
    version = Version(
        process_id=process.id,
        version=next_number(session, process),
        state=DefinitionState.DRAFT,
        source=one.text,
        digest=one.digest,
        written_by=SHIPPED_BY,
        created_at=clock.now(),
    )
    session.add(version)
    session.flush()
    after = {"version": version.version, "digest": one.digest}
    audit.record("documents.propose_process", "process", process.key, after=after)


def _known(session: Session, process: Process) -> Iterator[tuple[str, str, str]]:
    query = select(Version.digest, Version.state, Version.written_by).where(Version.process_id == process.id)
    for row in session.execute(query):
        yield row.digest, row.state, row.written_by
