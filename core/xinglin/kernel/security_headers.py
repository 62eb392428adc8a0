"""Headers on every response, errors included (OWASP ASVS 5.0 §3.4)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response


def includeme(config: Configurator) -> None:
    config.add_request_method(csp_nonce, "csp_nonce", reify=True)
    config.add_tween("xinglin.kernel.security_headers.headers_tween", over="pyramid_tm.tm_tween_factory")


def csp_nonce(_request: Request) -> str:
    return secrets.token_urlsafe(16)


def headers_tween(handler: Callable[[Request], Response], registry: Any) -> Callable[[Request], Response]:
    ancestors = registry.xinglin_site.settings.frame_ancestors
    secure = registry.xinglin_site.settings.is_https

    def tween(request: Request) -> Response:
        response = handler(request)
        nonce = f" 'nonce-{request.csp_nonce}'" if "csp_nonce" in request.__dict__ else ""
        response.headers.setdefault(
            "Content-Security-Policy",
            f"default-src 'self'; script-src 'self'{nonce}; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
            f"frame-ancestors {ancestors}",
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers.setdefault("Cache-Control", "no-store")
        if secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    return tween
