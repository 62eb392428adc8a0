"""The cookies of a login: HttpOnly, SameSite=Lax, and host-bound on https (RFC 6265bis, prefix `__Host-`)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from pyramid.request import Request
from webob.cookies import make_cookie

SESSION: Final = "session"
BROWSER: Final = "browser"
CSRF: Final = "csrf"
ATTEMPTS: Final = "attempts"
TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


def name_of(request: Request, kind: str) -> str:
    """The cookie's full name, such as `__Host-xinglin_session`."""
    prefix = "__Host-" if request.settings.is_https else ""
    return f"{prefix}xinglin_{kind}"


def read(request: Request, kind: str) -> str:
    """The cookie's value, empty when there is none or it is not one of ours."""
    try:
        value = request.cookies.get(name_of(request, kind), "")
    except UnicodeDecodeError:
        return ""
    return value if TOKEN.fullmatch(value) else ""


def header(
    request: Request, kind: str, value: str | None, *, lasts: timedelta | None = None
) -> tuple[str, str]:
    """A Set-Cookie header; None as value deletes, no `lasts` = until the browser is closed."""
    seconds = 0 if value is None else (int(lasts.total_seconds()) if lasts else None)
    cookie = make_cookie(
        name_of(request, kind),
        value,
        max_age=seconds,
        path="/",
        secure=request.settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return "Set-Cookie", cookie
