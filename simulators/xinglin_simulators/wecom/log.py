"""The request log: what was asked, when and with which result; secrets masked."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

_SECRET_KEYS = frozenset(
    {"corpsecret", "access_token", "code", "user_ticket", "token", "encodingaeskey", "ticket"}
)
_INLINE = re.compile(r"((?:access_token|corpsecret|code)=)[^&\s\"]+")
_KEPT = 20000


@dataclass(frozen=True)
class LogEntry:
    """One call. ``at`` is simulated time in seconds since the epoch, ``took_ms`` real time."""

    path: str
    at: float
    agent_id: int | None
    body: Any
    errcode: int | None
    fault: str
    took_ms: float


def mask(value: Any) -> Any:
    """A copy with secrets replaced by ``***``."""
    if isinstance(value, dict):
        return {key: "***" if key.lower() in _SECRET_KEYS else mask(item) for key, item in value.items()}
    if isinstance(value, list):
        return [mask(item) for item in value]
    if isinstance(value, str):
        return _INLINE.sub(r"\1***", value)
    return value


class RequestLog:
    """Keeps the latest calls; counts cover all calls since the last reset."""

    def __init__(self) -> None:
        self._entries: deque[LogEntry] = deque(maxlen=_KEPT)
        self._counts: Counter[str] = Counter()

    def add(self, entry: LogEntry) -> None:
        """Append one call."""
        self._entries.append(entry)
        self._counts[entry.path] += 1

    def select(self, path: str = "", since: float = 0) -> list[LogEntry]:
        """Calls at or after ``since`` whose path equals or matches ``path``; bodies come masked."""
        return [
            LogEntry(**{**vars(entry), "body": mask(entry.body)})
            for entry in self._entries
            if entry.at >= since and (not path or fnmatchcase(entry.path, path))
        ]

    def counts(self) -> dict[str, int]:
        """Number of calls by path."""
        return dict(self._counts)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._counts.clear()
