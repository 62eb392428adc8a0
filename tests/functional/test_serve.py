"""The whole of it as an administrator runs it: `xinglin serve`, real processes, a real socket."""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import requests
from sqlalchemy import select

from xinglin.audit.models import AuditRecord
from xinglin.kernel import migrate
from xinglin.kernel.app import plugins_of
from xinglin.kernel.db import Database
from xinglin.kernel.site import open_site
from xinglin.testing.portal import write_ini

PATIENCE = 60


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in {PATIENCE} s"
        pause.wait(0.1)


def free_port() -> int:
    """Below the range from which the system gives ports to clients."""
    for port in random.sample(range(21_000, 30_000), 50):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no free port")


def is_up(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=5).status_code == 200
    except requests.RequestException:  # not there, or the first process is still being made
        return False


def child(process: psutil.Process, word: str) -> psutil.Process | None:
    for found in process.children():
        with contextlib.suppress(psutil.Error):  # one that has just ended
            if word in found.cmdline():
                return found
    return None


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    port = free_port()
    database = Database(f"sqlite:///{tmp_path}/x.db")
    settings = {"listen": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}"}
    path = write_ini(tmp_path, database, ("portal",), None, "", settings)
    database.dispose()
    return path


def test_serve(ini: Path) -> None:
    site = open_site(ini)
    migrate.upgrade(site.database, plugins_of(site))
    site.database.dispose()
    url = next(line for line in ini.read_text().splitlines() if line.startswith("public_url")).split(" = ")[1]
    command = [sys.executable, "-W", "ignore", "-m", "xinglin.kernel.entry", "--config", str(ini), "serve"]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        process = psutil.Process(running.pid)
        wait_for(lambda: is_up(url), "the first answer")
        answer = requests.get(f"{url}/login", timeout=5)
        assert (answer.status_code, "Server" in answer.headers) == (200, False)

        portal, worker = child(process, "_portal"), child(process, "_worker")
        assert portal is not None
        assert worker is not None
        portal.kill()
        wait_for(lambda: child(process, "_portal") not in (None, portal), "the portal's second start")
        wait_for(lambda: is_up(url), "an answer after the portal was killed")
        children = process.children()

        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=PATIENCE) == 0
        assert [found for found in children if found.is_running() and found.status() != "zombie"] == []
        assert not is_up(url)
    finally:
        if running.poll() is None:
            for found in psutil.Process(running.pid).children():
                found.kill()
            running.kill()
            running.wait()

    database = Database(f"sqlite:///{ini.parent}/x.db")
    with database.read_session() as session:
        actions = list(session.scalars(select(AuditRecord.action).order_by(AuditRecord.id)))
    database.dispose()
    assert actions[0] == "system.start"
    assert set(actions[1:]) == {"system.error"}, "the killed portal is no record"
