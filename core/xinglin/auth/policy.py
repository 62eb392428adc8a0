"""The security policy of the portal: who asks, and whether he may. What is not allowed is denied."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request
from pyramid.security import Allowed, Denied
from sqlalchemy.orm import Session
from zope.interface import implementer

from xinglin.audit.service import AuditTrail
from xinglin.auth import cookies
from xinglin.auth.afterwards import write_afterwards
from xinglin.auth.identity import Identity, read_identity
from xinglin.auth.models import AdministratorRole
from xinglin.auth.role_seal import RoleChanged
from xinglin.auth.session_seal import SessionChanged
from xinglin.auth.sessions import Lifetimes, SessionService, hash_token

logger = logging.getLogger(__name__)
PUBLIC = "core:public"
PERSON = "core:person"
STAFF = "core:staff"
ADMINISTRATOR = "core:administrator"
EMERGENCY = "core:emergency"
SECURITY = "core:security"
BEARER_PATH = "/api/admin/"
TOUCH_PERSON_AFTER = timedelta(minutes=5)
TOUCH_ADMINISTRATOR_AFTER = timedelta(minutes=1)
EMERGENCY_ROLES = {AdministratorRole.SYSTEM, AdministratorRole.SECURITY}
"""Who lets a person in while WeCom is down; who watches over it changes nothing."""


@implementer(ISecurityPolicy)
class SecurityPolicy:
    """Sessions by cookie; below `/api/admin/` by bearer token only, so that no foreign page can use a cookie there."""

    def identity(self, request: Request) -> Identity | None:
        """The identity, read once a request, outside of its transaction."""
        # The request's own session is not used: a view that writes decides later how that one begins.
        if "identity" not in request.__dict__:
            request.__dict__["identity"] = None
            request.__dict__["identity"] = self._read(request)
        found: Identity | None = request.__dict__["identity"]
        return found

    def authenticated_userid(self, request: Request) -> str | None:
        identity = self.identity(request)
        return f"{identity.kind}:{identity.public_id}" if identity else None

    def permits(self, request: Request, context: Any, permission: str) -> Allowed | Denied:
        if permission == PUBLIC:
            return Allowed("open to everybody")
        identity = self.identity(request)
        if identity is None:
            return Denied("nobody is logged in")
        if self._has(request, identity, permission):
            return Allowed("%s is held", permission)
        return Denied("%s is not held", permission)

    def remember(self, request: Request, userid: str, **_options: Any) -> list[tuple[str, str]]:
        """Headers that put the session token `userid` into the browser."""
        return [
            cookies.header(request, cookies.SESSION, userid),
            cookies.header(request, cookies.CSRF, None),
            cookies.header(request, cookies.ATTEMPTS, None),
        ]

    def forget(self, request: Request, **_options: Any) -> list[tuple[str, str]]:
        """Headers that take the session token out of the browser."""
        return [cookies.header(request, cookies.SESSION, None)]

    def _has(self, request: Request, identity: Identity, permission: str) -> bool:
        if permission.startswith("core:"):
            return self._has_core(identity, permission)
        if permission not in request.plugins.permissions:
            logger.error(
                "permission %s of route %s is not declared: denied", permission, request.matched_route
            )
            return False
        return identity.may(permission)

    def _has_core(self, identity: Identity, permission: str) -> bool:
        if permission == ADMINISTRATOR:
            return identity.kind == "administrator"
        if permission == EMERGENCY:
            return identity.role in EMERGENCY_ROLES
        if permission == SECURITY:
            return identity.role == AdministratorRole.SECURITY
        if permission == PERSON:
            return identity.kind == "person"
        return permission == STAFF and identity.is_staff

    def _read(self, request: Request) -> Identity | None:
        is_bearer = request.environ.get("PATH_INFO", "").startswith(BEARER_PATH)
        token = _bearer(request) if is_bearer else cookies.read(request, cookies.SESSION)
        if not token:
            return None
        try:
            found = self._find(request, token, is_bearer=is_bearer)
        except SessionChanged as changed:
            _end_changed(request, changed)
            return None
        except RoleChanged as changed:
            _shut_out(request, changed)
            return None
        if found is None:
            return None
        identity, idle = found
        request.__dict__["identity"] = identity
        self._touch(request, identity, idle)
        return identity

    def _find(self, request: Request, token: str, *, is_bearer: bool) -> tuple[Identity, timedelta] | None:
        with request.registry.xinglin_site.database.reader.connect() as reader:
            return read_identity(
                reader,
                hash_token(token),
                is_bearer=is_bearer,
                now=request.clock.now(),
                lifetimes=Lifetimes.of(request.settings),
                permissions=request.plugins.permissions,
                keyring=request.keyring,
                locale=request.settings.default_locale,
            )

    def _touch(self, request: Request, identity: Identity, idle: timedelta) -> None:
        is_person = identity.kind == "person"
        if idle < (TOUCH_PERSON_AFTER if is_person else TOUCH_ADMINISTRATOR_AFTER):
            return
        clock, lifetimes = request.clock, Lifetimes.of(request.settings)
        write_afterwards(
            request,
            lambda session, audit: SessionService(session, clock, audit, lifetimes).touch(
                identity.session_id
            ),
        )


def _shut_out(request: Request, changed: RoleChanged) -> None:
    """End the sessions of an account that was changed in the database, and say so where the auditor looks."""
    logger.error(
        "%s. Cure: find out who changed the database; `xinglin administrators list` names it", changed
    )
    clock, lifetimes = request.clock, Lifetimes.of(request.settings)

    def end(session: Session, audit: AuditTrail) -> None:
        SessionService(session, clock, audit, lifetimes).end_all_of_administrator(
            changed.administrator_id, "account changed"
        )
        audit.record("administrator.changed", "administrator", changed.public_id, result="error")

    write_afterwards(request, end)


def _end_changed(request: Request, changed: SessionChanged) -> None:
    """End a session that was written or changed in the database, and say so once where the auditor looks."""
    logger.error("%s. Cure: find out who changed the database", changed)
    clock, lifetimes = request.clock, Lifetimes.of(request.settings)

    def end(session: Session, audit: AuditTrail) -> None:
        if SessionService(session, clock, audit, lifetimes).end(changed.public_id, "session changed"):
            audit.record("session.changed", "session", changed.public_id, result="error")

    write_afterwards(request, end)


def _bearer(request: Request) -> str:
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and cookies.TOKEN.fullmatch(token.strip()) else ""
