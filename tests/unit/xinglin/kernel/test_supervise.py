"""A child that dies is started again, one that dies at once a little later each time; the end is orderly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from xinglin.kernel import supervise
from xinglin.kernel.supervise import Child, Supervisor

DIES = [sys.executable, "-I", "-c", "raise SystemExit(3)"]
LIVES = [sys.executable, "-I", "-c", "import time; time.sleep(60)"]
DEAF = [
    sys.executable,
    "-I",
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


def died(child: Child) -> None:
    assert child.process is not None
    child.process.wait(timeout=60)


def test_a_short_life_makes_the_next_pause_longer(caplog: pytest.LogCaptureFixture) -> None:
    child, now, pauses = Child([*DIES]), 0.0, []
    for _life in range(7):
        child.tend(now)
        died(child)
        child.tend(now + 1)
        assert child.process is None, "it is not started again at once"
        pauses.append(child.pause)
        now += 1 + child.pause
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert "ended with 3; next start in 1 s" in caplog.text


def test_after_a_long_life_it_is_started_again_at_once() -> None:
    child = Child([*DIES])
    child.tend(0.0)
    died(child)
    child.tend(3600.0)
    assert child.process is not None
    died(child)


def test_a_living_child_is_left_alone() -> None:
    child = Child([*LIVES])
    child.tend(0.0)
    first = child.process
    child.tend(100.0)
    assert child.process is first
    assert first is not None
    first.kill()
    first.wait()


def test_the_end_lets_children_finish_and_kills_the_deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "STOP_SECONDS", 0.3)
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    good, deaf = Child([*LIVES]), Child([*DEAF])
    running = Supervisor([good, deaf])
    for child in running.children:
        child.tend(0.0)
    stop = threading.Timer(1.0, signal.raise_signal, (signal.SIGTERM,))
    stop.start()
    try:
        assert running.run() == 0
    finally:
        stop.join()
        for number, handler in kept.items():
            signal.signal(number, handler)
    assert good.process is not None
    assert deaf.process is not None
    assert (good.process.returncode, deaf.process.returncode) == (-signal.SIGTERM, -signal.SIGKILL)


def test_a_process_whose_supervisor_is_gone_ends() -> None:
    code = "import signal, sys; from xinglin.kernel.supervise import end_with_supervisor as end; end(int(sys.argv[1])); print('up', flush=True); signal.pause()"
    lifeline, held = os.pipe()
    command = [sys.executable, "-W", "ignore", "-c", code, str(lifeline)]
    with subprocess.Popen(
        command, pass_fds=[lifeline], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        assert process.poll() is None, "it lives as long as its supervisor"
        os.close(held)
        assert process.wait(timeout=60) == -signal.SIGTERM
    os.close(lifeline)
