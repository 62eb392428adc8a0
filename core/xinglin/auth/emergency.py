"""A one-time code by which the service desk lets one named person in while WeCom is down."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin.audit.service import AuditTrail
from xinglin.auth.confirmation import LIFETIME, Verdict, hash_code, judge
from xinglin.auth.failures import FailureBook, as_typed
from xinglin.auth.models import ConfirmationCode
from xinglin.crypto.service import Keyring
from xinglin.people.models import Person, PersonState
from xinglin.types import Clock

_ = translator("core")
CHANNEL = "desk"
DIGITS = 8
MOST_FAILURES_OF_NUMBER = 5
MOST_FAILURES_OF_ADDRESS = 20
WITHIN = timedelta(minutes=15)


@dataclass(frozen=True)
class DeskCode:
    """To be told to the person by telephone; shown once."""

    person_name: str
    code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class Entry:
    """How the use of a code went: the person, or None; `wait` is set when it was not even tried."""

    person: Person | None
    wait: timedelta | None = None


class EmergencyService:
    """Codes of eight digits for ten minutes, one use; both sides are audited."""

    def __init__(self, session: Session, clock: Clock, audit: AuditTrail, keyring: Keyring) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._keyring = keyring
        self._failures = FailureBook(session, clock)

    def issue(self, staff_no: str) -> DeskCode:
        """A code for the active person with this staff number, in place of an earlier one; raises `DomainError`."""
        person = self._active(staff_no)
        if person is None:
            raise DomainError(_("No active person has this staff number."), _("Check the number."))
        now = self._clock.now()
        self._session.execute(
            update(ConfirmationCode)
            .where(ConfirmationCode.person_id == person.id, ConfirmationCode.channel == CHANNEL)
            .where(ConfirmationCode.used_at.is_(None))
            .values(used_at=now)
        )
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        row = ConfirmationCode(
            person_id=person.id,
            channel=CHANNEL,
            code_hash=self._hash(person, code),
            sent_at=now,
            expires_at=now + LIFETIME,
            attempts=0,
        )
        self._session.add(row)
        self._audit.record("emergency.issue", "person", person.public_id)
        return DeskCode(person.name, code, row.expires_at)

    def enter(self, staff_no: str, code: str, ip: str) -> Entry:
        """Spend a code. A wrong one counts, so return a response afterwards."""
        typed = as_typed(staff_no)
        number = f"staff:{typed.strip()}"[:64]
        wait = self._failures.wait(
            number, ip, of_login=MOST_FAILURES_OF_NUMBER, of_address=MOST_FAILURES_OF_ADDRESS, within=WITHIN
        )
        if wait is not None:
            after = {"reason": "locked out", "login": typed}
            self._audit.record("login.refuse", "person", "", after=after, result="denied")
            return Entry(None, wait)
        person = self._active(typed)
        row = self._open_code(person) if person is not None else None
        if person is None or row is None or not self._spend(row, person, code):
            self._failures.note(number, ip)
            known = person.public_id if person else ""
            after = {"method": "code", "login": typed}
            self._audit.record("login.fail", "person", known, after=after, result="denied")
            return Entry(None)
        self._failures.forgive(number)
        return Entry(person)

    def _active(self, staff_no: str) -> Person | None:
        return self._session.scalar(
            select(Person).where(Person.staff_no == staff_no.strip(), Person.state == PersonState.ACTIVE)
        )

    def _open_code(self, person: Person) -> ConfirmationCode | None:
        return self._session.scalar(
            select(ConfirmationCode)
            .where(ConfirmationCode.person_id == person.id, ConfirmationCode.channel == CHANNEL)
            .where(ConfirmationCode.used_at.is_(None))
            .with_for_update()
        )

    def _spend(self, row: ConfirmationCode, person: Person, code: str) -> bool:
        return judge(row, self._hash(person, code), self._clock.now()) is Verdict.RIGHT

    def _hash(self, person: Person, code: str) -> str:
        return hash_code(self._keyring, person, code)


def factory(context: Any, request: Any) -> EmergencyService:
    return EmergencyService(request.db, request.clock, request.audit, request.keyring)
