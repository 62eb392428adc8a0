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
from xinglin.auth import passwords
from xinglin.auth.administrators import AdministratorService, Provisioning, totp_secret
from xinglin.auth.failures import FailureBook
from xinglin.auth.models import Administrator
from xinglin.auth.sessions import Lifetimes
from xinglin.crypto.service import Keyring, SealBroken
from xinglin.kernel.clock import SystemClock
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
        name = login.strip().lower()[:64]
        wait = self._failures.wait(
            name, ip, of_login=MOST_FAILURES_OF_LOGIN, of_address=MOST_FAILURES_OF_ADDRESS, within=WITHIN
        )
        if wait is not None:
            self._audit.record(
                "login.refuse", "administrator", "", after={"reason": "locked out"}, result="denied"
            )
            return Attempt(None, wait)
        administrator = self._session.scalar(
            select(Administrator).where(Administrator.login == name).with_for_update()
        )
        is_password_right = passwords.is_right(
            administrator.password_hash if administrator else None, password
        )
        if administrator is None or not is_password_right or not self._welcomes(administrator, code):
            self._fail(name, ip, administrator)
            return Attempt(None)
        self._failures.forgive(name)
        return Attempt(administrator)

    def _welcomes(self, administrator: Administrator, code: str) -> bool:
        return administrator.is_active and self._spend(administrator, code.strip())

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

    def _fail(self, login: str, ip: str, administrator: Administrator | None) -> None:
        self._failures.note(login, ip)
        known = administrator.public_id if administrator else ""
        self._audit.record(
            "login.fail", "administrator", known, after={"method": "password"}, result="denied"
        )


def create_administrator(
    session: Session,
    audit: AuditTrail,
    keyring: Keyring,
    login: str,
    name: str,
    password: str,
    *,
    clock: Clock | None = None,
    site_name: str = "Xinglin",
) -> Provisioning:
    """Make an account outside of a request (first start, demo); raises `AdministratorRefused`."""
    lifetimes = Lifetimes(
        person=timedelta(0), administrator_idle=timedelta(0)
    )  # a new account has no session
    service = AdministratorService(
        session, clock or SystemClock(), audit, keyring, site_name=site_name, lifetimes=lifetimes
    )
    return service.create(login, name, password)


def factory(context: Any, request: Any) -> BreakGlassService:
    return BreakGlassService(request.db, request.clock, request.audit, request.keyring)
