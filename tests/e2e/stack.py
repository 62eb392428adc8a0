"""The whole demo as the README starts it, on free ports and in a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 300
STOP_SECONDS = 30


def free_ports(count: int) -> list[int]:
    """Ports below the ephemeral range, so that no client socket takes them meanwhile; each worker has a range of its own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    found: list[int] = []
    for port in range(19000 + 500 * worker, 19500 + 500 * worker):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no free port in the range of this worker")


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@dataclass
class Stack:
    """`xinglin demo` in a process of its own."""

    folder: Path
    portal: str
    wecom: str
    oa: str
    ini: Path
    password: str = ""
    process: subprocess.Popen[str] | None = None
    listener: threading.Thread | None = None
    said: list[str] = field(default_factory=list)

    @classmethod
    def prepare(cls, folder: Path) -> Stack:
        """Write the demo's ini with free ports and a folder of its own."""
        portal, wecom, smtp, sms, oa = free_ports(5)
        text = (ROOT / "etc" / "development.ini").read_text(encoding="utf-8")
        for before, after in (
            ("18080", portal),
            ("18081", wecom),
            ("18025", smtp),
            ("18082", sms),
            ("18084", oa),
        ):
            text = text.replace(before, str(after))
        text = text.replace("%(here)s/../var/demo", str(folder)).replace("../var/demo", str(folder))
        ini = folder / "demo.ini"
        ini.write_text(text, encoding="utf-8")
        return cls(folder, _address(portal), _address(wecom), _address(oa), ini)

    def set(self, before: str, after: str) -> None:
        """Change a line of the ini."""
        text = self.ini.read_text(encoding="utf-8")
        assert before in text
        self.ini.write_text(text.replace(before, after), encoding="utf-8")

    def beside(self, folder: Path) -> Stack:
        """Another portal of the same hospital, with the same keys, on a port, a database and a file store of its own."""
        (port,) = free_ports(1)
        ini = folder / "beside.ini"
        other = Stack(folder, f"http://127.0.0.1:{port}", self.wecom, self.oa, ini)
        ini.write_text(self.ini.read_text(encoding="utf-8"), encoding="utf-8")
        other.set(self.portal.removeprefix("http://"), other.portal.removeprefix("http://"))
        for place in ("xinglin.db", "files"):
            other.set(f"{self.folder}/{place}", f"{folder}/{place}")
        return other

    def start(self, what: str = "demo") -> None:
        """Start it and wait until it says that the portal is ready."""
        self.process = subprocess.Popen(
            self.command(what), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
        )
        ready = threading.Event()
        self.listener = threading.Thread(target=self._listen, args=(ready,), daemon=True)
        self.listener.start()
        if not ready.wait(START_SECONDS):
            raise RuntimeError("the demo did not start:\n" + "".join(self.said))

    def _listen(self, ready: threading.Event) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if found := re.search(r"login admin\s+password (\S+)", line):
                self.password = found[1]
            if "worker started" in line:
                ready.set()

    def stop(self) -> None:
        """Ctrl+C, and wait."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            assert self.process.wait(timeout=STOP_SECONDS) == 0, "".join(self.said)[-3000:]
            assert self.listener is not None
            assert self.process.stdout is not None
            self.listener.join(timeout=STOP_SECONDS)
            self.process.stdout.close()
            self.process = None

    def command(self, *arguments: str) -> list[str]:
        return [str(Path(sys.executable).with_name("xinglin")), "--config", str(self.ini), *arguments]

    def run(self, *arguments: str) -> str:
        """Run an `xinglin` command of this site; its output."""
        done = self.tried(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def tried(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same for a command that may find fault."""
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, cwd=ROOT, check=False)
