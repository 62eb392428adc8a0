"""Pages of logged-in staff: how much CPU and time a request costs, as a multiple of a bare hello."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from benchmarks.cpu import seconds_of
from benchmarks.load import Answers, drive, prepared
from benchmarks.stack import Stack

CLIENTS = 16
WARM = 400
"""PostgreSQL plans a statement anew for its first times on each connection."""
SLICES = 8
SETTLE_SECONDS = 0.5


@dataclass
class Target:
    """A server under load: `alone` and `together` are the requests of one slice by one client and by sixteen."""

    port: int
    pids: list[int]
    source: Iterator[bytes]
    alone: int
    together: int
    used: float = 0.0
    by_one: list[Answers] = field(default_factory=list)
    by_many: list[Answers] = field(default_factory=list)

    def warm(self) -> None:
        drive(self.port, self.source, clients=CLIENTS, count=WARM)

    def slice(self) -> None:
        """A piece of both loads; what is written in batches after the answers belongs to them."""
        before = seconds_of(self.pids)
        self.by_one.append(drive(self.port, self.source, clients=1, count=self.alone))
        self.by_many.append(drive(self.port, self.source, clients=CLIENTS, count=self.together))
        time.sleep(SETTLE_SECONDS)
        self.used += seconds_of(self.pids) - before

    def cost(self) -> Cost:
        alone, together = Answers.of(self.by_one), Answers.of(self.by_many)
        return Cost(1000 * self.used / (alone.count + together.count), alone, together)


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds per request over both loads, alone (one client) and together (16 clients)."""

    cpu: float
    alone: Answers
    together: Answers


def compare(floor: Target, page: Target) -> tuple[Cost, Cost]:
    """Floor and page by turns, in slices that last about as long: others on the machine slow down both alike."""
    for target in (floor, page):
        target.warm()
    for _slice in range(SLICES):
        floor.slice()
        page.slice()
    return floor.cost(), page.cost()


def home(stack: Stack) -> Iterator[bytes]:
    return itertools.cycle(prepared("/", cookie) for cookie in stack.cookies)


def news_list(stack: Stack) -> Iterator[bytes]:
    return itertools.cycle(prepared("/news", cookie) for cookie in stack.cookies)


def news_article(stack: Stack) -> Iterator[bytes]:
    """Each request is the first opening of this notice by this person: a receipt is written every time."""
    pairs = [(cookie, notice) for cookie in stack.cookies for notice in stack.notices]
    random.Random(1).shuffle(pairs)
    for cookie, notice in pairs:
        yield prepared(f"/news/{notice}", cookie)


PAGES: dict[str, Callable[[Stack], Iterator[bytes]]] = {
    "page.home": home,
    "page.news.list": news_list,
    "page.news.article": news_article,
}
