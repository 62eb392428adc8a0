"""The floor: a bare waitress hello in one process with four threads."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

SOURCE = """
import logging, sys, waitress
logging.getLogger("waitress.queue").setLevel(logging.ERROR)
def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
waitress.serve(hello, host="127.0.0.1", port=int(sys.argv[1]), threads=4, asyncore_use_poll=True,
               connection_limit=5000, backlog=4096, ident=None, _quiet=True)
"""


@contextmanager
def hello(port: int) -> Iterator[int]:
    """Run it on `port`; gives its process id."""
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", SOURCE, str(port)])
    try:
        wait_for(port)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int, seconds: float = 60) -> None:
    """Until something listens on `port`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port} after {seconds} s")
