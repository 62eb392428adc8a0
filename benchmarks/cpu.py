"""CPU of whole stacks: user + system of every process, the database included."""

from __future__ import annotations

import time

import psutil

IDLE_SECONDS = 0.1


def seconds_of(pids: list[int]) -> float:
    """CPU seconds used so far by these processes and all below them, ended children included."""
    return sum(_of_tree(psutil.Process(pid)) for pid in pids)


def settle(pids: list[int], seconds: float = 30) -> None:
    """Until they do next to nothing: what a start costs must not be counted as the cost of pages."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        before = seconds_of(pids)
        time.sleep(1)
        if seconds_of(pids) - before < IDLE_SECONDS:
            return


def _of_tree(process: psutil.Process) -> float:
    times = process.cpu_times()
    used = times.user + times.system + times.children_user + times.children_system
    return used + sum(_of_one(child) for child in process.children(recursive=True))


def _of_one(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system
