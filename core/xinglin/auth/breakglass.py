"""The emergency login of administrators: password and TOTP (RFC 6238), with a lock-out that tells nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyotp
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.audit.service import AuditTrail
from xinglin.auth import passwords, role_seal
from xinglin.auth.administrators import AdministratorService, Provisioning, totp_secret
from xinglin.auth.failures import FailureBook, as_typed
from xinglin.auth.models import Administrator, AdministratorRole
from xinglin.auth.sessions import Lifetimes
from xinglin.crypto.service import Keyring, SealBroken
from xinglin.kernel.clock import SystemClock
from xinglin.people.models import Person, PersonState
from xinglin.types import Clock

__all__ = ["Attempt", "BreakGlassService", "Provisioning", "create_administrator", "totp_secret"]
STEP_SECONDS = 30
MOST_FAILURES_OF_LOGIN = 5
MOST_FAILURES_OF_ADDRESS = 20
WITHIN = timedelta(minutes=15)


@dataclass(frozen=True)
class Attempt:
    """How a login went: the administrator, or None; `wait` is set when it was not even tried."""

    administrator: Administrator | None
    wait: timedelta | None = None


class BreakGlassService:
    """A failed login is one row and one audit record: return a response afterwards, so that they are kept."""

    def __init__(self, session: Session, clock: Clock, audit: AuditTrail, keyring: Keyring) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._keyring = keyring
        self._failures = FailureBook(session, clock)

    def login(self, login: str, password: str, code: str, ip: str) -> Attempt:
        """Check password and code. Unknown, switched off, wrong password and wrong code look all the same."""
        typed = as_typed(login)
        name = typed.strip().lower()
        wait = self._failures.wait(
            name, ip, of_login=MOST_FAILURES_OF_LOGIN, of_address=MOST_FAILURES_OF_ADDRESS, within=WITHIN
        )
        if wait is not None:
            after = {"reason": "locked out", "login": typed}
            self._audit.record("login.refuse", "administrator", "", after=after, result="denied")
            return Attempt(None, wait)
        administrator = self._session.scalar(
            select(Administrator).where(Administrator.login == name).with_for_update()
        )
        is_password_right = passwords.is_right(
            administrator.password_hash if administrator else None, password
        )
        if administrator is None or not is_password_right or not self._welcomes(administrator, code):
            self._failures.note(name, ip)
            self._record_failure(typed, administrator)
            return Attempt(None)
        self._failures.forgive(name)
        administrator.last_used_at = self._clock.now()
        return Attempt(administrator)

    def confirm(self, administrator_id: int, code: str, ip: str) -> Attempt:
        """A fresh code of who is logged in already, before an act of weight. A wrong one counts as a failed login."""
        query = select(Administrator).where(Administrator.id == administrator_id).with_for_update()
        administrator = self._session.scalars(query).one()
        wait = self._failures.wait(
            administrator.login,
            ip,
            of_login=MOST_FAILURES_OF_LOGIN,
            of_address=MOST_FAILURES_OF_ADDRESS,
            within=WITHIN,
        )
        if wait is not None:
            return Attempt(None, wait)
        if not self._welcomes(administrator, code):
            self._failures.note(administrator.login, ip)
            self._record_failure(administrator.login, administrator)
            return Attempt(None)
        return Attempt(administrator)

    def _welcomes(self, administrator: Administrator, code: str) -> bool:
        return (
            administrator.is_active
            and self._is_as_written(administrator)
            and self._is_person_here(administrator)
            and self._spend(administrator, code.strip())
        )

    def _is_as_written(self, administrator: Administrator) -> bool:
        if role_seal.is_genuine(administrator, self._keyring):
            return True
        self._audit.record("administrator.changed", "administrator", administrator.public_id, result="error")
        return False

    def _is_person_here(self, administrator: Administrator) -> bool:
        if administrator.person_id is None:
            return True
        state = select(Person.state).where(Person.id == administrator.person_id)
        return self._session.scalar(state) == PersonState.ACTIVE

    def _spend(self, administrator: Administrator, code: str) -> bool:
        """Whether the code is that of this step or a neighbour, and later than the last one used."""
        try:
            secret = totp_secret(administrator, self._keyring)
        except SealBroken:
            self._audit.record(
                "administrator.seal_broken", "administrator", administrator.public_id, result="error"
            )
            return False
        totp = pyotp.TOTP(secret)
        present = int(self._clock.now().timestamp()) // STEP_SECONDS
        for step in (present - 1, present, present + 1):
            is_right = secrets.compare_digest(
                totp.generate_otp(step).encode(), code.encode("utf-8", "replace")
            )
            if is_right and step > administrator.totp_last_step:
                administrator.totp_last_step = step
                return True
        return False

    def _record_failure(self, typed: str, administrator: Administrator | None) -> None:
        known = administrator.public_id if administrator else ""
        after = {"method": "password", "login": typed}
        self._audit.record("login.fail", "administrator", known, after=after, result="denied")


def create_administrator(
    session: Session,
    audit: AuditTrail,
    keyring: Keyring,
    login: str,
    name: str,
    password: str,
    *,
    role: AdministratorRole = AdministratorRole.SYSTEM,
    clock: Clock | None = None,
    site_name: str = "Xinglin",
) -> Provisioning:
    """Make an account of an outsider outside of a request (demo); raises `AdministratorRefused`."""
    lifetimes = Lifetimes(
        person=timedelta(0), administrator_idle=timedelta(0)
    )  # a new account has no session
    service = AdministratorService(
        session, clock or SystemClock(), audit, keyring, site_name=site_name, lifetimes=lifetimes
    )
    return service.create(login, name, password, role, is_outsider=True)


def factory(context: Any, request: Any) -> BreakGlassService:
    return BreakGlassService(request.db, request.clock, request.audit, request.keyring)
