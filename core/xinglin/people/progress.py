"""How far a long errand is: steps of whatever there is to do, shown as points of a hundred."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int], None]
"""Called with the steps done since the last call."""
POINTS = 100


def silent(_steps: int) -> None:
    """For those who do not watch."""


def scaled(progress: Progress, total: int, points: int = POINTS) -> Progress:
    """A progress of `total` steps that moves `progress` by `points` altogether, never further."""
    done = 0

    def step(steps: int) -> None:
        nonlocal done
        before, done = done, min(total, done + steps)
        if moved := done * points // total - before * points // total if total else 0:
            progress(moved)

    return step
