"""Local accounts for emergencies and for the desktop tool: made, switched off, given a new second factor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyotp
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.audit.service import AuditTrail
from xinglin.auth import passwords
from xinglin.auth.errors import AdministratorRefused
from xinglin.auth.models import Administrator
from xinglin.auth.sessions import Lifetimes, SessionService
from xinglin.crypto.service import Keyring
from xinglin.kernel.orm import new_public_id
from xinglin.types import Clock

_ = translator("core")
LOGIN = re.compile(r"[a-z][a-z0-9._-]{2,31}")


@dataclass(frozen=True)
class Provisioning:
    """What the new owner puts into the authenticator app; shown once, stored only sealed."""

    administrator: Administrator
    secret: str = field(repr=False)
    uri: str = field(repr=False)


def totp_context(administrator: Administrator) -> str:
    """What the sealed seed is bound to: moved to another account it does not open."""
    return f"core_administrator:{administrator.public_id}:totp_sealed"


def totp_secret(administrator: Administrator, keyring: Keyring) -> str:
    """The seed of the second factor, base32; raises `SealBroken`."""
    return keyring.open(administrator.totp_sealed, context=totp_context(administrator)).decode()


class AdministratorService:
    """Every act is audited; nothing here is shown twice."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        keyring: Keyring,
        *,
        site_name: str,
        lifetimes: Lifetimes,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._keyring = keyring
        self._site_name = site_name
        self._lifetimes = lifetimes

    def create(self, login: str, name: str, password: str) -> Provisioning:
        """A new account; raises `AdministratorRefused` for a bad or taken login or a weak password."""
        if not LOGIN.fullmatch(login):
            raise AdministratorRefused(
                _("An account's name has 3 to 32 small letters, digits, dots or dashes."),
                _("For example: wang.li"),
            )
        if not name.strip():
            raise AdministratorRefused(
                _("The name of the person is missing."), _("Accounts belong to one person each.")
            )
        if self.find(login) is not None:
            raise AdministratorRefused(_("This account's name is taken."), _("Choose another."))
        passwords.check(login, password)
        administrator = Administrator(
            public_id=new_public_id(),
            login=login,
            name=name.strip()[:64],
            password_hash=passwords.hash_password(password),
            created_at=self._clock.now(),
        )
        provisioning = self._provision(administrator)
        self._session.add(administrator)
        self._session.flush()
        self._record(
            "administrator.create", administrator, after={"login": login, "name": administrator.name}
        )
        return provisioning

    def find(self, login: str) -> Administrator | None:
        """The account with this login."""
        return self._session.scalar(select(Administrator).where(Administrator.login == login.strip().lower()))

    def everyone(self) -> Sequence[Administrator]:
        """All accounts by login."""
        return self._session.scalars(select(Administrator).order_by(Administrator.login)).all()

    def disable(self, administrator: Administrator) -> None:
        """Switch the account off and end its sessions at once."""
        administrator.is_active = False
        sessions = SessionService(self._session, self._clock, self._audit, self._lifetimes)
        sessions.end_all_of_administrator(administrator.id, "disabled")
        self._record(
            "administrator.disable", administrator, before={"is_active": True}, after={"is_active": False}
        )

    def reset_code(self, administrator: Administrator) -> Provisioning:
        """A new second factor; the old one and all sessions end at once."""
        provisioning = self._provision(administrator)
        sessions = SessionService(self._session, self._clock, self._audit, self._lifetimes)
        sessions.end_all_of_administrator(administrator.id, "code reset")
        self._record("administrator.reset_code", administrator)
        return provisioning

    def set_password(self, administrator: Administrator, password: str) -> None:
        """A new password; all sessions end at once. Raises `AdministratorRefused` for a weak one."""
        passwords.check(administrator.login, password)
        administrator.password_hash = passwords.hash_password(password)
        sessions = SessionService(self._session, self._clock, self._audit, self._lifetimes)
        sessions.end_all_of_administrator(administrator.id, "password changed")
        self._record("administrator.set_password", administrator)

    def _provision(self, administrator: Administrator) -> Provisioning:
        secret = pyotp.random_base32()
        administrator.totp_sealed = self._keyring.seal(secret.encode(), context=totp_context(administrator))
        administrator.totp_last_step = 0
        uri = pyotp.TOTP(secret).provisioning_uri(name=administrator.login, issuer_name=self._site_name)
        return Provisioning(administrator, secret, uri)

    def _record(self, action: str, administrator: Administrator, **details: Any) -> None:
        self._audit.record(action, "administrator", administrator.public_id, **details)


def factory(context: Any, request: Any) -> AdministratorService:
    return AdministratorService(
        request.db,
        request.clock,
        request.audit,
        request.keyring,
        site_name=request.settings.site_name,
        lifetimes=Lifetimes.of(request.settings),
    )
