"""`xinglin serve`: portal processes on one shared socket and a worker, each started again when it dies."""

from __future__ import annotations

import gc
import itertools
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import click
import waitress

from xinglin.audit.faults import FaultRecorder
from xinglin.audit.health import Watch
from xinglin.kernel import configuration, migrate, site_keys, worker
from xinglin.kernel.app import build
from xinglin.kernel.cli_context import CliContext
from xinglin.kernel.site import Site, open_site
from xinglin.kernel.turns import Dispatcher

MAX_BODY_BYTES = 64 * 1024 * 1024
PIECE_BYTES = 4 * 1024 * 1024
"""Bodies up to a piece of an upload stay in memory: a temporary file would hold them in plain."""
STOP_SECONDS = 20
SHORT_LIFE_SECONDS = 5.0
MAX_PAUSE_SECONDS = 30.0
COLLECT_AFTER = (20_000, 20, 50)
"""New objects between two collections: some ten pages."""
logger = logging.getLogger(__name__)


@dataclass
class Child:
    """A process that is kept alive: a short life makes the next pause longer.

    `core` is the processor it stays on. Python runs one thread at a time; threads of a process that are spread over
    processors pay for handing the interpreter to each other (measured: twice the CPU for a page).
    """

    arguments: list[str]
    listener: socket.socket | None = None
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = 0.0
    not_before: float = 0.0
    core: int | None = None
    lifeline: int | None = None
    """Nothing is ever written to this pipe: it ends when the supervisor does, and then the child does."""
    name: str = ""

    def tend(self, now: float) -> None:
        """Start it when it is not running and its pause is over."""
        if self.process is not None and self.process.poll() is not None:
            lived = now - self.started_at
            self.pause = min(MAX_PAUSE_SECONDS, self.pause * 2 or 1.0) if lived < SHORT_LIFE_SECONDS else 0.0
            logger.error(
                "%s ended with %s; next start in %.0f s",
                self.name or self.arguments[-1],
                self.process.returncode,
                self.pause,
            )
            self.process, self.not_before = None, now + self.pause
        if self.process is None and now >= self.not_before:
            self.started_at = now
            shared = [self.listener.fileno()] if self.listener is not None else []
            shared += [self.lifeline] if self.lifeline is not None else []
            self.process = subprocess.Popen(self.arguments, pass_fds=shared)
            if self.core is not None:
                os.sched_setaffinity(self.process.pid, {self.core})


class Supervisor:
    """Keeps children alive until it is told to stop, then lets them finish."""

    def __init__(self, children: list[Child]) -> None:
        self.children = children
        self._stopped = threading.Event()

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self._stopped.is_set():
            for child in self.children:
                child.tend(time.monotonic())
            self._stopped.wait(0.2)
        self._end_all()
        return 0

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopped.set()

    def _end_all(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def serve(context: CliContext) -> int:
    """Check the site, note its configuration in the audit trail, and run it; the exit code."""
    behind = [
        name
        for name in migrate.areas(context.plugins)
        if not migrate.is_current(context.database, name, context.plugins)
    ]
    if "core" in behind:
        raise click.ClickException("the database is behind. Cure: xinglin db upgrade")
    configuration.note(context)
    faults = FaultRecorder(context.database, context.clock, context.keyring)
    with faults.listening("supervisor"), Watch(context).running():
        return Supervisor(children_of(context)).run()


def children_of(context: CliContext) -> list[Child]:
    """Portal processes on one listening socket, several of them each on a processor of its own, and a worker."""
    site = context.site
    host, _, port = site.settings.listen.rpartition(":")
    try:
        listener = socket.create_server((host, int(port)), backlog=4096)
    except OSError as error:
        reason = f"cannot listen on {site.settings.listen}: {os.strerror(error.errno or 0)}"
        raise click.ClickException(f"{reason}. Cure: stop what uses it, or change `listen`") from error
    listener.set_inheritable(True)
    command = [sys.executable, "-m", "xinglin.kernel.entry", "--config", str(site.ini.path)]
    lifeline, _held = os.pipe()  # the other end stays open as long as this process lives
    tied = ["--lifeline", str(lifeline)]
    portal = [*command, "_portal", "--descriptor", str(listener.fileno()), *tied]
    cores = cores_for(site.settings.processes)
    portals = [Child(portal, listener, core=core, lifeline=lifeline, name="_portal") for core in cores]
    worker = Child([*command, "_worker", *tied], lifeline=lifeline, name="_worker")
    wal = Child([*command, "backup", "wal", *tied], lifeline=lifeline, name="backup wal")
    return [*portals, worker, *([wal] if site.settings.backup_wal else [])]


def end_with_supervisor(lifeline: int | None) -> None:
    """End this process in an orderly way when the supervisor is gone: a killed one would leave its port taken."""
    if lifeline is not None:
        threading.Thread(target=_follow, args=(lifeline,), name="lifeline", daemon=True).start()


def _follow(lifeline: int) -> None:
    os.read(lifeline, 1)
    logger.error("the supervisor is gone; this process ends, too")
    os.kill(os.getpid(), signal.SIGTERM)


def cores_for(processes: int) -> list[int | None]:
    """A processor for each of several processes; one process alone may run anywhere, and so may all where pinning is unknown."""
    if processes == 1 or not hasattr(os, "sched_getaffinity"):
        return [None] * processes
    return list(itertools.islice(itertools.cycle(sorted(os.sched_getaffinity(0))), processes))


@click.command("_portal", hidden=True)
@click.option("--descriptor", type=int, required=True)
@click.option("--lifeline", type=int)
@click.pass_obj
def run_portal(context: CliContext, descriptor: int, lifeline: int | None) -> None:
    """One portal process on the supervisor's socket."""
    site: Site = open_site(context.site.ini.path)
    site_keys.meet(site.database)
    settings = site.settings
    application = build(site)
    server = waitress.create_server(
        application,
        sockets=[socket.socket(fileno=descriptor)],
        _dispatcher=Dispatcher(settings.threads),
        connection_limit=4000,
        asyncore_use_poll=True,
        channel_timeout=120,
        ident=None,
        max_request_body_size=MAX_BODY_BYTES,
        inbuf_overflow=PIECE_BYTES,
        clear_untrusted_proxy_headers=False,  # xinglin.access reads them, and knows several proxies
    )
    signal.signal(signal.SIGTERM, lambda _number, _frame: _end(server, application))
    end_with_supervisor(lifeline)
    # What the boot made stays to the end: the collector need not walk over it again and again
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    with FaultRecorder(site.database, site.clock, site.keyring).listening("portal"):
        server.run()


def _end(server: Any, application: Any) -> None:
    """Finish the running requests, write what the batch still holds, and leave."""
    server.close()
    server.task_dispatcher.shutdown(cancel_pending=False, timeout=15)
    application.registry.xinglin_recorder.stop()
    os._exit(0)


@click.command("_worker", hidden=True)
@click.option("--lifeline", type=int)
@click.pass_obj
def run_worker(context: CliContext, lifeline: int | None) -> None:
    """One worker process."""
    end_with_supervisor(lifeline)
    worker.serve(Path(context.site.ini.path))
