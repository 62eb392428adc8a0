"""A program of others on a file of others: no network, little of everything, nothing of ours in sight.

With Linux namespaces (unshare(1)) the program has no network, sees only its own processes, holds no capability, and
lives in a file system of its own (`newroot`), where it reads system programs and writes its one folder. Limits of
prlimit(1) hold in any case. Whoever runs longer or writes more than allowed is killed with all it started, and so it is
when the worker dies.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xinglin.files.newroot import BEGUN, into_new_root

logger = logging.getLogger(__name__)
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
SPACES = ("unshare", "--mount", "--net", "--ipc", "--pid", "--fork", "--kill-child")
WAYS = ((*SPACES, "--user", "--map-root-user"), SPACES)
"""Any user may where the system allows user namespaces; where it does not, only root may."""
POWERLESS = ("setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all")
FOLLOW_THE_WORKER = ("setpriv", "--pdeathsig", "KILL")
MOST_FILES, MOST_PROCESSES = 512, 4096
LARGEST_FILE = 256 * 1024 * 1024
MOST_WRITTEN = 512 * 1024 * 1024
LOOK_SECONDS = 0.25
LEAST_FREE = 1024 * 1024
BY_SIGKILL = (-signal.SIGKILL, 128 + signal.SIGKILL)
"""As its own parent sees it, and as a shell between passes it on."""


class NotIsolated(Exception):
    """The system makes no namespaces for us, and the settings do not allow to go without."""

    def __init__(self) -> None:
        super().__init__(
            "no namespace without network can be made. Cure: allow user namespaces "
            "(sysctl kernel.unprivileged_userns_clone=1), or set preview_isolation = if_possible"
        )


class TooSlow(Exception):
    """The program was killed because its time was over."""


class TooMuch(Exception):
    """The program was killed because it wrote too much."""


class Failed(Exception):
    """The program ended with an error."""


class Killed(Exception):
    """Somebody else killed the program, as a system does that is out of memory."""


@dataclass(frozen=True)
class Limits:
    """`seconds` of the clock, and of each processor for each process; `memory_mb` of address space for each process.

    `most_written`: bytes in the working folder. `must_isolate`: without namespaces nothing is run at all.
    """

    seconds: float
    memory_mb: int
    most_written: int = MOST_WRITTEN
    must_isolate: bool = True


@dataclass(frozen=True)
class Sandbox:
    """One working folder, which is HOME and TMPDIR, too; `shown` can be read besides what the system brings."""

    folder: Path
    limits: Limits
    shown: tuple[Path, ...] = ()

    def run(self, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
        """Run to the end.

        Raises `TooSlow`, `TooMuch`, `Failed`, which are the file's fault, and `NotIsolated`, `Killed`, OSError, which are
        not: there is no folder any more, or no room, or no memory.
        """
        own = {"PATH": PATH, "HOME": str(self.folder), "TMPDIR": str(self.folder), "LANG": "C.UTF-8"}
        (self.folder / BEGUN).unlink(missing_ok=True)
        with subprocess.Popen(
            self._wrapped([str(part) for part in command]),
            cwd=self.folder,
            env={**own, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                code = self._watch(process, str(command[0]))
            finally:
                _kill(process)
        if code != 0:
            raise self._fault(str(command[0]), code)

    def _fault(self, name: str, code: int) -> Exception:
        if code in BY_SIGKILL:
            return Killed(f"{name}: killed from outside")
        if way_to_isolate() is not None and not (self.folder / BEGUN).exists():
            return OSError(errno.EAGAIN, f"{name} was not reached: no namespaces, or no new root, this time")
        if shutil.disk_usage(self.folder).free < LEAST_FREE:  # FileNotFoundError when the folder is gone
            return OSError(errno.ENOSPC, "no room for what a converter writes", str(self.folder))
        return Failed(f"{name}: ended with {code}")

    def _watch(self, process: subprocess.Popen[bytes], name: str) -> int:
        ends = time.monotonic() + self.limits.seconds
        while True:
            try:
                return process.wait(LOOK_SECONDS)
            except subprocess.TimeoutExpired as error:
                if time.monotonic() > ends:
                    raise TooSlow(f"{name}: longer than {self.limits.seconds:g} s") from error
                if _written(self.folder) > self.limits.most_written:
                    raise TooMuch(f"{name}: more than {self.limits.most_written} bytes") from error

    def _wrapped(self, command: list[str]) -> list[str]:
        limited, spaces = [*self._limits(), *command], way_to_isolate()
        if spaces is None and self.limits.must_isolate:
            raise NotIsolated
        if spaces is None:
            return [*FOLLOW_THE_WORKER, "setpriv", "--no-new-privs", *limited]
        inside = into_new_root(self.folder, self.shown)
        return [*FOLLOW_THE_WORKER, *spaces, *inside, *POWERLESS, *limited]

    def _limits(self) -> list[str]:
        return [
            "prlimit",
            f"--as={self.limits.memory_mb * 1024 * 1024}",
            f"--cpu={(round(self.limits.seconds) + 1) * (os.cpu_count() or 1)}",
            f"--fsize={LARGEST_FILE}",
            f"--nofile={MOST_FILES}",
            f"--nproc={MOST_PROCESSES}",
            "--core=0",
        ]


@cache
def way_to_isolate() -> tuple[str, ...] | None:
    """The command that makes namespaces here; None, which the log says once, where the system allows none."""
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            probe = [*way, *into_new_root(Path(folder)), *POWERLESS, "true"]
            try:
                done = subprocess.run(probe, capture_output=True, check=False, timeout=20, env={"PATH": PATH})
            except (FileNotFoundError, subprocess.TimeoutExpired):
                continue
        if done.returncode == 0:
            return way
        logger.info("%s: %s", way[-1], done.stderr.decode(errors="replace").strip())
    logger.warning("converters cannot be isolated: %s", NotIsolated())
    return None


def _written(folder: Path) -> int:
    """Bytes in the folder; what vanishes while it is counted counts nothing."""
    total = 0
    for base, _folders, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += Path(base, name).lstat().st_blocks * 512
    return total


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the whole group: a converter leaves helpers behind when only it is killed."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
