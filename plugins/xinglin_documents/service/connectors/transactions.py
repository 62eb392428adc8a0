"""Short transactions: no lock of ours is held while the OA is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from pyramid.request import Request
from sqlalchemy.orm import Session

from xinglin.api.audit import Actor, AuditTrail
from xinglin.api.files import FileStore
from xinglin.api.push import PushService
from xinglin.api.services import Clock


@dataclass(frozen=True)
class Writing:
    """What belongs to one short transaction, which commits at the end of its block."""

    session: Session
    audit: AuditTrail
    push: PushService
    files: FileStore


class Transactions(Protocol):
    """Where they come from: a request that only reads, or the worker."""

    def reading(self) -> AbstractContextManager[Session]: ...

    def writing(self) -> AbstractContextManager[Writing]: ...


class OfRequest:
    """Those of a request. Its view must not write by itself, else what is written would wait for its end."""

    def __init__(self, request: Request) -> None:
        self._request = request

    @contextmanager
    def reading(self) -> Iterator[Session]:
        session: Session = self._request.db
        session.expire_all()
        yield session

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        request = self._request
        if request.db.info["writes"]:
            raise RuntimeError(
                f"{request.path} asks the OA inside its own transaction. Cure: writes=False at its view"
            )
        with request.writing():
            yield Writing(request.db, request.audit, request.service(PushService), request.files)


class OfWorker:
    """Those of a job: `registry` is that of its context."""

    def __init__(self, registry: Any, clock: Clock, name: str) -> None:
        self._registry = registry
        self._clock = clock
        self._actor = Actor.system(name)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self._registry.database.read_session() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        registry = self._registry
        with registry.database.session() as session:
            audit = AuditTrail(session, self._actor, self._clock, registry.keyring)
            push = PushService(session, self._clock, audit)
            files = FileStore.of(registry.settings, registry.keyring, session, self._clock)
            yield Writing(session, audit, push, files)
