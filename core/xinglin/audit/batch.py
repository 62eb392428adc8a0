"""Page views in batches: noted by requests, written by one thread, durable within a second."""

from __future__ import annotations

import atexit
import logging
import queue
import threading

from sqlalchemy.exc import SQLAlchemyError

from xinglin.audit.service import Actor, AuditTrail
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database
from xinglin.types import Clock

FLUSH_SECONDS = 0.4
BATCH = 2_000
RETRY_SECONDS = 1.0
logger = logging.getLogger(__name__)


class ViewRecorder:
    """Collects views; the thread starts with the first one and ends with the process, writing what is left."""

    def __init__(self, database: Database, clock: Clock, keyring: Keyring) -> None:
        self._database = database
        self._clock = clock
        self._keyring = keyring
        self._waiting: queue.SimpleQueue[tuple[Actor, str, str]] = queue.SimpleQueue()
        self._start = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, actor: Actor, object_kind: str, object_id: str) -> None:
        """Take note of a view; `actor` is who looked."""
        if self._thread is None:
            self._begin()
        self._waiting.put((actor, object_kind, object_id))

    def flush(self) -> int:
        """Write what waits now; the number of views written."""
        views: list[tuple[Actor, str, str]] = []
        while len(views) < BATCH:
            try:
                views.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        if views:
            self._write(views)
        return len(views)

    def stop(self) -> None:
        """End the thread and write what is left."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self.flush()

    def _begin(self) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="audit-views", daemon=True)
                self._thread.start()
                atexit.register(self.stop)

    def _run(self) -> None:
        while not self._stopped.wait(FLUSH_SECONDS):
            self.flush()

    def _write(self, views: list[tuple[Actor, str, str]]) -> None:
        try:
            with self._database.session() as session:
                trail = AuditTrail(session, Actor.system("views"), self._clock, self._keyring)
                for actor, object_kind, object_id in views:
                    trail.acting_as(actor).record("page.view", object_kind, object_id)
        except SQLAlchemyError:
            logger.exception("%d page views wait for the database to return", len(views))
            for view in views:
                self._waiting.put(view)
            self._stopped.wait(RETRY_SECONDS)
