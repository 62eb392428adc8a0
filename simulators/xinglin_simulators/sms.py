"""An SMS gateway: ``POST /messages {"mobile", "text", "reference"}`` with a bearer token."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from aiohttp import web

from .clock import Clock, Ids
from .faults import FaultBook, answer_with, apply_wait

_MOBILE = re.compile(r"\+?\d{6,15}")
MAX_TEXT = 500


@dataclass(frozen=True)
class Sms:
    """One sent text message; ``at`` in simulated seconds since the epoch."""

    id: str
    mobile: str
    text: str
    reference: str
    at: float


class SmsGateway:
    """Accepted messages; the same reference is accepted again but sent once."""

    def __init__(self, clock: Clock, ids: Ids, faults: FaultBook, token: str) -> None:
        self._clock, self._ids, self._faults, self._token = clock, ids, faults, token
        self._sent: list[Sms] = []
        self._by_reference: dict[str, Sms] = {}
        self.version = 0

    def clear(self) -> None:
        """Forget all messages."""
        self._sent.clear()
        self._by_reference.clear()
        self.version += 1

    def messages(self, to: str = "") -> list[Sms]:
        """Messages to this number, or all; oldest first."""
        return [message for message in self._sent if not to or message.mobile == to]

    def accept(self, mobile: str, text: str, reference: str) -> Sms:
        """Send once per reference."""
        known = self._by_reference.get(reference) if reference else None
        if known is not None:
            return known
        message = Sms(self._ids.next("sms", 24), mobile, text, reference, self._clock.now())
        self._sent.append(message)
        self.version += 1
        if reference:
            self._by_reference[reference] = message
        return message

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """POST /messages; 401 without token, 400 for wrong fields, 202 with the id; faults path ``sms``."""
        faults = self._faults.take("sms")
        for fault in faults:
            await apply_wait(fault)
        last = faults[-1] if faults else None
        does_work = last is None or last.kind in {"latency", "done_but_lost", "truncated"}
        response = await self._handle(request) if does_work else web.Response(status=500)
        if last is not None:
            if last.kind == "errcode":
                return web.json_response({"error": int(last.value)}, status=422)
            body = response.body if isinstance(response.body, bytes) else b""
            broken = await answer_with(last, request, body)
            return broken or response
        return response

    async def _handle(self, request: web.Request) -> web.Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token or (self._token and token != self._token):
            return web.json_response({"error": "unauthorized"}, status=401)
        try:
            body = json.loads(await request.read())
        except ValueError:
            return web.json_response({"error": "json expected"}, status=400)
        if not isinstance(body, dict):
            return web.json_response({"error": "json object expected"}, status=400)
        mobile, text = str(body.get("mobile", "")), str(body.get("text", ""))
        if not _MOBILE.fullmatch(mobile) or not 1 <= len(text) <= MAX_TEXT:
            return web.json_response({"error": "mobile or text invalid"}, status=400)
        message = self.accept(mobile, text, str(body.get("reference") or ""))
        return web.json_response({"id": message.id}, status=202)

    def app(self) -> web.Application:
        """The gateway's own HTTP application."""
        app = web.Application()
        app.router.add_post("/messages", self.receive)
        return app
