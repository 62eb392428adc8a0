"""The real clamd of the distribution, with signatures of the test's own, on a unix socket of its own."""

from __future__ import annotations

import hashlib
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from xinglin.files.clamd import MARKER, Clamd, ScannerDown

PROGRAM = "/usr/sbin/clamd"
EICAR = MARKER[::-1].encode()
WORM = b"XINGLIN-TEST-WORM-0001"
"""Found by a signature of ours wherever it stands in a file."""
STREAM_MAX = 4 * 1024 * 1024
CONFIG = """
LocalSocket {folder}/clamd.sock
DatabaseDirectory {folder}/signatures
OfficialDatabaseOnly no
Foreground yes
LogFile {folder}/clamd.log
StreamMaxLength 4M
AlertExceedsMax yes
AlertEncrypted yes
MaxThreads 4
"""


@dataclass
class Engine:
    """One clamd; `stop` and `go_on` freeze and thaw it, `kill` ends it at once."""

    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def address(self) -> str:
        return f"{self.folder}/clamd.sock"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [PROGRAM, "--config-file", str(self.folder / "clamd.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self.folder / "clamd.log").read_text(encoding="utf-8"))
            self.process.poll()
            _breathe()

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def write_signatures(self, *, knows_eicar: bool = True) -> None:
        folder = self.folder / "signatures"
        folder.mkdir(exist_ok=True)
        (folder / "local.ndb").write_text(f"Xinglin.Test.Worm:0:*:{WORM.hex()}\n", encoding="ascii")
        digest = hashlib.md5(EICAR, usedforsecurity=False).hexdigest()
        line = f"{digest}:{len(EICAR)}:Eicar.Test\n" if knows_eicar else ""
        (folder / "local.hdb").write_text(line or f"{'0' * 32}:1:Nothing\n", encoding="ascii")

    def _answers(self) -> bool:
        try:
            Clamd(self.address).scan([b"x"], seconds=1)
        except ScannerDown:
            return False
        return True


def _breathe() -> None:
    """A moment without `sleep`: nobody writes to this socket."""
    one, other = socket.socketpair()
    with one, other:
        one.settimeout(0.05)
        try:
            one.recv(1)
        except TimeoutError:
            return


@contextmanager
def running(*, knows_eicar: bool = True) -> Iterator[Engine]:
    # Not pytest's folder: the path of a unix socket has at most 107 letters.
    with tempfile.TemporaryDirectory(prefix="clamd-") as name:
        engine = Engine(Path(name))
        engine.write_signatures(knows_eicar=knows_eicar)
        (engine.folder / "clamd.conf").write_text(CONFIG.format(folder=name), encoding="utf-8")
        engine.start()
        try:
            yield engine
        finally:
            engine.signal(signal.SIGCONT)
            engine.kill()
