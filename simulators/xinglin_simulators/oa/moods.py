"""How the OA misbehaves on command."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from xinglin_simulators.faults import Fault, answer_with, apply_wait

from .soap import ENVELOPE, fault

BEFORE = frozenset({"hang", "reset", "refuse", "http_status", "html"})
"""What happens before anything is done; a truncated or lost answer comes after."""
DRIPS = 40


async def before(rules: Sequence[Fault], request: web.Request) -> web.StreamResponse | None:
    """Wait as told; the answer when nothing is to be done at all."""
    for rule in rules:
        await apply_wait(rule)
        if rule.kind in BEFORE:
            return await answer_with(rule, request, b"")
        if rule.kind == "soap_fault":
            return _xml(fault("java.lang.NullPointerException"), 500)
    return None


def changed(rules: Sequence[Fault], result: Any) -> Any:
    """The result of a list with each line twice."""
    if not any(rule.kind == "duplicate" for rule in rules) or not isinstance(result, dict):
        return result
    return {name: rows * 2 if isinstance(rows, list) else rows for name, rows in result.items()}


async def after(rules: Sequence[Fault], request: web.Request, body: bytes) -> web.StreamResponse | None:
    """A broken answer for what was done; None for the sound one."""
    for rule in rules:
        if rule.kind == "drip":
            return await _drip(request, body, rule.value or 60.0)
        if rule.kind == "large":
            return _xml(_large(int(rule.value) or 12), 200)
        if rule.kind == "other_contract":
            return _xml(_foreign(), 200)
        if rule.kind in {"done_but_lost", "truncated"}:
            return await answer_with(rule, request, body)
    return None


async def _drip(request: web.Request, body: bytes, seconds: float) -> web.StreamResponse:
    """The answer in small pieces over the time given, each in time for a reader who waits anew for every piece."""
    response = web.StreamResponse(headers={"Content-Type": "text/xml; charset=utf-8"})
    response.content_length = len(body)
    await response.prepare(request)
    step = max(len(body) // DRIPS, 1)
    for start in range(0, len(body), step):
        await response.write(body[start : start + step])
        await asyncio.sleep(seconds / DRIPS)
    return response


def _large(megabytes: int) -> bytes:
    text = b"a" * (megabytes << 20)
    return (
        f'<soap:Envelope xmlns:soap="{ENVELOPE}"><soap:Body><out>'.encode()
        + text
        + b"</out></soap:Body></soap:Envelope>"
    )


def _foreign() -> bytes:
    """What a service with another WSDL would say."""
    return (
        f'<soap:Envelope xmlns:soap="{ENVELOPE}"><soap:Body><m:todoListResult xmlns:m="urn:another-oa">'
        "<m:item>1</m:item></m:todoListResult></soap:Body></soap:Envelope>"
    ).encode()


def _xml(body: bytes, status: int) -> web.Response:
    return web.Response(body=body, status=status, headers={"Content-Type": "text/xml; charset=utf-8"})
