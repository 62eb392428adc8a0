"""A stampede on a cold token, and a server that drips: both are bounded."""

import subprocess
import sys
import textwrap
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from xinglin.crypto.service import Keyring
from xinglin.testing import wecom as at_wecom
from xinglin.wecom.transport import BoundedSession

STAMPEDE = textwrap.dedent(
    """
    import multiprocessing, sys
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path
    from xinglin.crypto.service import Keyring
    from xinglin.kernel.clock import SystemClock
    from xinglin.kernel.db import Database
    from xinglin.testing import wecom as at_wecom
    from xinglin.wecom.client import WeComClient

    url, wecom, folder = sys.argv[1:]
    settings = at_wecom.settings_for(wecom, Path(folder))

    def crowd(barrier, answers):
        client = WeComClient(settings, Keyring(Path(folder)), Database(url, pool_size=8), SystemClock())
        barrier.wait()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _n: answers.put(client.upload_media("file", "a.txt", b"123456")), range(8)))

    fork = multiprocessing.get_context("fork")
    barrier, answers = fork.Barrier(4), fork.Queue()
    processes = [fork.Process(target=crowd, args=(barrier, answers)) for _ in range(4)]
    for process in processes:
        process.start()
    print(len({answers.get(timeout=60) for _ in range(32)}))
    for process in processes:
        process.join()
    """
)


def test_a_cold_start_of_four_processes_with_eight_threads_asks_once(database, simulator, tmp_path):
    Keyring.create(tmp_path / "site")
    at_wecom.fault(simulator, "gettoken", "latency", 0.3)
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-W", "ignore", "-c", STAMPEDE, url, simulator.wecom, str(tmp_path / "site")]
    answers = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert answers == "32\n"
    assert simulator.get("log")["counts"]["gettoken"] == 1


def test_a_slow_trickle_does_not_hold_a_worker():
    stopped = threading.Event()

    class Trickle(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            while not stopped.wait(0.1):
                self.wfile.write(b" ")

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Trickle)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with BoundedSession() as session, pytest.raises(requests.RequestException):
        session.get(f"http://127.0.0.1:{server.server_port}/", timeout=1.0)
    stopped.set()
    server.shutdown()
    thread.join()
    server.server_close()
