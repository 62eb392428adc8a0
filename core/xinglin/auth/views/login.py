"""The way in: the login page, the two ways to WeCom, and the way out."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import forget
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin.auth import departures
from xinglin.auth.answers import is_in_wecom, next_path, redirect
from xinglin.auth.oauth import OAuthService
from xinglin.auth.policy import PERSON, PUBLIC
from xinglin.auth.sessions import SessionService

_ = translator("core")


@view_config(route_name="core.login", permission=PUBLIC, renderer="auth/login.jinja2", request_method="GET")
def login(request: Request) -> dict[str, Any] | Response:
    """The page for those whom WeCom did not log in by itself."""
    following = next_path(request)
    if request.identity is not None and request.identity.kind == "person":
        return redirect(following)
    way = "core.login_wecom" if is_in_wecom(request) else "core.login_qr"
    is_connected = bool(request.settings.wecom_corp_id)
    message = _("Logging in automatically did not work.") if request.GET.get("tried") else None
    return {
        "qr_url": request.route_path(way, _query={"next": following}) if is_connected else None,
        "break_glass_url": request.route_path("core.break_glass"),
        "message": request.translate(message) if message else None,
    }


@view_config(route_name="core.login_wecom", permission=PUBLIC, request_method="GET", writes=True)
def to_wecom(request: Request) -> Response:
    """To the silent login inside WeCom."""
    return departures.to_wecom(request, request.service(OAuthService), next_path(request))


@view_config(route_name="core.login_qr", permission=PUBLIC, request_method="GET", writes=True)
def to_qr_code(request: Request) -> Response:
    """To WeCom's page with the QR code, for a PC."""
    return departures.to_qr_code(request, request.service(OAuthService), next_path(request))


@view_config(route_name="core.logout", permission=PERSON, request_method="POST")
@view_config(route_name="core.administrator_logout", permission="core:administrator", request_method="POST")
def logout(request: Request) -> Response:
    """End this session."""
    request.service(SessionService).end(request.identity.session_id, "logout")
    return redirect(request.route_path("core.logged_out"), forget(request))


@view_config(
    route_name="core.logged_out", permission=PUBLIC, renderer="auth/logged_out.jinja2", request_method="GET"
)
def logged_out(request: Request) -> dict[str, Any]:
    """The page after a logout; it does not log in again by itself."""
    return {"login_url": request.route_path("core.login")}
