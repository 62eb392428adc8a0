"""Page views in batches: noted by requests, written by one thread, durable within a second."""

from __future__ import annotations

import atexit
import logging
import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from xinglin.audit.service import Act, Actor, row_of, write
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database
from xinglin.types import Clock

FLUSH_SECONDS = 0.4
BATCH = 2_000
RETRY_SECONDS = 1.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class View:
    """A look at a thing; its record may be written much later."""

    actor: Actor
    object_kind: str
    object_id: str
    at: datetime
    asked: Mapping[str, Any] = field(default_factory=dict)

    def row(self, keyring: Keyring) -> dict[str, Any]:
        details = {"after": dict(self.asked)} if self.asked else {}
        act = Act("page.view", self.object_kind, self.object_id, details=details)
        return row_of(self.actor, act, self.at, keyring)


class ViewRecorder:
    """Collects views; the thread starts with the first one and ends with the process, writing what is left."""

    def __init__(self, database: Database, clock: Clock, keyring: Keyring) -> None:
        self._database = database
        self._clock = clock
        self._keyring = keyring
        self._waiting: queue.SimpleQueue[View] = queue.SimpleQueue()
        self._start = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def note(
        self, actor: Actor, object_kind: str, object_id: str, asked: Mapping[str, Any] | None = None
    ) -> None:
        """Take note of a view; `actor` is who looked, `asked` (JSON values) what for."""
        self._waiting.put(View(actor, object_kind, object_id, self._clock.now(), asked or {}))
        if self._thread is None:
            self._begin()

    def flush(self) -> int:
        """Write what waits now, a batch at most; the number of views written, 0 too while the database is away."""
        views: list[View] = []
        while len(views) < BATCH:
            try:
                views.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return len(views) if views and self._write(views) else 0

    def stop(self) -> None:
        """End the thread and write what is left, as far as the database lets us."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        while self.flush():
            pass

    def _begin(self) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="audit-views", daemon=True)
                self._thread.start()
                atexit.register(self.stop)

    def _run(self) -> None:
        while not self._stopped.wait(FLUSH_SECONDS):
            self.flush()

    def _write(self, views: list[View]) -> bool:
        try:
            with self._database.session() as session:
                write(session, [view.row(self._keyring) for view in views])
        except SQLAlchemyError as error:
            logger.error(
                "%d page views wait for the database to return: %s", len(views), type(error).__name__
            )
            for view in views:
                self._waiting.put(view)
            self._stopped.wait(RETRY_SECONDS)
            return False
        return True
