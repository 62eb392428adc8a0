"""A site that runs as a hospital runs it, people who use it over HTTP meanwhile, and what is left of their acts."""

from __future__ import annotations

import contextlib
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psutil
import requests
from sqlalchemy import func, select

from xinglin.audit import sealing
from xinglin.audit.models import AuditRecord, AuditSeal
from xinglin.audit.service import Actor, AuditTrail
from xinglin.auth.sessions import Lifetimes, Origin, SessionService
from xinglin.kernel.app import plugins_of
from xinglin.kernel.clock import SystemClock
from xinglin.kernel.site import Site, open_site
from xinglin.kernel.worker import WorkerContext
from xinglin.people.models import Person
from xinglin.push import worker as push_worker
from xinglin.push.models import Delivery, DeliveryState, Message
from xinglin.testing import wecom as at_wecom
from xinglin.testing.clock import FrozenClock
from xinglin.testing.simulator import Simulator
from xinglin_example.models import Thanks

PATIENCE = 240
"""Seconds until something that does not happen fails the test; nothing is measured by it."""
WRITERS = 3
PEOPLE = 1200
LATER = timedelta(minutes=2)
"""The call that a killed worker had begun is repeated when its lease is over: the test moves its clock there."""


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in {PATIENCE} s"
        pause.wait(0.05)


def free_address() -> str:
    """Below the range from which the system gives ports to clients."""
    for port in random.sample(range(21_000, 30_000), 50):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return f"127.0.0.1:{port}"
    raise AssertionError("no free port")


