"""Pages of logged-in staff: how much CPU and time a request costs, as a multiple of a bare hello."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.cpu import seconds_of
from benchmarks.load import Answers, drive, prepared
from benchmarks.stack import Stack

ALONE, TOGETHER = 300, 1200
CLIENTS = 16
WARM = 400
"""PostgreSQL plans a statement anew for its first ten times on each connection."""
SETTLE_SECONDS = 1.0


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds per request over both loads, alone (one client) and together (16 clients)."""

    cpu: float
    alone: Answers
    together: Answers


def measure(port: int, pids: list[int], requests: Callable[[], Iterator[bytes]]) -> Cost:
    """Warm up, then one client, then sixteen."""
    source = requests()
    drive(port, source, clients=CLIENTS, count=WARM)
    before = seconds_of(pids)
    alone = drive(port, source, clients=1, count=ALONE)
    together = drive(port, source, clients=CLIENTS, count=TOGETHER)
    time.sleep(SETTLE_SECONDS)  # what is written in batches after the answers belongs to them
    used = seconds_of(pids) - before
    return Cost(1000 * used / (alone.count + together.count), alone, together)


def home(stack: Stack) -> Callable[[], Iterator[bytes]]:
    return lambda: itertools.cycle(prepared("/", cookie) for cookie in stack.cookies)


def news_list(stack: Stack) -> Callable[[], Iterator[bytes]]:
    return lambda: itertools.cycle(prepared("/news", cookie) for cookie in stack.cookies)


def news_article(stack: Stack) -> Callable[[], Iterator[bytes]]:
    """Each request is the first opening of this notice by this person: a receipt is written every time."""

    def requests() -> Iterator[bytes]:
        pairs = [(cookie, notice) for cookie in stack.cookies for notice in stack.notices]
        random.Random(1).shuffle(pairs)
        for cookie, notice in pairs:
            yield prepared(f"/news/{notice}", cookie)

    return requests


PAGES = {"page.home": home, "page.news.list": news_list, "page.news.article": news_article}
