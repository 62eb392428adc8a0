"""The calendar page's service: days, pasted lists, and the trail."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from xinglin.audit.models import AuditRecord
from xinglin_documents.models import WorkingDay
from xinglin_documents.service.time.calendar import LINES_MAX, CalendarService, ListRefused, parsed
from xinglin_documents.service.time.working import WorkingTime


@pytest.fixture
def calendar(session, audit):
    return CalendarService(session, audit)


def test_a_year_follows_the_week_and_its_exceptions(calendar, session):
    calendar.take(parsed("2026-10-01 休 国庆节\n\n2026-10-10 班"))
    year = calendar.year(2026)
    assert len(year) == 365
    by_day = {one.day: one for one in year}
    assert (by_day[date(2026, 10, 1)].is_working, by_day[date(2026, 10, 1)].note) == (False, "国庆节")
    assert by_day[date(2026, 10, 10)].is_working
    assert by_day[date(2026, 10, 9)].is_working
    assert not by_day[date(2026, 10, 11)].is_working
    working = WorkingTime.of(session, "08:00-12:00", ZoneInfo("Asia/Shanghai"))
    assert not working.is_working_day(date(2026, 10, 1))
    assert working.is_working_day(date(2026, 10, 10))


def test_a_day_set_back_to_the_rule_leaves_no_row_and_a_trail(calendar, session):
    day = date(2026, 5, 4)
    calendar.set(day, is_working=False, note="青年节活动")
    calendar.set(day, is_working=False, note="青年节活动")
    calendar.set(day, is_working=True, note="")
    session.flush()
    assert session.get(WorkingDay, day) is None
    records = session.scalars(select(AuditRecord.action).where(AuditRecord.object_id == "2026-05-04")).all()
    assert records == ["documents.set_day"] * 2


def test_every_fault_of_a_list_is_named_at_once(calendar, session):
    text = (
        "2026-10-01 休\n十月二日 休\n2026-02-30 休\n2026-10-03 玩\n2026-10-01 班\n2026-10-05 休 " + "长" * 65
    )
    with pytest.raises(ListRefused) as refused:
        calendar.take(parsed(text))
    assert [fault.number for fault in refused.value.faults] == [2, 3, 4, 5, 6]
    assert session.scalars(select(WorkingDay)).all() == []


@pytest.mark.parametrize("text", ["", " \n", "2026-10-01 休\n" * (LINES_MAX + 1)])
def test_an_empty_or_endless_list_is_refused(text):
    with pytest.raises(ListRefused):
        parsed(text)
