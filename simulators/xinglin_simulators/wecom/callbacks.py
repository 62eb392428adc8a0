"""Sends signed, encrypted events: 5 s limit, at most three tries with an identical payload."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from xinglin_simulators.clock import Clock, Ids
from xinglin_simulators.settings import CallbackSettings

from .crypto import CryptoError, MessageCrypto, is_signed, signature
from .events import to_xml
from .switches import Switches

TIMEOUT = aiohttp.ClientTimeout(total=5)
VERIFY_TIMEOUT = aiohttp.ClientTimeout(total=1)
TRIES = 3
HUGE = 3 << 20
DAY = 86400
FAULTS = frozenset(
    {
        "bad_signature",
        "wrong_receiveid",
        "wrong_padding",
        "duplicate",
        "reordered",
        "unknown",
        "huge",
        "entity_bomb",
        "stale_timestamp",
        "garbage",
    }
)
_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + level)} "{("&" + chr(97 + level) + ";") * 10}">' for level in range(8))
    + "]><xml><ToUserName>&i;</ToUserName><Encrypt>&i;</Encrypt></xml>"
)


def xml_text(xml: str, name: str) -> str:
    """The text of the first element of this name, or empty."""
    found = re.search(rf"<{name}>(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?</{name}>", xml, re.DOTALL)
    return found.group(1) if found else ""


@dataclass
class CallbackDelivery:
    """One event and what became of it. ``state``: pending, delivered, failed or unverified."""

    url: str
    event: str
    fields: dict[str, Any]
    fault: str
    agent_id: int | None = None
    state: str = "pending"
    attempts: list[str] = field(default_factory=list)
    reply: str = ""


class CallbackSender:
    """Delivers events in the background; every delivery can be inspected afterwards."""

    def __init__(self, corp_id: str, clock: Clock, ids: Ids, switches: Switches) -> None:
        self._corp_id, self._clock, self._ids, self._switches = corp_id, clock, ids, switches
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._verified: set[CallbackSettings] = set()
        self.deliveries: list[CallbackDelivery] = []
        self.on_reply: Callable[[CallbackDelivery], None] = lambda _delivery: None

    async def close(self) -> None:
        """Stop running deliveries."""
        for task in self._tasks:
            task.cancel()
        if self._session is not None:
            await self._session.close()

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    def send(
        self, target: CallbackSettings, fields: Mapping[str, Any], agent_id: int | None, fault: str = ""
    ) -> CallbackDelivery:
        """Start one delivery and return its record at once."""
        name = str(fields.get("Event") or fields.get("MsgType") or "")
        delivery = CallbackDelivery(target.url, name, dict(fields), fault, agent_id)
        self.deliveries.append(delivery)
        task = asyncio.get_running_loop().create_task(self._deliver(target, delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return delivery

    async def verify(self, target: CallbackSettings) -> bool:
        """GET with an encrypted echostr; the answer must be exactly the plain text, within 1 s."""
        plain = str(int(self._ids.next("echo", 15), 16))
        encrypted = MessageCrypto(target.aes_key, self._corp_id).encrypt(plain)
        query = self._signed(target, encrypted, int(self._clock.now())) | {"echostr": encrypted}
        try:
            async with self._http().get(target.url, params=query, timeout=VERIFY_TIMEOUT) as response:
                is_right = response.status == 200 and await response.read() == plain.encode()
        except (aiohttp.ClientError, TimeoutError):
            return False
        if is_right:
            self._verified.add(target)
        return is_right

    def _signed(self, target: CallbackSettings, encrypted: str, timestamp: int) -> dict[str, str]:
        nonce = str(int(self._ids.next("nonce", 8), 16))
        signed = signature(target.token, str(timestamp), nonce, encrypted)
        return {"msg_signature": signed, "timestamp": str(timestamp), "nonce": nonce}

    def _request(self, target: CallbackSettings, delivery: CallbackDelivery) -> tuple[dict[str, str], bytes]:
        """Query and body, broken as the fault demands."""
        fault = delivery.fault
        fields = dict(delivery.fields)
        if fault == "huge":
            fields["Filler"] = "x" * HUGE
        encrypted = MessageCrypto(target.aes_key, self._corp_id).encrypt(
            to_xml(fields),
            receive_id="ww0000000000000000" if fault == "wrong_receiveid" else None,
            spoil_padding=fault == "wrong_padding",
        )
        age = DAY if fault == "stale_timestamp" else 0
        query = self._signed(target, encrypted, int(self._clock.now()) - age)
        if fault == "bad_signature":
            query["msg_signature"] = "0" * 40
        if fault == "garbage":
            return query, b"\x00\xff<not xml" + encrypted.encode()[:50]
        if fault == "entity_bomb":
            return query, _BOMB.encode()
        agent = "" if delivery.agent_id is None else str(delivery.agent_id)
        body = to_xml({"ToUserName": self._corp_id, "AgentID": agent, "Encrypt": encrypted})
        return query, body.encode()

    async def _deliver(self, target: CallbackSettings, delivery: CallbackDelivery) -> None:
        if target not in self._verified and not await self.verify(target):
            delivery.state = "unverified"
            return
        query, body = self._request(target, delivery)
        for _ in range(TRIES):
            if await self._try(target, delivery, query, body):
                return
        delivery.state = "failed"

    async def _try(
        self, target: CallbackSettings, delivery: CallbackDelivery, query: dict[str, str], body: bytes
    ) -> bool:
        headers = {"Content-Type": "text/xml"}
        try:
            async with self._http().post(
                target.url, params=query, data=body, headers=headers, timeout=TIMEOUT
            ) as response:
                text = await response.text()
                delivery.attempts.append(str(response.status))
                is_final = response.status == 200 or not self._switches.non_200_retry
                if is_final:
                    delivery.state = "delivered" if response.status == 200 else "failed"
                    delivery.reply = self._read_reply(target, text)
                    self.on_reply(delivery)
                return is_final
        except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError) as error:
            delivery.attempts.append(type(error).__name__)
            return False

    def _read_reply(self, target: CallbackSettings, text: str) -> str:
        """The plain XML of an encrypted passive reply, or a note why it is unreadable."""
        encrypted = xml_text(text, "Encrypt")
        if not encrypted:
            return ""
        signed = xml_text(text, "MsgSignature")
        if not is_signed(
            signed, target.token, xml_text(text, "TimeStamp"), xml_text(text, "Nonce"), encrypted
        ):
            return "unreadable: bad signature"
        try:
            return MessageCrypto(target.aes_key, self._corp_id).decrypt(encrypted)
        except CryptoError as error:
            return f"unreadable: {error}"
