"""The one way to do something slow: ``run(operation, owner=widget).success(show).failure(explain)``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Generic, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, QThreadPool, Signal, Slot

from xinglin_admin.api.errors import ApiError

T = TypeVar("T")
Failure = Callable[[ApiError], None]
_THREADS = 4


class ToolDefect(ApiError):
    """The operation raised something unexpected; the exception itself goes to ``sys.excepthook``."""


class Job(Generic[T]):
    """A running operation. Attach the handlers before control goes back to the event loop."""

    def __init__(self, operation: Callable[[], T], owner: QObject) -> None:
        self._operation = operation
        self._owner = owner
        self._on_success: Callable[[T], None] | None = None
        self._on_failure: Failure | None = None

    def success(self, handler: Callable[[T], None]) -> Job[T]:
        self._on_success = handler
        return self

    def failure(self, handler: Failure) -> Job[T]:
        self._on_failure = handler
        return self

    def work(self) -> Callable[[], None]:
        """Do the operation (in a pool thread) and give back what the UI thread has to call."""
        result = self._operation()
        return lambda: self._on_success(result) if self._on_success else None

    def failed(self, error: ApiError) -> Callable[[], None]:
        return lambda: self._on_failure(error) if self._on_failure else None

    def is_wanted(self) -> bool:
        """False once the owner was deleted: its handlers would touch dead widgets."""
        return shiboken6.isValid(self._owner)


class _Courier(QObject):
    """Carries one outcome from the pool thread to the UI thread, where it was made and therefore lives.

    The outcome travels in the courier: a handler that the pool thread let go last would free its widgets there.
    """

    arrived = Signal()

    def __init__(self, job: Job[T]) -> None:
        super().__init__()
        self._job = job
        self.arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def work(self) -> None:
        self._outcome = self._job.failed(ToolDefect())
        try:
            self._outcome = self._job.work()
        except ApiError as error:
            self._outcome = self._job.failed(error)
        finally:
            # RuntimeError: the application has ended and taken the C++ half of this object with it.
            with contextlib.suppress(RuntimeError):
                self.arrived.emit()

    @Slot()
    def _deliver(self) -> None:
        job, outcome = self._job, self._outcome
        del self._job, self._outcome
        _under_way.discard(self)
        self.deleteLater()
        if job.is_wanted():
            outcome()


_under_way: set[_Courier] = set()


def run(operation: Callable[[], T], *, owner: QObject) -> Job[T]:
    """Start ``operation`` in the thread pool; handlers run on the UI thread unless ``owner`` is deleted before."""
    job = Job(operation, owner)
    courier = _Courier(job)
    _under_way.add(courier)
    _pool().start(courier.work)
    return job


def finish(milliseconds: int) -> bool:
    """Wait for running operations when the application ends; False if some are still running."""
    return _pool().waitForDone(milliseconds)


def _pool() -> QThreadPool:
    pool = QThreadPool.globalInstance()
    pool.setMaxThreadCount(_THREADS)
    return pool
