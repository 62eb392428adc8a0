"""A clock that tests can push forward, and ids that are unique across restarts."""

from __future__ import annotations

import hashlib
import time
from collections import Counter


class Clock:
    """Real time plus an offset, in seconds since the epoch."""

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> float:
        """The simulated time."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the simulated time forward (or back with a negative number)."""
        self._offset += seconds


class Ids:
    """Opaque ids derived from a seed; the same seed gives the same sequence."""

    def __init__(self, seed: str) -> None:
        self._seed = seed or str(time.time_ns())
        self._counts: Counter[str] = Counter()

    def next(self, kind: str, length: int = 43) -> str:
        """The next id of this kind, hexadecimal, at most 128 characters."""
        self._counts[kind] += 1
        text = f"{self._seed}:{kind}:{self._counts[kind]}"
        return hashlib.sha512(text.encode()).hexdigest()[:length]
