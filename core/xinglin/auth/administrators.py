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
from xinglin.auth import passwords, role_seal
from xinglin.auth.errors import AdministratorRefused
from xinglin.auth.failures import FailureBook
from xinglin.auth.models import Administrator, AdministratorRole
from xinglin.auth.namesakes import name_key
from xinglin.auth.sessions import Lifetimes, SessionService
from xinglin.crypto.service import Keyring
from xinglin.kernel.orm import new_public_id
from xinglin.people.models import Person, PersonState
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

    def create(
        self,
        login: str,
        name: str,
        password: str,
        role: AdministratorRole = AdministratorRole.SYSTEM,
        *,
        staff_no: str = "",
        is_outsider: bool = False,
    ) -> Provisioning:
        """A new account, of the member of staff with this number, or of an outsider who is on no list of staff.

        Raises `AdministratorRefused` for a bad or taken login, a weak password, an unknown number, a second role,
        and for one that is neither once there is a list of staff.
        """
        self._check(login, name)
        passwords.check(login, password)
        person = self._owner(staff_no, is_outsider=is_outsider)
        self._refuse_second_role(name, role, person)
        administrator = Administrator(
            public_id=new_public_id(),
            login=login,
            name=name.strip()[:64],
            password_hash=passwords.hash_password(password),
            is_active=True,
            role=role,
            person_id=person.id if person else None,
            created_at=self._clock.now(),
            last_used_at=self._clock.now(),
        )
        role_seal.bind(administrator, self._keyring)
        provisioning = self._provision(administrator)
        self._session.add(administrator)
        self._session.flush()
        self._record(
            "administrator.create",
            administrator,
            after={
                "login": login,
                "name": administrator.name,
                "role": role.value,
                "staff_no": staff_no,
                "is_outsider": is_outsider,
            },
        )
        return provisioning

    def find(self, login: str) -> Administrator | None:
        """The account with this login."""
        return self._session.scalar(select(Administrator).where(Administrator.login == login.strip().lower()))

    def by_public_id(self, public_id: str) -> Administrator | None:
        """The account with this public id."""
        return self._session.scalar(select(Administrator).where(Administrator.public_id == public_id))

    def unlock(self, administrator: Administrator) -> None:
        """Forget the failed logins of the account; those of an address stay."""
        FailureBook(self._session, self._clock).forgive(administrator.login)
        self._record("administrator.unlock", administrator)

    def everyone(self) -> Sequence[Administrator]:
        """All accounts by login."""
        return self._session.scalars(select(Administrator).order_by(Administrator.login)).all()

    def with_staff_numbers(self) -> Sequence[tuple[Administrator, str]]:
        """All accounts by login, each with the staff number of its person, empty for none."""
        query = select(Administrator, Person.staff_no).outerjoin(Person, Person.id == Administrator.person_id)
        return [
            (row, number or "") for row, number in self._session.execute(query.order_by(Administrator.login))
        ]

    def disable(self, administrator: Administrator, reason: str = "") -> None:
        """Switch the account off and end its sessions at once."""
        self._switch(administrator, is_active=False)
        sessions = SessionService(self._session, self._clock, self._audit, self._lifetimes)
        sessions.end_all_of_administrator(administrator.id, "disabled")
        after = {"is_active": False, **({"reason": reason} if reason else {})}
        self._record("administrator.disable", administrator, before={"is_active": True}, after=after)

    def enable(self, administrator: Administrator) -> None:
        """Switch the account on again; raises `AdministratorRefused` for a changed row or a second role."""
        if not role_seal.is_genuine(administrator, self._keyring):
            raise AdministratorRefused(
                _("This account was changed behind the portal's back."), _("Make a new one in its place.")
            )
        person = self._session.get(Person, administrator.person_id) if administrator.person_id else None
        self._refuse_second_role(administrator.name, administrator.role, person)
        was_active = administrator.is_active
        self._switch(administrator, is_active=True)
        administrator.last_used_at = self._clock.now()
        self._record(
            "administrator.enable", administrator, before={"is_active": was_active}, after={"is_active": True}
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

    def _switch(self, administrator: Administrator, *, is_active: bool) -> None:
        was_genuine = role_seal.is_genuine(administrator, self._keyring)
        administrator.is_active = is_active
        if was_genuine:  # a new MAC would make a row honest that somebody changed
            role_seal.bind(administrator, self._keyring)

    def _check(self, login: str, name: str) -> None:
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

    def _owner(self, staff_no: str, *, is_outsider: bool) -> Person | None:
        if staff_no and is_outsider:
            raise AdministratorRefused(
                _("An outsider has no staff number."), _("Give either --staff-number or --outsider.")
            )
        if staff_no:
            return self._person(staff_no)
        if not is_outsider and self._session.scalar(select(Person.id).limit(1)) is not None:
            raise AdministratorRefused(
                _("Whose account this is must be known, now that the staff are imported."),
                _("Give --staff-number, or --outsider for somebody who is not on the list of staff."),
            )
        return None

    def _person(self, staff_no: str) -> Person:
        # The lock makes two accounts for one person wait for each other, so that the check for a second role holds.
        query = select(Person).where(Person.staff_no == staff_no.strip(), Person.state == PersonState.ACTIVE)
        person = self._session.scalar(query.with_for_update())
        if person is None:
            raise AdministratorRefused(_("No active person has this staff number."), _("Check the number."))
        return person

    def _refuse_second_role(self, name: str, role: AdministratorRole, person: Person | None) -> None:
        """By person; by name, however it is spelt, where one of the two accounts is tied to nobody."""
        names = {name_key(name), name_key(person.name if person else name)}
        query = select(Administrator.person_id, Administrator.name, Person.name)
        others = query.outerjoin(Person, Person.id == Administrator.person_id).where(
            Administrator.is_active, Administrator.role != role
        )
        for person_id, *known in self._session.execute(others):
            is_told_apart = person is not None and person_id is not None
            is_namesake = not names.isdisjoint(name_key(other) for other in known if other)
            if person_id == person.id if person and is_told_apart else is_namesake:
                raise AdministratorRefused(
                    _("This person holds another of the three administrator roles."),
                    _("Give it to somebody else; tell namesakes apart by their staff numbers."),
                )

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
