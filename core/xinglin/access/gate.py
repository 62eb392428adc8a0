"""The door of the portal: the real address, its zone, and how often it came. Only then the request goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import exc

from xinglin.access.addresses import Proxies, address_of, subscriber_of
from xinglin.access.groups import ADMINISTRATOR_LOGINS, RouteGroup, group_of
from xinglin.access.limits import Buckets, Rate
from xinglin.access.rules import RuleBook
from xinglin.admin.problems import problem
from xinglin.api.i18n import translator
from xinglin.auth import cookies
from xinglin.auth.afterwards import write_afterwards
from xinglin.auth.identity import Identity
from xinglin.auth.policy import BEARER_PATH
from xinglin.kernel import errors
from xinglin.kernel.requests import path_of
from xinglin.kernel.settings import CoreSettings

_ = translator("core")
logger = logging.getLogger(__name__)
Handler = Callable[[Request], Response]
ONCE_A_MINUTE = Rate(1 / 60, 1)
PASSED = "xinglin.passed_gate"


class Gate:
    """What is known of addresses and their visits, for one process."""

    def __init__(self, settings: CoreSettings, book: RuleBook) -> None:
        self.proxies = Proxies.of(settings.trusted_proxy)
        self.book = book
        self.persons = Buckets(Rate(settings.limit_person, settings.limit_person * 3))
        self.addresses = Buckets(Rate(settings.limit_address, settings.limit_address * 10))
        self.logins = Buckets(Rate(settings.limit_login / 60, settings.limit_login))
        self.records = Buckets(ONCE_A_MINUTE)

    def refusal(self, request: Request) -> Response | None:
        """The answer to a request that does not get through; None for one that does."""
        path = path_of(request)
        group = group_of(path)
        if group is None:
            return None
        now, ip = request.clock.now(), request.client_addr or ""
        if not self.book.now().lets_in(group, address_of(ip), now):
            return self._wrong_address(request, group, ip)
        is_login = request.method == "POST" and path in ADMINISTRATOR_LOGINS
        if is_login and (wait := self.logins.take(subscriber_of(ip), now)):
            return self._too_often(request, group, "login", wait)
        return self._too_many(request, group, ip)

    def _too_many(self, request: Request, group: RouteGroup, ip: str) -> Response | None:
        """Known people are counted each alone: a hospital's three thousand phones have one address.

        Strangers, and programs without a session, are counted by address and group.
        """
        now = request.clock.now()
        identity = _identity_of(request) if _has_session(request, group) else None
        if identity is not None:
            wait = self.persons.take(f"{identity.kind}:{identity.id}:{group}", now)
            return self._too_often(request, group, identity.kind, wait) if wait else None
        wait = self.addresses.take(f"{subscriber_of(ip)} {group}", now)
        return self._too_often(request, group, "address", wait) if wait else None

    def _wrong_address(self, request: Request, group: RouteGroup, ip: str) -> Response:
        request.__dict__["identity"] = None  # nothing is read for an address that may not come
        self._note(request, "access.refuse", group, subscriber_of(ip), {"path": path_of(request)[:200]})
        message = _("This page cannot be opened from your address ${address}.", mapping={"address": ip[:64]})
        return _answer(request, 403, message, _("Use the hospital's network, or ask the IT department."))

    def _too_often(self, request: Request, group: RouteGroup, whose: str, wait: int) -> Response:
        key = f"{whose} {subscriber_of(request.client_addr or '')}"
        self._note(request, "access.limit", group, key, {"limit": whose, "wait": wait})
        message = _("Too many requests in a short time.")
        cure = _("Wait ${seconds} seconds, then try again.", mapping={"seconds": wait})
        response = _answer(request, 429, message, cure)
        response.headers["Retry-After"] = str(wait)
        return response

    def _note(
        self, request: Request, action: str, group: RouteGroup, key: str, after: dict[str, object]
    ) -> None:
        """In the audit trail, once a minute for each address: a flood must not become one of records."""
        if self.records.take(f"{action} {key}", request.clock.now()):
            return
        logger.warning("%s on %s, request %s", action, group, request.request_id)
        write_afterwards(
            request,
            lambda _session, audit: audit.record(action, "route_group", group, after=after, result="denied"),
        )


def gate_tween(handler: Handler, registry: Any) -> Handler:
    """Under the tween of the headers, above everything else."""
    gate: Gate = registry.xinglin_gate

    def tween(request: Request) -> Response:
        if PASSED in request.environ:  # tried again after a lost database: it is the same visit
            return handler(request)
        gate.proxies.unwrap(request.environ)
        try:
            refused = gate.refusal(request)
        except exc.SQLAlchemyError as error:
            # Who may come is not known: only health still answers, which says what is wrong
            if group_of(path_of(request)) is not RouteGroup.HEALTH:
                return errors.database_error(error, request)
            refused = None
        if refused is not None:
            return refused
        request.environ[PASSED] = True
        return handler(request)

    return tween


def _has_session(request: Request, group: RouteGroup) -> bool:
    if group in (RouteGroup.CALLBACK, RouteGroup.HEALTH, RouteGroup.BUS):
        return False
    return "Authorization" in request.headers or bool(cookies.read(request, cookies.SESSION))


def _identity_of(request: Request) -> Identity | None:
    """Who comes; nobody known while the database is away, which the request itself will then meet and tell."""
    try:
        identity: Identity | None = request.identity
    except exc.SQLAlchemyError:
        request.__dict__.pop("identity", None)
        return None
    return identity


def _answer(request: Request, status: int, message: str, cure: str) -> Response:
    """A page that asks neither database nor menu; for the admin tool a problem document."""
    if path_of(request).startswith(BEARER_PATH):
        return problem(request, status, message, cure)
    request.locale_name  # noqa: B018 - is kept: the page still speaks the person's language
    request.__dict__["identity"] = None
    return errors.page(request, status, message, cure)
