"""The door for the OA's own messages: signed, in time, and each with an effect once."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from pyramid.request import Request

from xinglin.api.push import PushService
from xinglin.api.services import Clock
from xinglin_documents.schemas import DocumentsSettings
from xinglin_documents.service.connectors.transactions import Writing
from xinglin_documents.service.outside.pushed import Pushed, PushRefused, check_signature, parse

SECRET = "oa_push_secret"  # noqa: S105 - the name of a secret


class ReceivingService:
    """`core` knows the secret; without it, or without an OA, the door does not exist."""

    def __init__(self, source: str, core: Any, writing: Writing, clock: Clock, zone: ZoneInfo) -> None:
        self._source = source
        self._core = core
        self._writing = writing
        self._clock = clock
        self._zone = zone

    def receive(self, stamp: str, signature: str, body: bytes) -> str:
        """What was done, see `Pushed.take`. Raises `PushRefused`."""
        secret = self._secret()
        now = self._clock.now()
        check_signature(secret, stamp, signature, body, now)
        return Pushed(self._source, self._writing, self._clock).take(parse(body, self._zone, now))

    def _secret(self) -> str:
        try:
            secret = str(self._core.secret(SECRET))
        except LookupError:
            secret = ""
        if self._source == "off" or not secret:
            raise PushRefused(404, "no OA is set up to send messages")
        return secret


def factory(context: object, request: Request) -> ReceivingService:
    settings: DocumentsSettings = request.plugins.settings_of("documents")
    writing = Writing(request.db, request.audit, request.service(PushService), request.files)
    return ReceivingService(settings.oa, request.settings, writing, request.clock, request.settings.zone)
