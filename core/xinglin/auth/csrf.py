"""CSRF tokens bound to the session's token, or to a cookie of their own before login; nothing is stored."""

from __future__ import annotations

import secrets
from typing import Any

from pyramid.interfaces import ICSRFStoragePolicy
from pyramid.request import Request
from zope.interface import implementer

from xinglin.auth import cookies
from xinglin.auth.sessions import hash_token

PURPOSE = "csrf"


@implementer(ICSRFStoragePolicy)
class CsrfPolicy:
    """`get_csrf_token` for forms and htmx; a login makes a new token, a token of another session is refused."""

    def new_csrf_token(self, request: Request) -> str:
        return self._token(request, self._new_cookie(request))

    def get_csrf_token(self, request: Request) -> str:
        return self._token(request, self._anchor(request) or self._new_cookie(request))

    def check_csrf_token(self, request: Request, supplied_token: Any) -> bool:
        anchor = self._anchor(request)
        if not anchor or not isinstance(supplied_token, str):
            return False
        return secrets.compare_digest(
            self._token(request, anchor).encode(), supplied_token.encode("utf-8", "replace")
        )

    def _anchor(self, request: Request) -> str:
        session = cookies.read(request, cookies.SESSION)
        if session:
            return f"session:{hash_token(session)}"
        value = request.__dict__.get("_xinglin_csrf") or cookies.read(request, cookies.CSRF)
        return f"anonymous:{value}" if value else ""

    def _new_cookie(self, request: Request) -> str:
        value = secrets.token_urlsafe(24)
        request.__dict__["_xinglin_csrf"] = value
        name, cookie = cookies.header(request, cookies.CSRF, value)
        request.add_response_callback(lambda _request, response: response.headerlist.append((name, cookie)))
        return f"anonymous:{value}"

    def _token(self, request: Request, anchor: str) -> str:
        return str(request.keyring.mac(anchor.encode(), purpose=PURPOSE))
