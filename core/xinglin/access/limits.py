"""How often somebody may come: token buckets in the process, of bounded number."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

MOST_BUCKETS = 20_000
"""Some 4 MB. Beyond, the one that was quiet for the longest is forgotten: it would be full by then."""


@dataclass(frozen=True)
class Rate:
    """`per_second` on average, `burst` at once; 0 per second means no limit."""

    per_second: float
    burst: int

    @property
    def is_off(self) -> bool:
        return self.per_second <= 0


@dataclass(slots=True)
class Bucket:
    tokens: float
    at: datetime


class Buckets:
    """A bucket for each key. With several processes the limit holds in each of them."""

    def __init__(self, rate: Rate, most: int = MOST_BUCKETS) -> None:
        self._rate = rate
        self._most = most
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now: datetime) -> int:
        """Take one token of `key`; 0 when there was one, otherwise the whole seconds until there will be."""
        if self._rate.is_off:
            return 0
        with self._lock:
            bucket = self._bucket_of(key, now)
            if bucket.tokens >= 1:
                bucket.tokens -= 1
                return 0
            return max(1, math.ceil((1 - bucket.tokens) / self._rate.per_second))

    def _bucket_of(self, key: str, now: datetime) -> Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(float(self._rate.burst), now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        passed = max(0.0, (now - bucket.at).total_seconds())  # a clock that was set back gives nothing
        bucket.tokens = min(float(self._rate.burst), bucket.tokens + passed * self._rate.per_second)
        bucket.at = now
        return bucket
