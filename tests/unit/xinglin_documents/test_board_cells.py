"""Percentiles, shares and months as values."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from xinglin_documents.service.board.cells import Cell, months, percentile, share

SHANGHAI = ZoneInfo("Asia/Shanghai")


@given(st.lists(st.integers(0, 10_000), min_size=1), st.integers(1, 100))
def test_a_percentile_is_the_shortest_time_in_which_so_many_were_done(minutes, percent):
    found = percentile(sorted(minutes), percent)
    needed = math.ceil(len(minutes) * percent / 100)
    assert found in minutes
    assert sum(one <= found for one in minutes) >= needed
    assert sum(one < found for one in minutes) < needed


def test_of_nothing_there_is_no_figure():
    assert percentile([], 50) is None
    assert share(0, 0) is None
    assert share(2, 3) == 66.7


def test_cells_add_up():
    whole = Cell.sum([Cell(sent=1, wall=[3]), Cell(sent=2, late=1, working=[4]), Cell(wall=[1])])
    assert whole == Cell(sent=3, late=1, wall=[3, 1], working=[4])
    assert Cell(**whole.to_json()) == whole


def test_a_month_begins_at_midnight_in_the_hospital():
    found = months(datetime(2026, 1, 31, 17, tzinfo=UTC), 3, SHANGHAI)  # February has begun there
    assert [one.name for one in found] == ["2025-12", "2026-01", "2026-02"]
    assert found[1].start == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert [one.end for one in found[:2]] == [one.start for one in found[1:]]