def command(ini: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-W", "ignore", "-m", "xinglin.kernel.entry", "--config", str(ini), *arguments]


@dataclass
class Served:
    """`xinglin serve` of one site."""

    ini: Path
    url: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(command(self.ini, "serve"), stderr=subprocess.DEVNULL)
        wait_for(self.is_up, "the first answer")

    def is_up(self) -> bool:
        assert self.process is None or self.process.poll() is None, "`xinglin serve` ended by itself"
        try:
            return requests.get(f"{self.url}/health", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def family(self) -> list[psutil.Process]:
        """The supervisor and what it started."""
        assert self.process is not None
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children()]

    def child(self, word: str) -> psutil.Process | None:
        for found in self.family()[1:]:
            with contextlib.suppress(psutil.Error):  # one that has just ended
                if word in found.cmdline():
                    return found
        return None

    def kill_child(self, word: str) -> None:
        """Kill -9, and wait until there is another."""
        wait_for(lambda: self.child(word) is not None, f"the start of {word}")
        found = self.child(word)
        assert found is not None
        found.kill()
        wait_for(lambda: self.child(word) not in (None, found), f"the next start of {word}")

    def kill_supervisor(self) -> None:
        """Kill -9 of the supervisor alone: its children must end by themselves, or no next start finds the port free."""
        assert self.process is not None
        children = self.family()[1:]
        self.process.kill()
        self.process.wait()
        wait_for(lambda: not any(map(is_alive, children)), "the end of the orphans")
        self.start()

    def stop(self) -> None:
        """In order, as systemd stops it; killed when it does not end."""
        if self.process is None or self.process.poll() is not None:
            return
        family = self.family()
        self.process.send_signal(signal.SIGTERM)
        try:
            assert self.process.wait(timeout=PATIENCE) == 0
        finally:
            for one in filter(is_alive, family):
                one.kill()
            self.process.wait()


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@dataclass
class Load:
    """Nurses who thank colleagues until `stop`. A request that fails is sent again with its key, as a browser would."""

    url: str
    tokens: list[str]
    acknowledged: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    faults: list[str] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _given_up: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        for number, token in enumerate(self.tokens):
            thread = threading.Thread(target=self._work, args=(number, token), daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Let each finish what it has begun."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=PATIENCE)
            assert not thread.is_alive(), "a request was never answered"
        assert self.faults == []

    def end(self) -> None:
        """Whatever became of the test: begin nothing, and give up what fails."""
        self._stopped.set()
        self._given_up.set()

    def wait_for_more(self, count: int) -> None:
        """Until so many further acts are acknowledged."""
        wanted = len(self.acknowledged) + count
        wait_for(lambda: len(self.acknowledged) >= wanted or bool(self.faults), f"{wanted} acknowledged acts")
        assert self.faults == []

    def _work(self, number: int, token: str) -> None:
        http = requests.Session()
        http.cookies.set("xinglin_session", token)
        http.headers["User-Agent"] = "MicroMessenger wxwork/4.1.30"
        csrf = ""
        for act in range(100_000):
            if self._stopped.is_set():
                break
            text = f"谢谢-{number}-{act}"
            body = {"receiver": f"S{act % PEOPLE:05}", "text": text, "request_key": text.encode().hex()}
            while not (csrf := csrf or self._token(http)) or not self._say(
                http, {**body, "csrf_token": csrf}
            ):
                self.repeated += 1
                self._given_up.wait(0.1)
                if self.faults or self._given_up.is_set():
                    return
            self._stopped.wait(0.05)
        http.close()

    def _token(self, http: requests.Session) -> str:
        with contextlib.suppress(requests.RequestException):
            found = re.search(
                r'name="csrf_token"[^>]*value="([^"]+)"', http.get(f"{self.url}/example", timeout=30).text
            )
            return found[1] if found else ""
        return ""

    def _say(self, http: requests.Session, body: dict[str, str]) -> bool:
        try:
            answer = http.post(f"{self.url}/example", data=body, timeout=30, allow_redirects=False)
        except requests.RequestException:
            return False
        if answer.status_code >= 500:
            return False
        if answer.status_code not in (302, 303) or not answer.headers["Location"].endswith("/example"):
            self.faults.append(f"{answer.status_code} {answer.headers.get('Location')} {answer.text[:3000]}")
            return False
        self.acknowledged[body["text"]] += 1
        return True


def log_in(site: Site) -> list[str]:
    """Colleagues whom WeCom reaches; the session tokens of the first ones."""
    wecom = WorkerContext.of(site, plugins_of(site)).wecom
    userids = sorted({place.userid for place in wecom.member_ids()})[:PEOPLE]
    with site.database.session() as session:
        at_wecom.add_people(session, userids, site.clock)
        trail = AuditTrail(session, Actor.system("test"), site.clock, site.keyring)
        service = SessionService(session, site.clock, trail, Lifetimes.of(site.settings))
        tokens = []
        for person in session.scalars(select(Person).order_by(Person.id).limit(WRITERS)):
            person.confirmed_at = site.clock.now()
            tokens.append(service.begin_person(person, "wecom", Origin()).token)
        for person in session.scalars(select(Person)):
            person.mobile = mobile_of(person)
    return tokens


def mobile_of(person: Person) -> str:
    return f"138{int(person.staff_no[1:]):08}"


def finish(ini: Path) -> None:
    """What the next worker does, without waiting for the lease of the killed one: send the rest, seal the rest."""
    clock = FrozenClock(SystemClock().now() + LATER)
    site = open_site(ini, clock=clock)
    context = WorkerContext.of(site, plugins_of(site))
    while push_worker.run_once(context):
        pass

    def is_sealed() -> bool:
        clock.advance(seconds=2)
        sealing.run_once(site)
        return unsealed(site) == 0

    wait_for(is_sealed, "the last seal")
    site.database.dispose()


def unsealed(site: Site) -> int:
    with site.database.read_session() as session:
        records = session.scalar(select(func.count()).select_from(AuditRecord)) or 0
        return records - int(session.scalar(select(func.sum(AuditSeal.count))) or 0)


def assert_nothing_lost_or_doubled(ini: Path, load: Load, simulator: Simulator) -> None:
    """Acknowledged = stored = recorded = arrived, each once; and the audit trail is well."""
    site = open_site(ini)
    with site.database.read_session() as session:
        stored = Counter(session.scalars(select(Thanks.text)))
        sources = set(session.scalars(select(Thanks.public_id)))
        recorded = Counter(
            session.scalars(select(AuditRecord.object_id).where(AuditRecord.action == "thanks.say"))
        )
        query = select(Thanks.text, Delivery.state).join(Message, Message.source_id == Thanks.public_id)
        states = dict(session.execute(query.join(Delivery, Delivery.message_id == Message.id)).all())
    site.database.dispose()
    assert stored == load.acknowledged
    assert recorded == Counter(sources)
    assert set(states) == set(stored)
    sent = {text for text, state in states.items() if state == DeliveryState.SENT}
    assert {states[text] for text in set(stored) - sent} <= {DeliveryState.UNDELIVERABLE}
    assert Counter(texts_in(simulator)) == Counter(sent)
    done = subprocess.run(command(ini, "audit", "verify"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def texts_in(simulator: Simulator) -> Iterator[str]:
    for message in simulator.get("messages")["messages"]:
        if found := re.search(r"谢谢-\d+-\d+", str(message["content"])):
            assert message["state"] == "delivered"
            yield found[0]
