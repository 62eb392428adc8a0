"""Working time against a count of every single minute, and its laws over years."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin_documents.service.engine.definition import ApproverKind, Approvers, Deadline, WhenLate
from xinglin_documents.service.time.deadlines import Stage, due_of, is_over, next_step
from xinglin_documents.service.time.working import WorkingTime, spans_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
SPANS = spans_of("08:00-12:00 14:00-17:30")
CALENDAR = {date(2026, 10, day): False for day in range(1, 8)} | {date(2026, 10, 10): True}
WORKING = WorkingTime(SPANS, SHANGHAI, CALENDAR)

moments = st.datetimes(datetime(2025, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))
calendars = st.dictionaries(st.dates(date(2025, 1, 1), date(2031, 1, 1)), st.booleans(), max_size=60)
lengths = st.integers(0, 400_000)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@given(moments, st.integers(0, 9000), calendars)
def test_it_counts_each_working_minute_once(start, minutes, calendar):
    working = WorkingTime(SPANS, SHANGHAI, calendar)
    whole = start.replace(second=0, microsecond=0)
    counted = 0
    for number in range(minutes):
        at = (whole + timedelta(minutes=number)).astimezone(SHANGHAI)
        minute = at.hour * 60 + at.minute
        is_worked = calendar.get(at.date(), at.isoweekday() <= 5)
        counted += is_worked and any(begin <= minute < end for begin, end in SPANS)
    assert working.minutes_between(whole, whole + timedelta(minutes=minutes)) == counted


@given(moments, lengths, calendars)
def test_after_is_the_inverse(start, minutes, calendar):
    working = WorkingTime(SPANS, SHANGHAI, calendar)
    end = working.after(start, minutes)
    assert working.minutes_between(start, end) == minutes
    if minutes:
        assert working.minutes_between(start, end - timedelta(minutes=1)) == minutes - 1


@given(moments, moments, moments, calendars)
def test_parts_add_up_and_time_never_runs_back(one, two, three, calendar):
    working = WorkingTime(SPANS, SHANGHAI, calendar)
    first, second, third = sorted([one, two, three])
    assert working.minutes_between(first, second) >= 0
    assert working.minutes_between(first, second) + working.minutes_between(
        second, third
    ) == working.minutes_between(first, third)
    assert working.minutes_between(second, first) == -working.minutes_between(first, second)


@given(moments, lengths, lengths, calendars)
def test_after_adds_up_and_is_monotone(start, some, more, calendar):
    working = WorkingTime(SPANS, SHANGHAI, calendar)
    assert working.after(working.after(start, some), more).replace(second=0, microsecond=0) == working.after(
        start, some + more
    ).replace(second=0, microsecond=0)
    assert working.after(start, some + 1) > working.after(start, some)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-23T08:00", 450, "2026-11-23T17:30"),
        ("2026-11-23T08:00", 451, "2026-11-24T08:01"),
        ("2026-11-23T11:30", 60, "2026-11-23T14:30"),
        ("2026-11-27T17:00", 60, "2026-11-30T08:30"),  # over a weekend
        ("2026-09-30T17:00", 60, "2026-10-08T08:30"),  # over the national holidays
        ("2026-10-09T17:00", 60, "2026-10-10T08:30"),  # a Saturday that is worked
        ("2026-11-28T12:00", 1, "2026-11-30T08:01"),
    ],
)
def test_a_deadline_is_due_when_the_hospital_works(start, minutes, end):
    assert WORKING.after(local(start), minutes) == local(end)
    assert due_of(Deadline(minutes), local(start), WORKING) == local(end)


def test_no_deadline_is_never_due():
    assert due_of(None, FIRST, WORKING) is None


def test_time_does_not_run_back_by_order():
    with pytest.raises(ValueError, match="must not be negative"):
        WORKING.after(FIRST, -1)


@pytest.mark.parametrize(
    "text", ["", "8:00-12:00", "08:00-12:00 11:00-13:00", "12:00-08:00", "08:00-24:30", "08:61-09:00"]
)
def test_wrong_hours_name_the_setting(text):
    with pytest.raises(ValueError, match="working_hours"):
        spans_of(text)


def test_a_day_may_end_at_midnight():
    working = WorkingTime(spans_of("00:00-24:00"), SHANGHAI, {})
    assert working.after(local("2026-11-23T00:00"), 1440) == local("2026-11-24T00:00")


SUPERIOR = (Approvers(ApproverKind.SUPERIOR),)
WHOLE = Deadline(
    450, remind_before=60, escalate_after=60, escalate_to=SUPERIOR, act_after=120, act=WhenLate.APPROVE
)


@pytest.mark.parametrize(
    ("now", "reached", "stage"),
    [
        ("2026-11-23T16:29", Stage.NONE, None),
        ("2026-11-23T16:30", Stage.NONE, Stage.REMINDED),
        ("2026-11-23T17:29", Stage.REMINDED, None),
        ("2026-11-24T09:00", Stage.REMINDED, Stage.ESCALATED),
        ("2026-11-24T10:00", Stage.ESCALATED, Stage.OVER),
        ("2026-11-24T10:00", Stage.NONE, Stage.OVER),  # the worker stood still: no stale reminder
        ("2026-11-30T10:00", Stage.OVER, None),
    ],
)
def test_the_clock_takes_each_step_once(now, reached, stage):
    step = next_step(WHOLE, local("2026-11-23T08:00"), WORKING, reached, local(now))
    assert (step.stage if step else None) == stage


@pytest.mark.parametrize(
    ("deadline", "last"),
    [
        (WHOLE, Stage.OVER),
        (Deadline(450, remind_before=60, escalate_to=SUPERIOR), Stage.ESCALATED),
        (Deadline(450, remind_before=60), Stage.REMINDED),
        (Deadline(450), Stage.NONE),
    ],
)
def test_the_clock_knows_when_it_has_nothing_left_to_do(deadline, last):
    assert [is_over(deadline, stage) for stage in Stage] == [stage >= last for stage in Stage]
