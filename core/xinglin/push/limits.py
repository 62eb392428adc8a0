"""WeCom's frequency limits (page of 2023-08) and our own times, in one value that tests can shrink."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Limits:
    """`own_cards`: up to so many persons each get a card of their own when it is one that changes.

    `per_minute`, `per_hour`: messages of the app to one member; what is above WeCom drops without a word.

    `lease`: how long a worker may be silent before another repeats its call. `repeat_for`: how long a
    repeat is safe; WeCom recognises a double for 14 400 s, and we stop earlier by a margin.
    """

    per_call: int = 1000
    own_cards: int = 20
    per_minute: int = 30
    per_hour: int = 1000
    lease: timedelta = timedelta(seconds=30)
    repeat_for: timedelta = timedelta(seconds=14_400 - 300)
    first_retry: timedelta = timedelta(seconds=5)
    longest_retry: timedelta = timedelta(minutes=5)
    stop_retry: timedelta = timedelta(minutes=1)


LIMITS = Limits()


def slot_frees_at(times: Iterable[datetime], now: datetime, limits: Limits) -> datetime:
    """When one more message to a member fits, given the times of those before; `now` when it fits at once."""
    ordered = sorted(times)
    return max(
        _frees(ordered, limits.per_minute, MINUTE, now),
        _frees(ordered, limits.per_hour, HOUR, now),
    )


def _frees(ordered: list[datetime], most: int, window: timedelta, now: datetime) -> datetime:
    inside = [time for time in ordered if time > now - window]
    return inside[-most] + window if len(inside) >= most else now
