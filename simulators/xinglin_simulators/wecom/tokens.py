"""Access tokens: one per (corp, secret), valid 7200 simulated seconds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from xinglin_simulators.clock import Clock, Ids
from xinglin_simulators.settings import AgentSettings, Settings

from .errors import ApiError

LIFETIME = 7200
WRONG_SECRETS_ALLOWED = 10
LOCKOUT_SECONDS = 3600


@dataclass
class Token:
    """An issued token; ``agent`` is None for the contacts-sync secret."""

    value: str
    secret: str
    expires_at: float
    agent: AgentSettings | None


class TokenBook:
    """Issues and checks tokens; can be told to misbehave."""

    def __init__(self, settings: Settings, clock: Clock, ids: Ids) -> None:
        self._settings, self._clock, self._ids = settings, clock, ids
        self._by_secret: dict[str, Token] = {}
        self._by_value: dict[str, Token] = {}
        self._wrong: Counter[str] = Counter()
        self._locked_until: dict[str, float] = {}
        self.refuses_all = False

    def issue(self, corp_id: str, secret: str, ip: str) -> Token:
        """The current token of this secret, or a new one. Raises 41002, 41004, 40013, 40001, 45009."""
        if not corp_id:
            raise ApiError(41002)
        if not secret:
            raise ApiError(41004)
        if corp_id != self._settings.corp_id:
            raise ApiError(40013)
        if self._locked_until.get(ip, 0) > self._clock.now():
            raise ApiError(45009, "too many wrong secrets from this ip")
        agent = self._owner(secret, ip)
        token = self._by_secret.get(secret)
        if token is None or token.expires_at <= self._clock.now():
            token = Token(self._ids.next("token", 86), secret, self._clock.now() + LIFETIME, agent)
            self._by_secret[secret] = token
            self._by_value[token.value] = token
        return token

    def remaining(self, token: Token) -> int:
        """Whole seconds of validity left."""
        return max(0, round(token.expires_at - self._clock.now()))

    def _owner(self, secret: str, ip: str) -> AgentSettings | None:
        if secret == self._settings.contacts_secret:
            return None
        for agent in self._settings.agents:
            if agent.secret == secret:
                return agent
        self._wrong[ip] += 1
        if self._wrong[ip] >= WRONG_SECRETS_ALLOWED:
            self._locked_until[ip] = self._clock.now() + LOCKOUT_SECONDS
            self._wrong[ip] = 0
        raise ApiError(40001)

    def check(self, value: str) -> Token:
        """The token with this value. Raises 41001, 40014, 42001."""
        if not value:
            raise ApiError(41001)
        token = self._by_value.get(value)
        if token is None or self.refuses_all:
            raise ApiError(40014)
        if token.expires_at <= self._clock.now():
            raise ApiError(42001)
        return token

    def expire_all(self) -> None:
        """Every token now answers 42001."""
        for token in self._by_value.values():
            token.expires_at = min(token.expires_at, self._clock.now())

    def invalidate_all(self) -> None:
        """Every token now answers 40014."""
        self._by_value.clear()
        self._by_secret.clear()

    def forget_wrong_secrets(self) -> None:
        """Lift the lock-out."""
        self._wrong.clear()
        self._locked_until.clear()

    def agent_id(self, value: str) -> int | None:
        """The application behind a token, valid or not, for faults and the log."""
        token = self._by_value.get(value)
        return token.agent.agent_id if token and token.agent else None
