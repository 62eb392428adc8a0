"""One-use OAuth codes (5 minutes) and user tickets (1800 s)."""

from __future__ import annotations

from dataclasses import dataclass

from xinglin_simulators.clock import Clock, Ids

from .errors import ApiError

CODE_LIFETIME = 300
TICKET_LIFETIME = 1800


@dataclass(frozen=True)
class Code:
    """Who is behind a code; ``userid`` empty means a visitor who is no member."""

    userid: str
    agent_id: int | None
    is_private: bool
    expires_at: float


class LoginBook:
    """Issues and redeems codes and tickets."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock, self._ids = clock, ids
        self._codes: dict[str, Code] = {}
        self._tickets: dict[str, Code] = {}

    def new_code(self, userid: str, agent_id: int | None, *, is_private: bool = False, age: float = 0) -> str:
        """A fresh code; ``age`` seconds old (above 300 it is already expired)."""
        value = self._ids.next("code")
        expires_at = self._clock.now() + CODE_LIFETIME - age
        self._codes[value] = Code(userid, agent_id, is_private, expires_at)
        return value

    def redeem(self, value: str, agent_id: int) -> Code:
        """The code's owner, once. Raises 40029."""
        code = self._codes.pop(value, None)
        if code is None or code.expires_at <= self._clock.now():
            raise ApiError(40029)
        if code.agent_id is not None and code.agent_id != agent_id:
            raise ApiError(40029)
        return code

    def new_ticket(self, code: Code) -> str:
        """A user_ticket for auth/getuserdetail."""
        value = self._ids.next("ticket")
        self._tickets[value] = Code(
            code.userid, code.agent_id, is_private=True, expires_at=self._clock.now() + TICKET_LIFETIME
        )
        return value

    def ticket_owner(self, value: str) -> str:
        """The userid behind a ticket. Raises 84015, 84014."""
        ticket = self._tickets.get(value)
        if ticket is None:
            raise ApiError(84015)
        if ticket.expires_at <= self._clock.now():
            raise ApiError(84014)
        return ticket.userid
