"""Frequency limits of the vendor's page (2023-08), on the simulated clock."""

from __future__ import annotations

from collections import defaultdict, deque

from .errors import ApiError

API_PER_MINUTE = 10_000
API_PER_HOUR = 150_000
MEMBER_PER_MINUTE = 30
MEMBER_PER_HOUR = 1000
DAILY_PER_SEAT = 200
TICKETS_PER_HOUR = {"corp": 400, "agent": 100}
MINUTE, HOUR, DAY = 60, 3600, 86400


class Window:
    """Counts by key in fixed windows; a full window blocks until it ends."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._counts: dict[str, tuple[int, int]] = {}

    def add(self, key: str, now: float, amount: int, limit: float) -> bool:
        """Count ``amount`` and tell whether it still fits; what does not fit is not counted."""
        slot = int(now // self._seconds)
        stored_slot, used = self._counts.get(key, (slot, 0))
        if stored_slot != slot:
            used = 0
        if used + amount > limit:
            return False
        self._counts[key] = (slot, used + amount)
        return True


class RateLimits:
    """All limits; ``scale`` multiplies them, 0 switches them off."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self._minute, self._hour, self._day = Window(MINUTE), Window(HOUR), Window(DAY)
        self._received: defaultdict[tuple[int, str], deque[float]] = defaultdict(deque)

    def count_api(self, path: str, now: float) -> None:
        """Raise 45009 when the API's window is full."""
        if not self.scale:
            return
        fits = self._minute.add(path, now, 1, API_PER_MINUTE * self.scale)
        if not (fits and self._hour.add(path, now, 1, API_PER_HOUR * self.scale)):
            raise ApiError(45009)

    def count_ticket(self, kind: str, key: str, now: float) -> None:
        """Raise 45009 above 400/h per corp (``corp``) or 100/h per app (``agent``)."""
        limit = TICKETS_PER_HOUR[kind] * self.scale
        if self.scale and not self._hour.add(f"ticket:{kind}:{key}", now, 1, limit):
            raise ApiError(45009)

    def count_daily(self, agent_id: int, persons: int, seats: int, now: float) -> None:
        """Raise 45009 above seats x 200 person-times per app and day."""
        limit = seats * DAILY_PER_SEAT * self.scale
        if self.scale and not self._day.add(f"send:{agent_id}", now, persons, limit):
            raise ApiError(45009)

    def may_receive(self, agent_id: int, userid: str, now: float) -> bool:
        """Count one message to a member; False means WeCom drops it without an error."""
        if not self.scale:
            return True
        times = self._received[agent_id, userid]
        while times and times[0] <= now - HOUR:
            times.popleft()
        per_minute, per_hour = int(MEMBER_PER_MINUTE * self.scale), int(MEMBER_PER_HOUR * self.scale)
        if len(times) >= per_hour or (len(times) >= per_minute and times[-per_minute] > now - MINUTE):
            return False
        times.append(now)
        return True
