"""When something was and how long it took, as people say it: 12 分钟前, 今天 09:30, 3 小时 5 分钟."""

from __future__ import annotations

from datetime import datetime, timedelta

from pyramid.request import Request

from xinglin.api.i18n import translator

_ = translator("documents")
HOUR, DAY = 60, 24 * 60


class Moments:
    """Relative to now, in the hospital's time zone and the reader's language. Moments are aware."""

    def __init__(self, request: Request) -> None:
        self._say = request.translate
        self._zone = request.settings.zone
        self.now: datetime = request.clock.now()

    def ago(self, moment: datetime) -> str:
        """Minutes and hours within half a day, then the day."""
        minutes = int((self.now - moment).total_seconds() // 60)
        if minutes < 1:
            return str(self._say(_("just now")))
        if minutes < HOUR:
            return str(self._say(_("${count} min ago"), count=minutes))
        if minutes < DAY // 2:
            return str(self._say(_("${count} h ago"), count=minutes // HOUR))
        return self.at(moment)

    def at(self, moment: datetime) -> str:
        """The day, near ones by name, and the time."""
        local, today = moment.astimezone(self._zone), self.now.astimezone(self._zone).date()
        time = f"{local:%H:%M}"
        for days, words in NEAR_DAYS.items():
            if local.date() == today + timedelta(days=days):
                return str(self._say(words, time=time))
        if local.year == today.year:
            return str(self._say(_("${month}/${day} ${time}"), month=local.month, day=local.day, time=time))
        return f"{local:%Y-%m-%d} {time}"

    def clock(self, moment: datetime) -> str:
        """Only the time of the day; the day too if it is another one."""
        local = moment.astimezone(self._zone)
        is_today = local.date() == self.now.astimezone(self._zone).date()
        return f"{local:%H:%M}" if is_today else self.at(moment)

    def lasting(self, minutes: int) -> str:
        """How long something took, in its two largest units."""
        days, rest = divmod(minutes, DAY)
        hours, left = divmod(rest, HOUR)
        if days:
            return self._two(_("${count} d"), days, _("${count} h"), hours)
        if hours:
            return self._two(_("${count} h"), hours, _("${count} min"), left)
        return str(self._say(_("${count} min"), count=left))

    def due(self, moment: datetime) -> str:
        """How it stands with a deadline."""
        minutes = int((self.now - moment).total_seconds() // 60)
        if minutes > 0:
            return str(self._say(_("late by ${time}"), time=self.lasting(minutes)))
        return str(self._say(_("due ${time}"), time=self.at(moment)))

    def is_late(self, moment: datetime) -> bool:
        return moment < self.now

    def _two(self, large: str, many: int, small: str, few: int) -> str:
        first = str(self._say(large, count=many))
        return f"{first} {self._say(small, count=few)}" if few else first


NEAR_DAYS = {
    -1: _("yesterday ${time}"),
    0: _("today ${time}"),
    1: _("tomorrow ${time}"),
}
