"""Cards change exactly once: the worker is killed (-9) at random instants while dozens of them are to be changed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from sqlalchemy import func, select

from xinglin.api.push import PushService
from xinglin.audit.service import Actor, AuditTrail
from xinglin.crypto.service import Keyring
from xinglin.kernel.clock import SystemClock
from xinglin.push.models import Delivery, DeliveryState, MessageCall
from xinglin.testing import wecom as at_wecom
from xinglin.types import PushKind
from xinglin.wecom.client import WeComClient

KILLS = 10
CARDS = 40
TASK = PushKind("news.task", "Tasks", "Something to do.", can_mute=False, is_task=True)
CHANGE = "message/update_template_card"

# Imports once and forks a fresh worker for each line, so that a kill costs no second of imports.
NURSERY = textwrap.dedent(
    """
    import os, sys, time
    from datetime import timedelta
    from pathlib import Path
    from tests.integration.test_cards_kill import TASK
    from xinglin.crypto.service import Keyring
    from xinglin.kernel.clock import SystemClock
    from xinglin.kernel.db import Database
    from xinglin.push.limits import Limits
    from xinglin.push.worker import run_once
    from xinglin.testing import wecom as at_wecom

    url, wecom, folder = sys.argv[1:]

    def work():
        database, clock = Database(url), SystemClock()
        settings = at_wecom.settings_for(wecom, Path(folder))
        plugins = at_wecom.plugin_set((*at_wecom.KINDS, TASK))
        context = at_wecom.worker_context(database, clock, Keyring(Path(folder)), settings, plugins=plugins)
        limits = Limits(lease=timedelta(seconds=0.5))
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


def test_every_card_says_once_who_did_it(database, simulator, nursery, tmp_path):
    keyring, clock = Keyring(tmp_path / "site"), SystemClock()
    settings = at_wecom.settings_for(simulator.wecom, tmp_path / "site")
    wecom = WeComClient(settings, keyring, database, clock)
    userids = sorted({place.userid for place in wecom.member_ids()})[: 2 * CARDS]
    with database.session() as session:
        push = push_of(session, clock, keyring)
        ids = at_wecom.add_people(session, userids, clock)
        for number, person in enumerate(ids):
            words = {"title": f"待办{number}", "description": "请处理", "path": f"/news/n{number}"}
            push.enqueue(TASK.name, f"n{number}", [person], dedupe_key=f"k{number}", **words)
    worker = start(nursery)
    until(lambda: not waiting(database), "not all cards were sent")
    kill(nursery, worker)
    with database.session() as session:
        push = push_of(session, clock, keyring)
        for number, person in enumerate(ids):
            push.settle(f"n{number}", [person], f"已由王丽{number}处理")
    sent = [(number, one) for number, one in enumerate(userids) if cards(simulator, one)]
    assert len(sent) >= CARDS  # the others are no members of the app
    at_wecom.fault(simulator, CHANGE, "latency", 0.08)

    seed = int.from_bytes(os.urandom(4))
    chance = random.Random(seed)
    in_mid_flight = 0
    for _ in range(KILLS):
        before, worker = due(database), start(nursery)
        until(lambda before=before: due(database) < before or not before, "nothing changes")
        time.sleep(chance.uniform(0, 0.1))
        in_mid_flight += 0 < due(database) < len(sent)
        kill(nursery, worker)
    worker = start(nursery)
    until(lambda: due(database) == 0, "the last worker did not finish")
    kill(nursery, worker)

    assert in_mid_flight >= 3, f"seed {seed}: only {in_mid_flight} kills came between two changes"
    for number, userid in sent:
        (card,) = cards(simulator, userid)
        told = (card["state"], card["replaced_text"])
        assert told == ("updated", f"已由王丽{number}处理"), f"seed {seed}: card {number}"


def push_of(session, clock, keyring):
    audit = AuditTrail(session, Actor.system("test"), clock, keyring)
    return PushService(session, clock, audit, kinds={TASK.name: TASK})


def cards(simulator, userid):
    return simulator.get("messages", userid=userid)["messages"]


def waiting(database):
    """Whether any of the messages is still on its way."""
    states = (DeliveryState.QUEUED, DeliveryState.SENDING)
    with database.read_session() as session:
        return session.scalar(select(func.count()).where(Delivery.state.in_(states)))


def due(database):
    """How many cards are still to be changed."""
    with database.read_session() as session:
        return session.scalar(select(func.count()).where(MessageCall.card_due_at.is_not(None)))


def start(nursery):
    nursery.stdin.write("go\n")
    nursery.stdin.flush()
    return int(nursery.stdout.readline())


def kill(nursery, worker):
    os.kill(worker, signal.SIGKILL)
    assert nursery.stdout.readline() == "dead\n"


def until(is_so, problem, seconds=20):
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, problem
        time.sleep(0.1)
