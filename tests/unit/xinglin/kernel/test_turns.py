from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from xinglin.kernel.turns import Dispatcher

LONG = 30.0


class Work:
    """A task of waitress."""

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function
        self.was_cancelled = False

    def service(self) -> None:
        self._function()

    def cancel(self) -> None:
        self.was_cancelled = True


@contextmanager
def dispatching(threads: int, patience: float) -> Iterator[Dispatcher]:
    dispatcher = Dispatcher(threads, patience)
    try:
        yield dispatcher
    finally:
        dispatcher.shutdown()


def test_one_works_at_a_time() -> None:
    inside, most, done = [0], [0], threading.Semaphore(0)

    def work() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        sum(range(20_000))
        inside[0] -= 1
        done.release()

    with dispatching(threads=4, patience=LONG) as dispatcher:
        for _ in range(50):
            dispatcher.add_task(Work(work))
        assert all(done.acquire(timeout=LONG) for _ in range(50))
    assert most == [1]


def test_a_slow_one_holds_up_nobody() -> None:
    go_on, fast, slow = threading.Event(), threading.Semaphore(0), threading.Event()

    def wait() -> None:
        go_on.wait(LONG)
        slow.set()

    with dispatching(threads=3, patience=0.001) as dispatcher:
        dispatcher.add_task(Work(wait))
        for _ in range(5):
            dispatcher.add_task(Work(fast.release))
        assert all(fast.acquire(timeout=LONG) for _ in range(5)), "while the slow one still works"
        assert not slow.is_set()
        go_on.set()
        assert slow.wait(LONG)


def test_a_failing_one_gives_its_turn_back() -> None:
    done = threading.Event()
    with dispatching(threads=2, patience=LONG) as dispatcher:
        dispatcher.logger.disabled = True
        dispatcher.add_task(Work(lambda: 1 / 0))
        dispatcher.add_task(Work(done.set))
        assert done.wait(LONG)
        dispatcher.logger.disabled = False


def test_what_waits_at_the_end_is_cancelled() -> None:
    go_on, begun = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        go_on.wait(LONG)

    dispatcher = Dispatcher(1, LONG)
    waiting = Work(lambda: None)
    dispatcher.add_task(Work(wait))
    assert begun.wait(LONG)
    dispatcher.add_task(waiting)
    dispatcher.shutdown(timeout=0)
    go_on.set()
    assert waiting.was_cancelled
