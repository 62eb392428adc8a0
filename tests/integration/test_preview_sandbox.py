"""What a converter that was taken over could do: nothing beyond its folder, and not for long."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import xinglin
from xinglin.files import sandbox
from xinglin.files.newroot import of_python
from xinglin.files.sandbox import Failed, Killed, Limits, NotIsolated, Sandbox, TooMuch, TooSlow

PYTHON = of_python(Path(xinglin.__file__).parent)
LIMITS = Limits(seconds=60, memory_mb=1024)
CALL = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5).close()"
HOLD = (
    "import fcntl, os, signal, sys\n"
    "held = open('lock', 'w'); fcntl.flock(held, fcntl.LOCK_EX)\n"
    "print('held', flush=True) if os.fork() else os.setsid()\n"
    "open('begun', 'w').close()\n"
    "while True: signal.pause()\n"
)
"""A program with a helper in a session of its own: both hold a lock as long as they live."""


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path, LIMITS, PYTHON)


def with_limits(box: Sandbox, **limits: float) -> Sandbox:
    return Sandbox(box.folder, Limits(**{"seconds": 60, "memory_mb": 1024, **limits}), PYTHON)


def wait_for_the_lock(folder: Path) -> None:
    """Returns when nobody lives who holds it; the test's time limit is the patience."""
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)


def test_there_is_no_network_not_even_to_this_machine(box: Sandbox, port: int) -> None:
    call = [sys.executable, "-c", CALL, str(port)]
    assert subprocess.run(call, check=False).returncode == 0  # outside it works
    with pytest.raises(Failed):
        box.run(call)


def test_our_environment_and_processes_are_not_there(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINGLIN_MASTER_KEY", "secret")
    box.run(["sh", "-c", "cat /proc/*/environ > seen; ls -d /proc/[0-9]* | wc -l > processes"])
    seen = (box.folder / "seen").read_text()
    assert f"HOME={box.folder}" in seen
    assert "secret" not in seen
    assert int((box.folder / "processes").read_text()) < 8


def test_what_the_system_killed_or_never_reached_is_not_the_fault_of_the_file(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Killed):
        box.run(["sh", "-c", "sh -c 'kill -9 $$' || exit $?"])
    with pytest.raises(FileNotFoundError):
        Sandbox(box.folder / "gone", LIMITS).run(["true"])
    monkeypatch.setattr(sandbox, "way_to_isolate", lambda: ("false",))
    with pytest.raises(OSError, match="was not reached"):
        box.run(["true"])


def test_who_takes_too_long_is_killed_with_all_helpers(box: Sandbox) -> None:
    with pytest.raises(TooSlow, match="longer than 6 s"):
        with_limits(box, seconds=6).run([sys.executable, "-c", HOLD])
    assert (box.folder / "begun").exists()
    wait_for_the_lock(box.folder)


def test_who_ends_leaves_no_helper_behind(box: Sandbox) -> None:
    box.run([sys.executable, "-c", HOLD.replace("print('held', flush=True) if", "sys.exit() if")])
    wait_for_the_lock(box.folder)


def test_a_converter_dies_with_its_worker(box: Sandbox) -> None:
    worker = (
        "import sys; from pathlib import Path; from xinglin.files.sandbox import Limits, Sandbox\n"
        "from xinglin.files.newroot import of_python\n"
        "command = [sys.executable, '-c', sys.argv[2].replace(\"print('held', flush=True)\", \"os.mkfifo('never')\")]\n"
        "Sandbox(Path(sys.argv[1]), Limits(600, 1024), of_python(Path('/nowhere'))).run(command)\n"
    )
    os.mkfifo(box.folder / "ready")
    hold = HOLD.replace("open('begun', 'w').close()", "open('ready', 'w').close()", 1)
    process = subprocess.Popen([sys.executable, "-c", worker, str(box.folder), hold])
    with (box.folder / "ready").open() as ready:
        ready.read()
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for_the_lock(box.folder)


def test_memory_is_limited(box: Sandbox) -> None:
    take = [sys.executable, "-c", "import sys; bytearray(int(sys.argv[1]) << 20)"]
    box.run([*take, "100"])
    with pytest.raises(Failed):
        box.run([*take, "2000"])


def test_what_is_written_is_limited(box: Sandbox) -> None:
    fill = "i=0; while true; do i=$((i+1)); head -c 1000000 /dev/zero > part$i; done"
    with pytest.raises(TooMuch):
        with_limits(box, most_written=20_000_000).run(["sh", "-c", fill])


def test_without_namespaces_nothing_runs_unless_the_settings_allow_it(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "way_to_isolate", lambda: None)
    with pytest.raises(NotIsolated, match="preview_isolation = if_possible"):
        box.run(["touch", "made"])
    assert not (box.folder / "made").exists()
    with_limits(box, must_isolate=False).run(["touch", "made"])
    assert (box.folder / "made").exists()


def test_a_system_that_refuses_namespaces_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refusing = tmp_path / "unshare"
    refusing.write_text("#!/bin/sh\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setattr(sandbox, "PATH", f"{tmp_path}:{sandbox.PATH}")
    assert sandbox.way_to_isolate.__wrapped__() is None
    assert "allow user namespaces" in caplog.text
