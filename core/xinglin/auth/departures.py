"""Sending a browser to WeCom, with a state that only this browser can bring back."""

from __future__ import annotations

import secrets
from datetime import timedelta

from pyramid.httpexceptions import HTTPFound
from pyramid.request import Request
from pyramid.response import Response

from xinglin.auth import cookies
from xinglin.auth.oauth import STATE_LIFETIME, OAuthService

COOKIE_LIFETIME = STATE_LIFETIME + timedelta(minutes=1)


def to_wecom(request: Request, logins: OAuthService, following: str) -> Response:
    """To the silent login, for a browser inside WeCom."""
    browser = _browser(request)
    url = request.wecom.authorize_url(_return_url(request), logins.start(browser, following))
    return _leave(request, browser, url)


def to_qr_code(request: Request, logins: OAuthService, following: str) -> Response:
    """To the page with the QR code, for a browser outside WeCom."""
    browser = _browser(request)
    state = logins.start(browser, following, "qr")
    return _leave(
        request, browser, request.wecom.qr_login_url(_return_url(request), state, request.locale_name)
    )


def _browser(request: Request) -> str:
    # The same value for all tabs: each has a state of its own, and one must not shut out the other.
    return cookies.read(request, cookies.BROWSER) or secrets.token_urlsafe(24)


def _return_url(request: Request) -> str:
    # Not from the Host header: only the configured address is a trusted domain of the app.
    return f"{request.settings.public_url}{request.route_path('core.login_return')}"


def _leave(request: Request, browser: str, url: str) -> Response:
    response = HTTPFound(url)
    response.headerlist.append(cookies.header(request, cookies.BROWSER, browser, lasts=COOKIE_LIFETIME))
    return response
