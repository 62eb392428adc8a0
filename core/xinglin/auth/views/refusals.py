"""What a person sees who may not see a page: the way in, the step that is missing, or a plain no."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from pyramid.httpexceptions import HTTPForbidden, HTTPFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import forbidden_view_config

from xinglin.api.i18n import translator
from xinglin.audit.service import AuditTrail
from xinglin.auth import cookies, departures
from xinglin.auth.afterwards import write_afterwards
from xinglin.auth.answers import attempts_of, is_in_wecom
from xinglin.auth.identity import Identity
from xinglin.auth.oauth import OAuthService, safe_next_path
from xinglin.kernel.errors import page

_ = translator("core")
MOST_ATTEMPTS = 2
ATTEMPTS_LAST = timedelta(minutes=5)


@forbidden_view_config()
def forbidden(error: HTTPForbidden, request: Request) -> Response:
    """Nobody known → the way in; not confirmed → confirm; an administrator → the emergency page; else no."""
    identity: Identity | None = request.identity
    if identity is None:
        return _stranger(request)
    if identity.kind == "person" and not identity.is_confirmed:
        return _lead(request, request.route_path("core.confirm", _query={"next": _here(request)}))
    if identity.kind == "administrator" and request.path == "/":
        return HTTPFound(request.route_path("core.emergency"))
    _record(request)
    return page(
        request,
        403,
        _("You have no permission for this page."),
        _("If you need it for your work, ask your department's head or the administrator."),
    )


def _stranger(request: Request) -> Response:
    if _is_program(request):
        response = _unauthorized(request)
        response.headers["WWW-Authenticate"] = 'Bearer realm="xinglin"'
        return response
    if "HX-Request" in request.headers:
        # A fragment cannot log in: the browser loads its page anew, and that page leads to the login.
        response = _unauthorized(request)
        response.headers["HX-Redirect"] = safe_next_path(_path_of(request.headers.get("HX-Current-URL", "")))
        return response
    if request.method not in ("GET", "HEAD"):
        return _unauthorized(request)
    return _way_in(request)


def _way_in(request: Request) -> Response:
    query = {"next": _here(request)}
    if not request.settings.wecom_corp_id or not _logs_in_silently(request):
        return HTTPFound(request.route_path("core.login", _query=query))
    attempts = attempts_of(request)
    if attempts >= MOST_ATTEMPTS:
        return HTTPFound(request.route_path("core.login", _query={**query, "tried": "1"}))
    response = _to_wecom(request)
    count = cookies.header(request, cookies.ATTEMPTS, str(attempts + 1), lasts=ATTEMPTS_LAST)
    response.headerlist.append(count)
    return response


def _to_wecom(request: Request) -> Response:
    if "db" in request.__dict__:
        # This request may hold the one writer of SQLite until it is over: begin the login in the next one.
        return HTTPFound(request.route_path("core.login_wecom", _query={"next": _here(request)}))
    site = request.registry.xinglin_site
    with site.database.session() as session:
        audit = AuditTrail(session, request.actor, site.clock, site.keyring)
        return departures.to_wecom(request, OAuthService(session, site.clock, audit), _here(request))


def _logs_in_silently(request: Request) -> bool:
    return request.settings.silent_login == "always" or is_in_wecom(request)


def _lead(request: Request, location: str) -> Response:
    if _is_program(request) or request.method not in ("GET", "HEAD"):
        return page(
            request,
            403,
            _("Confirm first that it is you."),
            _("Open the home page; it leads you to the confirmation."),
        )
    if "HX-Request" in request.headers:
        response = page(request, 403, _("Confirm first that it is you."))
        response.headers["HX-Redirect"] = location
        return response
    return HTTPFound(location)


def _unauthorized(request: Request) -> Response:
    return page(
        request,
        401,
        _("You are not logged in (any more)."),
        _("Log in again in another tab, then send this page again."),
    )


def _is_program(request: Request) -> bool:
    return str(request.environ.get("PATH_INFO", "")).startswith("/api/")


def _here(request: Request) -> str:
    return safe_next_path(request.path_qs)


def _path_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _record(request: Request) -> None:
    route, method = (request.matched_route.name if request.matched_route else ""), request.method
    write_afterwards(
        request,
        lambda _session, audit: audit.record(
            "permission.refuse", "route", route, after={"method": method}, result="denied"
        ),
    )
