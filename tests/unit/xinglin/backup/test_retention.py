"""Which backups stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from xinglin.backup.retention import MOMENT, begun_at, kept

SUNDAY = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)


def name(moment: datetime) -> str:
    return f"{moment:{MOMENT}}-ab12"


def test_a_name_tells_its_moment() -> None:
    assert begun_at(name(SUNDAY)) == SUNDAY


def test_days_and_weeks() -> None:
    nightly = [SUNDAY - timedelta(days=number) for number in range(60)]
    stays = sorted(begun_at(one) for one in kept([name(moment) for moment in nightly], 3, 4))
    assert stays == [SUNDAY - timedelta(days=days) for days in (21, 14, 7, 2, 1, 0)]


def test_all_of_the_last_day_stay() -> None:
    hourly = [name(SUNDAY - timedelta(hours=number)) for number in range(30)]
    assert len(kept(hourly, 1, 0)) == 24


def test_a_long_silence_costs_nothing() -> None:
    old = [name(SUNDAY - timedelta(days=number)) for number in (400, 401, 500)]
    assert kept(old, 3, 1) == frozenset(old)
    assert kept([], 3, 1) == frozenset()
