"""Exactly once: the worker is killed (-9) at random instants while a message to 1,500 persons goes out."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter

import pytest
from sqlalchemy import func, select

from xinglin.audit.service import Actor, AuditTrail
from xinglin.crypto.service import Keyring
from xinglin.kernel.clock import SystemClock
from xinglin.people.models import Person
from xinglin.push.models import CallState, Delivery, DeliveryState, MessageCall
from xinglin.testing import wecom as at_wecom
from xinglin.wecom.client import WeComClient

KILLS = 12
PERSONS = 1500
TITLE = "杀不死的通知"

# Imports once and forks a fresh worker for each line, so that a kill costs no second of imports.
NURSERY = textwrap.dedent(
    """
    import os, sys, time
    from datetime import timedelta
    from pathlib import Path
    from xinglin.crypto.service import Keyring
    from xinglin.kernel.clock import SystemClock
    from xinglin.kernel.db import Database
    from xinglin.kernel.settings import CoreSettings
    from xinglin.push.limits import Limits
    from xinglin.push.worker import run_once
    from xinglin.testing import wecom as at_wecom

    url, wecom, folder = sys.argv[1:]

    def work():
        database, clock = Database(url), SystemClock()
        settings = at_wecom.settings_for(wecom, Path(folder))
        context = at_wecom.worker_context(database, clock, Keyring(Path(folder)), settings)
        limits = Limits(per_call=50, lease=timedelta(seconds=0.5))
        while True:
            if not run_once(context, limits):
                time.sleep(0.05)

    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            work()
        print(child, flush=True)
        os.waitpid(child, 0)
        print("dead", flush=True)
    """
)


@pytest.fixture
def nursery(database, simulator, tmp_path):
    Keyring.create(tmp_path / "site")
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-W", "ignore", "-c", NURSERY, url, simulator.wecom, str(tmp_path / "site")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process
    process.stdin.close()
    process.wait(timeout=60)
    process.stdout.close()


def test_everybody_gets_it_exactly_once(database, simulator, nursery, tmp_path):
    keyring, clock = Keyring(tmp_path / "site"), SystemClock()
    settings = at_wecom.settings_for(simulator.wecom, tmp_path / "site")
    wecom = WeComClient(settings, keyring, database, clock)
    wecom.upload_media("file", "warm.txt", b"123456")  # the token is known: the kills hit the sending
    userids = sorted({place.userid for place in wecom.member_ids()})[:PERSONS]
    assert len(userids) == PERSONS
    with database.session() as session:
        trail = AuditTrail(session, Actor.system("test"), clock, keyring)
        ids = at_wecom.add_people(session, userids, clock)
        at_wecom.enqueue(session, clock, trail, ids, title=TITLE)
    at_wecom.fault(simulator, "message/send", "latency", 0.08)

    seed = int.from_bytes(os.urandom(4))
    chance = random.Random(seed)
    in_mid_flight = 0
    for _ in range(KILLS):
        worker = _start(nursery)
        time.sleep(chance.uniform(0.05, 0.35))
        in_mid_flight += _open(database) > 0
        _kill(nursery, worker)
    worker = _start(nursery)
    _until_done(database)
    _kill(nursery, worker)

    arrived = simulator.get("delivered", title=TITLE)
    assert in_mid_flight >= 10, f"seed {seed}: the message was out after {in_mid_flight} kills"
    assert set(arrived["per_user"].values()) == {1}, f"seed {seed}: {_doubles(arrived)}"
    assert arrived["dropped"] == {}
    with database.read_session() as session:
        rows = session.execute(
            select(Person.wecom_userid_key, Delivery.state).join(Person, Person.id == Delivery.person_id)
        ).all()
        calls = Counter(session.scalars(select(MessageCall.state)))
    assert set(calls) == {CallState.DONE}
    assert {key for key, state in rows if state == DeliveryState.SENT} == set(arrived["per_user"])
    assert {state for _key, state in rows} <= {DeliveryState.SENT, DeliveryState.UNDELIVERABLE}
    assert len(rows) == PERSONS


def _start(nursery: "subprocess.Popen[str]") -> int:
    nursery.stdin.write("go\n")
    nursery.stdin.flush()
    return int(nursery.stdout.readline())


def _kill(nursery: "subprocess.Popen[str]", worker: int) -> None:
    os.kill(worker, signal.SIGKILL)
    assert nursery.stdout.readline() == "dead\n"


def _open(database) -> int:
    waiting = (DeliveryState.QUEUED, DeliveryState.SENDING)
    with database.read_session() as session:
        return session.scalar(select(func.count()).where(Delivery.state.in_(waiting)))


def _until_done(database) -> None:
    ends = time.monotonic() + 200
    while _open(database):
        assert time.monotonic() < ends, "the last worker did not finish"
        time.sleep(0.05)


def _doubles(arrived) -> dict[str, int]:
    return {userid: count for userid, count in arrived["per_user"].items() if count != 1}
