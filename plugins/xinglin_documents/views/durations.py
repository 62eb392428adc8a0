"""How long something took, as people say it."""

from __future__ import annotations

from pyramid.request import Request

from xinglin.api.i18n import translator

_ = translator("documents")

HOUR, DAY = 60, 24 * 60
MINUTES, HOURS, DAYS = _("${count} min"), _("${count} h"), _("${count} d")


class Durations:
    """Called with minutes; working time is never said in days, which would be taken for days of the calendar."""

    def __init__(self, request: Request) -> None:
        self._translate = request.translate

    def __call__(self, minutes: int | None, *, is_working: bool = False) -> str:
        if minutes is None:
            return "—"
        if minutes < 2 * HOUR:
            return self._say(MINUTES, f"{minutes}")
        if minutes < 2 * DAY or is_working:
            return self._say(HOURS, f"{minutes / HOUR:.1f}")
        return self._say(DAYS, f"{minutes / DAY:.1f}")

    def _say(self, sentence: str, count: str) -> str:
        return str(self._translate(sentence, count=count))
