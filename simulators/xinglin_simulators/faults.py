"""Faults on command, shared by the WeCom API, SMS and mail."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from dataclasses import dataclass
from fnmatch import fnmatchcase

from aiohttp import web

KINDS = frozenset(
    {
        "latency",
        "errcode",
        "http_status",
        "html",
        "truncated",
        "reset",
        "hang",
        "done_but_lost",
        "refuse",
        "refuse_token",
        "drip",
        "large",
        "soap_fault",
        "other_contract",
        "duplicate",
    }
)
DEFAULT_HANG_SECONDS = 60.0
HTML_BODY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass
class Fault:
    """One rule. ``path`` is a pattern such as ``message/send`` or ``*``; ``value`` depends on the kind.

    latency and hang: seconds; errcode and http_status: the code; refuse is for ``smtp`` and ``sms`` (value:
    the SMTP reply code). ``count`` None means always. drip (value: seconds in all), large (value: MB), soap_fault,
    other_contract and duplicate are for the OA.
    """

    path: str
    kind: str
    value: float = 0
    count: int | None = None
    probability: float = 1.0
    agent_id: int | None = None
    used: int = 0

    def matches(self, path: str, agent_id: int | None) -> bool:
        """Whether the rule is about this call and not yet used up."""
        is_open = self.count is None or self.used < self.count
        is_agent = self.agent_id is None or self.agent_id == agent_id
        return is_open and is_agent and fnmatchcase(path, self.path)


class FaultBook:
    """The rules in force; the first that matches wins, latency combines with the next one."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._random = random.Random(20260101)

    def add(self, fault: Fault) -> None:
        """Put a rule in force."""
        if fault.kind not in KINDS:
            raise ValueError(f"fault kind {fault.kind!r} is unknown; use one of {', '.join(sorted(KINDS))}")
        self._rules.append(fault)

    def clear(self) -> None:
        """Forget all rules."""
        self._rules.clear()

    def rules(self) -> list[Fault]:
        """All rules, used up ones included."""
        return list(self._rules)

    def take(self, path: str, agent_id: int | None = None) -> list[Fault]:
        """The faults to apply now; marks them as used."""
        taken = []
        for rule in self._rules:
            if not rule.matches(path, agent_id) or self._random.random() >= rule.probability:
                continue
            rule.used += 1
            taken.append(rule)
            if rule.kind != "latency":
                break
        return taken


async def apply_wait(fault: Fault) -> None:
    """Sleep for latency and hang (hang defaults to 60 s)."""
    if fault.kind == "latency":
        await asyncio.sleep(fault.value)
    elif fault.kind == "hang":
        await asyncio.sleep(fault.value or DEFAULT_HANG_SECONDS)


def reset_connection(request: web.Request) -> None:
    """Cut the connection with a TCP reset."""
    transport = request.transport
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def send_truncated(request: web.Request, body: bytes) -> web.StreamResponse:
    """Announce the whole body, send half, hang up."""
    response = web.StreamResponse(headers={"Content-Type": "application/json; charset=UTF-8"})
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def answer_with(fault: Fault, request: web.Request, body: bytes) -> web.StreamResponse | None:
    """The broken HTTP answer for kinds that break the transport; None for the other kinds."""
    if fault.kind == "refuse":
        return web.Response(status=503, text="service unavailable")
    if fault.kind == "http_status":
        return web.Response(status=int(fault.value) or 500, text="server error")
    if fault.kind == "html":
        return web.Response(text=HTML_BODY, content_type="text/html")
    if fault.kind == "truncated":
        return await send_truncated(request, body)
    if fault.kind in {"reset", "done_but_lost", "hang"}:
        reset_connection(request)
        return web.Response()
    return None
