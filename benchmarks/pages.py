"""Pages of logged-in staff: how much CPU and time a request costs, as a multiple of a bare hello."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import mean

from benchmarks.cpu import seconds_of
from benchmarks.load import Answers, drive, prepared
from benchmarks.stack import Stack

CLIENTS = 16
WARM = 400
"""PostgreSQL plans a statement anew for its first times on each connection."""
SLICES = 16
QUIETEST = SLICES // 4
SETTLE_SECONDS = 0.5


@dataclass(frozen=True)
class Slice:
    """A piece of both loads, by one client (`alone`) and by sixteen (`together`); `used` is CPU seconds."""

    used: float
    alone: Answers
    together: Answers

    @property
    def cpu(self) -> float:
        """Milliseconds per request."""
        return 1000 * self.used / (self.alone.count + self.together.count)


@dataclass
class Target:
    """A server under load: `alone` and `together` are the numbers of requests of one slice."""

    port: int
    pids: list[int]
    source: Iterator[bytes]
    alone: int
    together: int
    slices: list[Slice] = field(default_factory=list)

    def warm(self) -> None:
        drive(self.port, self.source, clients=CLIENTS, count=WARM)

    def slice(self) -> None:
        """What is written in batches after the answers belongs to them."""
        before = seconds_of(self.pids)
        alone = drive(self.port, self.source, clients=1, count=self.alone)
        together = drive(self.port, self.source, clients=CLIENTS, count=self.together)
        time.sleep(SETTLE_SECONDS)
        self.slices.append(Slice(seconds_of(self.pids) - before, alone, together))

    def cost(self) -> Cost:
        """Of the quietest quarter: what others do on the machine only adds, and adds more to a page than to a hello."""
        ordered = sorted(self.slices, key=lambda one: one.cpu)
        quiet = ordered[:QUIETEST]
        return Cost(
            cpu=mean(one.cpu for one in quiet),
            cpu_of_all=mean(one.cpu for one in ordered),
            alone=Answers.of([one.alone for one in quiet]),
            together=Answers.of([one.together for one in quiet]),
        )


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds per request over both loads in the quietest slices, and in all; the answers of the quietest."""

    cpu: float
    cpu_of_all: float
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
