"""What the OA tells by itself: a to-do came, was done, or is gone. JSON in the shape of e-cology's unified to-do."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from xinglin.api.people import Person, PersonState
from xinglin.api.services import Clock
from xinglin_documents.models import Box, EntryState, OutsideMark
from xinglin_documents.service.connectors.plain import plain, whole
from xinglin_documents.service.connectors.transactions import Writing
from xinglin_documents.service.connectors.weaver_reading import moment
from xinglin_documents.service.outside.mirror import Mirror
from xinglin_documents.service.outside.syncing import tell
from xinglin_documents.service.port import ListedItem

WINDOW = timedelta(minutes=5)
MOST_BYTES = 64 * 1024
TO_DO, DONE, CLOSED, COPY = "0", "2", "4", "8"
STAMP_DIGITS = 18
AHEAD = timedelta(days=1)
SECONDS_BELOW = 10**11
"""A stamp below is one in seconds; others are in milliseconds."""


class PushRefused(Exception):
    """Not from the OA, or not in its shape; `status` is for the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Told:
    """One message. `is_remark`: 0 to do, 2 done, 4 closed, 8 copy; `is_deleted`: taken away."""

    flow_id: str
    title: str
    process_title: str
    step: str
    creator: str
    created_at: datetime
    receiver: str
    received_at: datetime
    is_remark: str
    is_read: bool
    stamp: int
    is_deleted: bool


def check_signature(secret: str, stamp: str, signature: str, body: bytes, now: datetime) -> None:
    """HMAC-SHA256 over `timestamp.body`, at most five minutes old. Raises `PushRefused`."""
    if len(body) > MOST_BYTES:
        raise PushRefused(413, "too large")
    if not re.fullmatch(r"[0-9]{1,12}", stamp):
        raise PushRefused(403, "timestamp missing")
    wanted = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), signature.lower().encode("utf-8", "replace")):
        raise PushRefused(403, "signature")
    if abs(now.timestamp() - int(stamp)) > WINDOW.total_seconds():
        raise PushRefused(403, "timestamp outside the window")


def parse(body: bytes, zone: ZoneInfo, now: datetime) -> Told:
    """The message in `body`. Raises `PushRefused`."""
    try:
        fields = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise PushRefused(400, "not JSON in UTF-8") from None
    if not isinstance(fields, dict):
        raise PushRefused(400, "no JSON object")
    texts = {
        name: _text(fields, name) for name in ("flowid", "requestname", "receiver", "isremark", "receivets")
    }
    for name, text in texts.items():
        if not text:
            raise PushRefused(400, f"{name} missing")
    if not re.fullmatch(rf"[0-9]{{1,{STAMP_DIGITS}}}", texts["receivets"]):
        raise PushRefused(400, "receivets is no number")
    if _is_ahead(int(texts["receivets"]), now):
        raise PushRefused(400, "receivets lies more than a day ahead. Cure: set the clock of the OA right")
    if texts["isremark"] not in (TO_DO, DONE, CLOSED, COPY):
        raise PushRefused(400, "isremark is unknown")
    created = moment(_text(fields, "createdatetime"), zone) or now
    return Told(
        flow_id=texts["flowid"][:64],
        title=plain(texts["requestname"]),
        process_title=plain(_text(fields, "workflowname")),
        step=plain(_text(fields, "nodename")),
        creator=_text(fields, "creator"),
        created_at=created,
        receiver=texts["receiver"],
        received_at=moment(_text(fields, "receivedatetime"), zone) or now,
        is_remark=texts["isremark"],
        is_read=_text(fields, "viewtype") == "1",
        stamp=int(texts["receivets"]),
        is_deleted=_text(fields, "opertype").lower() == "del",
    )


class Pushed:
    """Takes messages in, each in the transaction of its request."""

    def __init__(self, source: str, writing: Writing, clock: Clock) -> None:
        self._source = source
        self._writing = writing
        self._clock = clock

    def take(self, told: Told) -> str:
        """What was done: new, updated, done, old (a repeat, or overtaken by a later one), or unknown (no such person)."""
        person = self._person(told.receiver)
        if person is None:
            return "unknown"
        if not self._is_newest(told, person.id):
            return "old"
        mirror = Mirror(self._writing.session, self._source, person.id, self._clock.now())
        if told.is_deleted or told.is_remark in (DONE, CLOSED):
            state = EntryState.GONE if told.is_deleted else EntryState.DONE
            for box in (Box.TO_DO, Box.TO_READ):
                mirror.close(box, told.flow_id, state)
            return "done"
        box = Box.TO_READ if told.is_remark == COPY else Box.TO_DO
        entry = mirror.receive(box, self._line(told))
        if entry is None:
            return "updated"
        entry.item.changed_at = self._clock.now()
        tell(self._writing, entry)
        facts: Mapping[str, Any] = {"person": person.public_id, "box": box.value}
        self._writing.audit.record("documents.oa_push", "document", entry.item.public_id, after=facts)
        return "new"

    def _is_newest(self, told: Told, person_id: int) -> bool:
        """Keep the stamp of the newest message; one that is not newer changes nothing."""
        session = self._writing.session
        key = (self._source, told.flow_id, person_id)
        known = session.get(OutsideMark, key, with_for_update=True)
        if known is None:
            mark = OutsideMark(source=key[0], external_id=key[1], person_id=person_id, stamp=told.stamp)
            try:
                with session.begin_nested():
                    session.add(mark)
            except IntegrityError:
                return False  # the same message comes twice at once: the other one does it
            return True
        if known.stamp >= told.stamp:
            return False
        known.stamp = told.stamp
        return True

    def _person(self, staff_no: str) -> Person | None:
        query = select(Person).where(Person.staff_no == staff_no, Person.state == PersonState.ACTIVE)
        return self._writing.session.scalar(query)

    def _line(self, told: Told) -> ListedItem:
        starter = self._person(told.creator)
        return ListedItem(
            external_id=told.flow_id,
            title=told.title,
            process_title=told.process_title,
            step=told.step,
            starter_name=starter.name if starter else told.creator,
            starter_id=starter.id if starter else None,
            started_at=told.created_at,
            arrived_at=told.received_at,
            is_read=told.is_read,
        )


def _is_ahead(stamp: int, now: datetime) -> bool:
    """Such a stamp would make each later message an old one."""
    return stamp > (now + AHEAD).timestamp() * (1 if stamp < SECONDS_BELOW else 1000)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return whole(str(value)).strip()[:500] if isinstance(value, str | int) else ""
