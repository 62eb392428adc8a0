"""Documents under load: the inbox and a document of who has thousands, and the rush of approvals while all look."""

from __future__ import annotations

import http.client
import itertools
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from benchmarks.load import prepared
from benchmarks.stack import Stack
from xinglin.auth.csrf import PURPOSE
from xinglin.auth.sessions import hash_token

SESSIONS = 3_000
GETS_A_SECOND = 50
APPROVALS_A_MINUTE = 200
SURGE_SECONDS = 30
CONNECTIONS = 24
GOOD = range(200, 400)


def inbox(stack: Stack) -> Iterator[bytes]:
    """Always of the person with the many to-dos."""
    return itertools.cycle([prepared("/documents", stack.worker)])


def opened(stack: Stack) -> Iterator[bytes]:
    """Each time another of that person's to-dos."""
    paths = [f"/documents/items/{one}" for one in stack.documents.documents]
    return itertools.cycle(prepared(path, stack.worker) for path in paths)


PAGES: dict[str, Callable[[Stack], Iterator[bytes]]] = {"documents.inbox": inbox, "documents.open": opened}


@dataclass(frozen=True)
class Planned:
    """A request and the second at which a person makes it, whether others were answered or not."""

    at: float
    method: str
    path: str
    cookie: str
    body: str = ""


@dataclass
class Surge:
    """Milliseconds from the moment a person tapped to the whole answer; `bad`: neither 2xx nor 3xx, or no answer."""

    gets: list[float] = field(default_factory=list)
    posts: list[float] = field(default_factory=list)
    bad: int = 0

    @staticmethod
    def p95(found: list[float]) -> float:
        return sorted(found)[int(len(found) * 0.95)]


def surge(stack: Stack, *, is_bare: bool = False) -> Surge:
    """200 approvals a minute while 3,000 browse, for half a minute; bare: the same browsing without approvals."""
    found, lock, began = Surge(), threading.Lock(), time.perf_counter()
    work: queue.Queue[Planned] = queue.Queue()

    def serve() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=30)
        while (planned := work.get()).at >= 0:
            is_good = _send(connection, planned)
            spent = 1000 * (time.perf_counter() - began - planned.at)
            with lock:
                (found.gets if planned.method == "GET" else found.posts).append(spent)
                found.bad += not is_good
        connection.close()

    threads = [threading.Thread(target=serve) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for planned in _plan(stack, is_bare=is_bare):
        time.sleep(max(0.0, planned.at - (time.perf_counter() - began)))
        work.put(planned)
    for _thread in threads:
        work.put(Planned(-1, "", "", ""))
    for thread in threads:
        thread.join()
    return found


def _send(connection: http.client.HTTPConnection, planned: Planned) -> bool:
    headers = {"Cookie": planned.cookie, "User-Agent": "wxwork bench"}
    if planned.body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        connection.request(planned.method, planned.path, planned.body or None, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return False
    return answer.status in GOOD


def _plan(stack: Stack, *, is_bare: bool) -> list[Planned]:
    chance = random.Random(1)
    gets = [
        Planned(chance.uniform(0, SURGE_SECONDS), "GET", path, chance.choice(stack.cookies))
        for path in ("/documents", "/")
        for _ in range(GETS_A_SECOND * SURGE_SECONDS // 2)
    ]
    count = 0 if is_bare else APPROVALS_A_MINUTE * SURGE_SECONDS // 60
    posts = [_approval(stack, SURGE_SECONDS * number / count) for number in range(count)]
    return sorted((*gets, *posts), key=lambda one: one.at)


def _approval(stack: Stack, at: float) -> Planned:
    public_id = stack.documents.documents.pop()
    token = hash_token(stack.worker.partition("=")[2])
    csrf = stack.site.keyring.mac(f"session:{token}".encode(), purpose=PURPOSE)
    form = {"category": "medical", "opinion": "同意"}
    body = urlencode({"csrf_token": csrf, "request_key": public_id, **form})
    return Planned(at, "POST", f"/documents/items/{public_id}/approve", stack.worker, body)
