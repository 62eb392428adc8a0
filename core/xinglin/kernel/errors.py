"""Every error as a page or a problem document: a sentence, a cure, the request's number; never a traceback."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from urllib.parse import quote

from pyramid.config import Configurator
from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken
from pyramid.httpexceptions import HTTPException, HTTPNotFound, HTTPSeeOther
from pyramid.registry import Registry
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW
from sqlalchemy import exc, select

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin.audit.faults import RECORDED
from xinglin.auth.afterwards import write_afterwards
from xinglin.kernel.requests import path_of
from xinglin.kernel.transactions import DoneMeanwhile, RequestKey, key_of

_ = translator("core")
logger = logging.getLogger(__name__)
PUBLIC = "core:public"
Handler = Callable[[Request], Response]


def includeme(config: Configurator) -> None:
    config.add_notfound_view(not_found, append_slash=False)
    for view, context in (
        (domain_error, DomainError),
        (bad_csrf, BadCSRFToken),
        (bad_csrf, BadCSRFOrigin),
        (database_error, exc.OperationalError),
        (database_error, exc.TimeoutError),
        (done_meanwhile, DoneMeanwhile),
        (bad_encoding, UnicodeDecodeError),
        (system_error, Exception),
    ):
        config.add_exception_view(view, context=context)
    config.add_tween("xinglin.kernel.errors.exit_tween", under=EXCVIEW)


class ViewExited(Exception):
    """A view called `sys.exit()`: that ends the request, not the thread that serves it."""


def exit_tween(handler: Handler, _registry: Registry) -> Handler:
    def tween(request: Request) -> Response:
        try:
            return handler(request)
        except SystemExit as error:
            raise ViewExited(str(error)) from error

    return tween


def page(request: Request, status: int, message: str, cure: str = "") -> Response:
    """The error as HTML for people, as problem+json (RFC 9457) for programs."""
    message, cure = request.translate(message), request.translate(cure)
    if path_of(request).startswith(("/api/", "/files/uploads")):
        body = {"type": "about:blank", "title": message, "status": status, "detail": cure, "errors": []}
        return Response(
            json.dumps(body, ensure_ascii=False),
            status=status,
            content_type="application/problem+json",
            charset="utf-8",
        )
    values = {
        "status": status,
        "message": message,
        "cure": cure,
        "request_id": request.request_id,
        "retry_url": _retry_url(request, status),
    }
    request.response.status = status
    body_text = render("error.jinja2", values, request=request)
    return Response(body_text, status=status, content_type="text/html", charset="utf-8")


def _retry_url(request: Request, status: int) -> str | None:
    """Where "Try again" leads: only a page that failed on our side and was being read; never to another host."""
    is_worth_it = status >= 500 and request.method == "GET"
    return "/" + quote(path_of(request).lstrip("/\\")) if is_worth_it else None


def not_found(error: HTTPNotFound, request: Request) -> Response:
    return page(
        request, 404, _("This page does not exist, or is not for you."), _("Go back to the home page.")
    )


def domain_error(error: DomainError, request: Request) -> Response:
    return page(request, error.status, error.message, error.cure)


def bad_csrf(error: BadCSRFToken | BadCSRFOrigin, request: Request) -> Response:
    return page(
        request,
        400,
        _("This page was open too long or in another login."),
        _("Go back, reload the page, and send it again."),
    )


def bad_encoding(error: UnicodeDecodeError, request: Request) -> Response:
    return _plain_page(
        request, 400, _("The request cannot be read."), _("Go back to the home page and try again.")
    )


def database_error(error: Exception, request: Request) -> Response:
    """The database is locked, full or gone: nothing was stored, and the page says so."""
    logger.error(
        "database unavailable in request %s: %s. Cure: see `xinglin doctor`",
        request.request_id,
        _short(error),
    )
    response = _plain_page(
        request,
        503,
        _("The portal cannot reach its database just now. Nothing was lost or half-done."),
        _("Wait a few seconds and try again; if it stays so, tell the IT department."),
    )
    response.headers["Retry-After"] = "5"
    return response


def done_meanwhile(error: DoneMeanwhile, request: Request) -> Response:
    with request.registry.xinglin_site.database.read_session() as session:
        known = session.scalar(select(RequestKey.location).where(RequestKey.key == key_of(request)))
    return HTTPSeeOther(known or request.application_url)


def system_error(error: Exception, request: Request) -> Response:
    """Anything unforeseen: logged with its traceback, recorded in the audit trail, shown without details."""
    if isinstance(error, HTTPException):
        return error
    where = request.matched_route
    logger.error("request %s failed in %s", request.request_id, where, exc_info=error, extra=RECORDED)
    _record(request, error)
    return _plain_page(
        request,
        500,
        _("Something went wrong on our side. Nothing was half-done."),
        _("Try again; if it stays so, tell the IT department the number below."),
    )


def _record(request: Request, error: Exception) -> None:
    """Written when the request is over: its own transaction may still hold the one writer of SQLite."""
    after = {"error": type(error).__name__, "path": path_of(request)[:200]}
    write_afterwards(
        request,
        lambda _session, audit: audit.record(
            "system.error", "request", request.request_id, after=after, result="error"
        ),
    )


def _plain_page(request: Request, status: int, message: str, cure: str) -> Response:
    """A page that asks neither database nor session: the transaction is over or never was."""
    request.__dict__.setdefault("identity", None)
    request.locale_name  # noqa: B018 - is kept: the page still speaks the person's language
    request.__dict__["identity"] = None
    return page(request, status, message, cure)


def _short(error: Exception) -> str:
    return " ".join(str(getattr(error, "orig", error)).split())[:300]
