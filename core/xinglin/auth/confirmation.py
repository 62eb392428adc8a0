"""First use: a code to the e-mail or mobile that the hospital knows shows that the phone is in the right hands."""

from __future__ import annotations

import enum
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.audit.service import AuditTrail
from xinglin.auth.errors import CodeRefused
from xinglin.auth.models import ConfirmationCode
from xinglin.crypto.service import Keyring
from xinglin.people.models import Person
from xinglin.types import Clock

_ = translator("core")
PURPOSE = "confirmation code"
DIGITS = 6
LIFETIME = timedelta(minutes=10)
MOST_ATTEMPTS = 5
PAUSE = timedelta(seconds=60)
MOST_SENT = 5
MOST_SENT_WITHIN = timedelta(hours=1)

ChannelKind = Literal["mail", "sms"]
CHANNELS: tuple[ChannelKind, ...] = ("mail", "sms")


@dataclass(frozen=True)
class Channel:
    """A way to reach a person, its address masked for the page."""

    kind: ChannelKind
    masked: str


class Verdict(enum.StrEnum):
    """What became of a code that somebody typed."""

    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    WORN_OUT = "worn out"
    NONE = "none"


def mask_mail(address: str) -> str:
    """`wangli@hospital.example` → `w***@hospital.example`."""
    name, _at, host = address.partition("@")
    return f"{name[:1]}***@{host}"


def mask_mobile(number: str) -> str:
    """`13812340001` → `138****0001`; a short number shows its last two digits only."""
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 11 else f"****{number[-2:]}"


def channels_of(person: Person) -> tuple[Channel, ...]:
    """The ways to reach `person` that the hospital knows, maybe none."""
    found = []
    if person.email:
        found.append(Channel("mail", mask_mail(person.email)))
    if person.mobile:
        found.append(Channel("sms", mask_mobile(person.mobile)))
    return tuple(found)


class ConfirmationService:
    """Codes of six digits, ten minutes, five attempts; stored as a keyed hash."""

    def __init__(self, session: Session, clock: Clock, audit: AuditTrail, keyring: Keyring) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._keyring = keyring

    def person(self, person_id: int) -> Person:
        """The person to be confirmed."""
        return self._session.get_one(Person, person_id)

    def check_may_send(self, person: Person, kind: str) -> None:
        """Raises `CodeRefused` when the channel is unknown, or a code was sent too recently or too often."""
        if kind not in {channel.kind for channel in channels_of(person)}:
            raise CodeRefused(
                _("The hospital does not know this address of yours."), _("Choose another way.")
            )
        now = self._clock.now()
        sent = self._sent_since(person, now - MOST_SENT_WITHIN)
        if sent and now - sent[-1] < PAUSE:
            seconds = int((sent[-1] + PAUSE - now).total_seconds()) + 1
            raise CodeRefused(
                _("A code was sent a moment ago."),
                _("Wait ${seconds} seconds, then ask for another.", mapping={"seconds": seconds}),
                status=429,
            )
        if len(sent) >= MOST_SENT:
            minutes = int((sent[0] + MOST_SENT_WITHIN - now).total_seconds()) // 60 + 1
            raise CodeRefused(
                _("Too many codes were sent within an hour."),
                _("Try again in ${minutes} minutes.", mapping={"minutes": minutes}),
                status=429,
            )

    def resend_after(self, person: Person) -> int:
        """Seconds until another code may be asked for, 0 = now."""
        sent = self._sent_since(person, self._clock.now() - PAUSE)
        return max(0, int((sent[-1] + PAUSE - self._clock.now()).total_seconds())) if sent else 0

    def new_code(self) -> str:
        """A random code, not stored yet: it is sent first, and stored only when the sending succeeded."""
        return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"

    def store(self, person: Person, kind: str, code: str) -> ConfirmationCode:
        """Remember a code that was sent; it replaces the one before."""
        now = self._clock.now()
        row = ConfirmationCode(
            person_id=person.id,
            channel=kind,
            code_hash=self._hash(person, code),
            sent_at=now,
            expires_at=now + LIFETIME,
            attempts=0,
        )
        self._session.add(row)
        self._audit.record("confirmation.send", "person", person.public_id, after={"channel": kind})
        return row

    def last_sent(self, person: Person) -> ConfirmationCode | None:
        """The code that counts, whatever became of it."""
        return self._session.scalar(_last_of(person))

    def waiting(self, person: Person) -> ConfirmationCode | None:
        """The code that may still be typed, if there is one."""
        row = self.last_sent(person)
        is_open = row is not None and row.used_at is None and row.expires_at > self._clock.now()
        return row if is_open else None

    def try_code(self, person: Person, code: str) -> Verdict:
        """Try a typed code; the right one confirms the person. A wrong one counts, so commit afterwards."""
        row = self._session.scalar(_last_of(person).with_for_update())
        verdict = self._judge(row, person, code)
        result = "ok" if verdict is Verdict.RIGHT else "denied"
        self._audit.record(
            "confirmation.try", "person", person.public_id, after={"verdict": verdict.value}, result=result
        )
        if verdict is Verdict.RIGHT:
            person.confirmed_at = self._clock.now()
        return verdict

    def _judge(self, row: ConfirmationCode | None, person: Person, code: str) -> Verdict:
        if row is None or row.used_at is not None:
            return Verdict.NONE
        return judge(row, self._hash(person, code), self._clock.now())

    def _sent_since(self, person: Person, moment: datetime) -> list[datetime]:
        query = (
            select(ConfirmationCode.sent_at)
            .where(
                ConfirmationCode.person_id == person.id,
                ConfirmationCode.channel.in_(CHANNELS),
                ConfirmationCode.sent_at > moment,
            )
            .order_by(ConfirmationCode.sent_at)
        )
        return list(self._session.scalars(query))

    def _hash(self, person: Person, code: str) -> str:
        return hash_code(self._keyring, person, code)


def _last_of(person: Person) -> Select[ConfirmationCode]:
    return (
        select(ConfirmationCode)
        .where(ConfirmationCode.person_id == person.id, ConfirmationCode.channel.in_(CHANNELS))
        .order_by(ConfirmationCode.id.desc())
        .limit(1)
    )


def hash_code(keyring: Keyring, person: Person, code: str) -> str:
    """A keyed hash bound to the person: six digits alone would be guessed from a copy of the database."""
    return keyring.mac(f"{person.id}:{code.strip()}".encode(), purpose=PURPOSE)


def judge(row: ConfirmationCode, code_hash: str, now: datetime) -> Verdict:
    """Compare in constant time and count; the right code is spent."""
    if row.expires_at <= now:
        return Verdict.EXPIRED
    if row.attempts >= MOST_ATTEMPTS:
        return Verdict.WORN_OUT
    row.attempts += 1
    if not secrets.compare_digest(row.code_hash, code_hash):
        return Verdict.WORN_OUT if row.attempts >= MOST_ATTEMPTS else Verdict.WRONG
    row.used_at = now
    return Verdict.RIGHT


def factory(context: Any, request: Any) -> ConfirmationService:
    return ConfirmationService(request.db, request.clock, request.audit, request.keyring)
