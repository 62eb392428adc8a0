from __future__ import annotations

from xinglin.access.limits import Buckets, Rate
from xinglin.testing.clock import FrozenClock


def test_a_burst_is_let_in_and_then_the_average(clock: FrozenClock) -> None:
    buckets = Buckets(Rate(2, 5))
    assert [buckets.take("a", clock.now()) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    clock.advance(seconds=1)
    assert [buckets.take("a", clock.now()) for _ in range(3)] == [0, 0, 1]
    assert buckets.take("b", clock.now()) == 0


def test_the_wait_is_long_enough(clock: FrozenClock) -> None:
    buckets = Buckets(Rate(1 / 60, 1))
    assert buckets.take("a", clock.now()) == 0
    wait = buckets.take("a", clock.now())
    assert wait == 60
    clock.advance(seconds=wait)
    assert buckets.take("a", clock.now()) == 0


def test_a_clock_set_back_gives_nothing_and_takes_nothing(clock: FrozenClock) -> None:
    buckets = Buckets(Rate(1, 2))
    buckets.take("a", clock.now())
    clock.advance(hours=-1)
    assert [buckets.take("a", clock.now()) for _ in range(2)] == [0, 1]


def test_memory_is_bounded_and_the_quietest_is_forgotten(clock: FrozenClock) -> None:
    buckets = Buckets(Rate(1, 1), most=100)
    for number in range(1_000):
        buckets.take("regular", clock.now())
        buckets.take(f"stranger {number}", clock.now())
    assert len(buckets) == 100
    assert buckets.take("regular", clock.now()) == 1


def test_zero_is_no_limit(clock: FrozenClock) -> None:
    buckets = Buckets(Rate(0, 0))
    assert not any(buckets.take("a", clock.now()) for _ in range(10_000))
    assert len(buckets) == 0
