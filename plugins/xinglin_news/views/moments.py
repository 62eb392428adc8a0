"""When something was, as people say it: 今天 09:30, 昨天 17:05, 3月5日, 2025-12-31."""

from __future__ import annotations

from datetime import datetime, timedelta

from pyramid.request import Request

from xinglin.api.i18n import translator

_ = translator("news")

TODAY, YESTERDAY, THIS_YEAR = _("today ${time}"), _("yesterday ${time}"), _("${month}/${day}")


class Moments:
    """Called with an aware moment; says it relative to now, in the hospital's time zone and the reader's language."""

    def __init__(self, request: Request) -> None:
        self._translate = request.translate
        self._zone = request.settings.zone
        self._today = request.clock.now().astimezone(self._zone).date()

    def __call__(self, moment: datetime) -> str:
        local = moment.astimezone(self._zone)
        day = local.date()
        if day == self._today:
            return str(self._translate(TODAY, time=f"{local:%H:%M}"))
        if day == self._today - timedelta(days=1):
            return str(self._translate(YESTERDAY, time=f"{local:%H:%M}"))
        if day.year == self._today.year:
            return str(self._translate(THIS_YEAR, month=day.month, day=day.day))
        return f"{day:%Y-%m-%d}"
