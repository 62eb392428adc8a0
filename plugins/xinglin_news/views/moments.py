"""When something was, as people say it: 今天 09:30, 昨天 17:05, 3月5日, 2025-12-31."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from pyramid.request import Request

from xinglin.api.i18n import translator

_ = translator("news")

TODAY, YESTERDAY, THIS_YEAR = _("today ${time}"), _("yesterday ${time}"), _("${month}/${day}")
TIME = "HH:MM"


class Moments:
    """Called with an aware moment; says it relative to now, in the hospital's time zone and the reader's language."""

    def __init__(self, request: Request) -> None:
        self._translate = request.translate
        self._zone = request.settings.zone
        self._today = request.clock.now().astimezone(self._zone).date()
        self._patterns: dict[date, str] = {}

    def __call__(self, moment: datetime) -> str:
        local = moment.astimezone(self._zone)
        day = local.date()
        pattern = self._patterns.get(day)
        if pattern is None:
            pattern = self._patterns[day] = self._pattern(day)
        return pattern.replace(TIME, f"{local.hour:02}:{local.minute:02}")

    def _pattern(self, day: date) -> str:
        """The words for a day, asked once a page: in a list many moments share a day."""
        if day == self._today:
            return str(self._translate(TODAY, time=TIME))
        if day == self._today - timedelta(days=1):
            return str(self._translate(YESTERDAY, time=TIME))
        if day.year == self._today.year:
            return str(self._translate(THIS_YEAR, month=day.month, day=day.day))
        return f"{day:%Y-%m-%d}"
