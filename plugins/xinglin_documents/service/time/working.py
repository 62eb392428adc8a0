"""Working time: minutes of working days by the hospital's calendar, as pure arithmetic over whole minutes."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.db import ask
from xinglin_documents.models import WorkingDay

SPAN = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})", re.ASCII)
WEEK, WORKDAYS = 7, 5
MINUTES_OF_DAY = 24 * 60
DAYS = range(1, date.max.toordinal())
_DAYS = select(WorkingDay.day, WorkingDay.is_working)


def spans_of(text: str) -> tuple[tuple[int, int], ...]:
    """`08:00-12:00 14:00-17:30` as minutes of the day. Raises `ValueError` that names the setting and the part."""
    found = []
    for part in text.split():
        match = SPAN.fullmatch(part)
        hours = [int(group) for group in match.groups()] if match else []
        start, end = (hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]) if hours else (0, 0)
        if not start < end <= MINUTES_OF_DAY or max(hours[1::2]) >= 60:
            raise _bad(part)
        found.append((start, end))
    if not found:
        raise _bad(text)
    for (_start, end), (following, _end) in pairwise(found):
        if following < end:
            raise _bad(text)
    return tuple(found)


def _bad(part: str) -> ValueError:
    return ValueError(
        f"documents: working_hours in [xinglin:documents] is wrong at {part!r}. "
        "Cure: write spans in order, such as 08:00-12:00 14:00-17:30"
    )


@dataclass(frozen=True)
class WorkingTime:
    """`spans` of every working day; Monday to Friday are worked, but for `exceptions` (True: worked, False: free).

    Moments are aware; seconds are cut off, so that parts always add up to the whole. The zone should have no
    daylight saving time, as China's: days are counted by the clock on the wall.
    """

    spans: tuple[tuple[int, int], ...]
    zone: ZoneInfo
    exceptions: Mapping[date, bool]

    @classmethod
    def of(cls, session: Session, working_hours: str, zone: ZoneInfo) -> WorkingTime:
        """By the calendar as it stands now."""
        days = ask(session, _DAYS)
        return cls(spans_of(working_hours), zone, {row.day: row.is_working for row in days})

    def is_working_day(self, day: date) -> bool:
        return self.exceptions.get(day, day.isoweekday() <= WORKDAYS)

    def minutes_between(self, start: datetime, end: datetime) -> int:
        """Working minutes from `start` to `end`; negative when `end` lies before."""
        return self._position(end) - self._position(start)

    def after(self, start: datetime, minutes: int) -> datetime:
        """The first moment (UTC) by which so many working minutes have passed; `start` itself for none.

        Raises `ValueError` for a negative number.
        """
        if minutes < 0:
            raise ValueError(f"working minutes after a moment must not be negative: {minutes}")
        if minutes == 0:
            return start
        days, rest = divmod(self._position(start) + minutes - 1, self.minutes_of_day)
        day = date.fromordinal(DAYS[bisect_right(DAYS, days, key=self._days_before) - 1])
        midnight = datetime.combine(day, time(), self.zone)
        return (midnight + timedelta(minutes=self._minute(rest + 1))).astimezone(UTC)

    @cached_property
    def minutes_of_day(self) -> int:
        """Of one working day."""
        return sum(end - start for start, end in self.spans)

    @cached_property
    def _deviating(self) -> tuple[list[int], list[int]]:
        """Ordinals of days that differ from the week's rule, and by how much days were more or fewer up to each."""
        days = sorted(
            (day.toordinal(), 1 if is_working else -1)
            for day, is_working in self.exceptions.items()
            if is_working != (day.isoweekday() <= WORKDAYS)
        )
        return [ordinal for ordinal, _step in days], [0, *accumulate(step for _ordinal, step in days)]

    def _days_before(self, ordinal: int) -> int:
        """Working days before the day, counted from the Monday that is day 1 of the calendar."""
        weeks, rest = divmod(ordinal - 1, WEEK)
        ordinals, sums = self._deviating
        return weeks * WORKDAYS + min(rest, WORKDAYS) + sums[bisect_left(ordinals, ordinal)]

    def _position(self, moment: datetime) -> int:
        local = moment.astimezone(self.zone)
        passed = self._days_before(local.toordinal()) * self.minutes_of_day
        if not self.is_working_day(local.date()):
            return passed
        minute = local.hour * 60 + local.minute
        return passed + sum(max(min(minute, end) - start, 0) for start, end in self.spans)

    def _minute(self, worked: int) -> int:
        """The minute of the day at which so many (at least one) were worked."""
        for start, end in self.spans:
            if worked <= end - start:
                return start + worked
            worked -= end - start
        raise ValueError(f"a working day has only {self.minutes_of_day} minutes")


def factory(context: object, request: Request) -> WorkingTime:
    hours = request.plugins.settings_of("documents").working_hours
    return WorkingTime.of(request.db, hours, request.settings.zone)
