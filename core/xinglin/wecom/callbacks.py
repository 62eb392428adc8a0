"""What WeCom tells us: opened, checked, and stored once; the work is done later by `inbox`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from xinglin.crypto.service import Keyring
from xinglin.types import Clock
from xinglin.wecom.crypto import CallbackCrypto, CallbackRefused
from xinglin.wecom.models import WeComCallback

HINTS = ("change_contact",)
LARGEST_BODY = 1024 * 1024
WINDOW = timedelta(seconds=300)
EVENT_PARTS = (
    *("FromUserName", "CreateTime", "Event", "EventKey", "ChangeType"),
    *("UserID", "Id", "TagId", "TaskId", "JobId", "AgentID"),
)


@dataclass(frozen=True)
class Signed:
    """The query of a callback."""

    signature: str
    timestamp: str
    nonce: str

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Signed:
        """Raises `CallbackRefused` when a part is missing or too long to be WeCom's."""
        parts = [query.get(name, "") for name in ("msg_signature", "timestamp", "nonce")]
        if not all(0 < len(part) <= 128 for part in parts):
            raise CallbackRefused(403, "signature missing")
        return cls(*parts)


class CallbackDoor:
    """Lets in what WeCom signed for this corp within ±300 s."""

    def __init__(self, crypto: CallbackCrypto, clock: Clock) -> None:
        self._crypto = crypto
        self._clock = clock

    def echo(self, signed: Signed, echostr: str) -> str:
        """The answer to WeCom's check of the address."""
        return self._open(signed, echostr)

    def receive(self, signed: Signed, body: bytes) -> tuple[dict[str, Any], bytes]:
        """The fields of the event in `body`, and its plain XML. Raises `CallbackRefused`."""
        if len(body) > LARGEST_BODY:
            raise CallbackRefused(413, "too large")
        encrypted = _fields_of(body).get("Encrypt")
        if not isinstance(encrypted, str):
            raise CallbackRefused(400, "no Encrypt element")
        plain = self._open(signed, encrypted)
        return parse_event(plain), plain.encode()

    def _open(self, signed: Signed, encrypted: str) -> str:
        text = self._crypto.open(
            encrypted, signature=signed.signature, timestamp=signed.timestamp, nonce=signed.nonce
        )
        if not re.fullmatch(r"\d{1,12}", signed.timestamp, re.ASCII):
            raise CallbackRefused(403, "timestamp")
        if abs(self._clock.now().timestamp() - int(signed.timestamp)) > WINDOW.total_seconds():
            raise CallbackRefused(403, "timestamp outside the window")
        return text


def parse_event(text: str) -> dict[str, Any]:
    """Fields of the inner XML, and those of `BatchJob` beside them; values are texts, or dicts and lists below."""
    fields = _fields_of(text.encode())
    job = fields.get("BatchJob")
    return {**fields, **job} if isinstance(job, dict) else fields


def _fields_of(body: bytes) -> dict[str, Any]:
    try:
        tree = xmltodict.parse(body, disable_entities=True, encoding="utf-8")
    except (ExpatError, ValueError, LookupError):
        raise CallbackRefused(400, "not plain XML") from None
    root = tree.get("xml")
    if not isinstance(root, dict):
        raise CallbackRefused(400, "no <xml> element")
    return root


def event_of(fields: Mapping[str, Any]) -> str:
    """The name of the event, or `message.<type>` for what a member wrote to the app."""
    name = fields.get("Event")
    return str(name)[:64] if name else f"message.{fields.get('MsgType') or 'unknown'}"[:64]


def dedupe_key(fields: Mapping[str, Any]) -> str:
    """Equal for a repeat of the same callback: MsgId, else sender, time and subject (WeCom, document 90238)."""
    if fields.get("MsgId"):
        parts = ["MsgId", str(fields["MsgId"])]
    else:
        parts = [f"{name}={fields.get(name) or ''}" for name in EVENT_PARTS]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def store(session: Session, keyring: Keyring, clock: Clock, fields: Mapping[str, Any], plain: bytes) -> bool:
    """Keep the callback sealed for the worker; False when it is a repeat."""
    key = dedupe_key(fields)
    now = clock.now()
    row = WeComCallback(
        dedupe_key=key,
        event=event_of(fields),
        body_sealed=keyring.seal(plain, context=seal_context(key)),
        received_at=now,
        retry_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        _look_again(session, row)
        return False
    return True


def _look_again(session: Session, repeat: WeComCallback) -> None:
    """Two changes of one member in one second look alike (CreateTime has whole seconds); a hint may be read twice."""
    if repeat.event in HINTS:
        session.execute(
            update(WeComCallback)
            .where(WeComCallback.dedupe_key == repeat.dedupe_key, WeComCallback.handled_at.is_not(None))
            .values(handled_at=None, attempts=0, retry_at=repeat.retry_at)
        )


def seal_context(key: str) -> str:
    return f"core_wecom_callback.body_sealed:{key}"
