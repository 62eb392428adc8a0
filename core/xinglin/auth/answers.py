"""Responses that the pages of this area share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import remember

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin.auth import cookies
from xinglin.auth.oauth import safe_next_path
from xinglin.auth.sessions import Begun, Origin

_ = translator("core")


def origin_of(request: Request) -> Origin:
    """Where a session that begins in this request comes from."""
    return Origin(request.client_addr or "", request.user_agent or "", request.request_id)


def next_path(request: Request) -> str:
    """The page to go to after the login, from the query or the form; always one of this site."""
    asked = request.POST.get("next") if request.method == "POST" else None
    wanted = asked or request.GET.get("next")
    return safe_next_path(wanted if isinstance(wanted, str) else None)


def text_of(request: Request, name: str, longest: int = 256) -> str:
    """A field of the form as text, cut; empty when it is missing or a file."""
    value = request.POST.get(name, "")
    return value[:longest] if isinstance(value, str) else ""


def redirect(location: str, headers: Iterable[tuple[str, str]] = ()) -> HTTPSeeOther:
    """Go to `location`, with more headers."""
    response = HTTPSeeOther(location)
    response.headerlist.extend(headers)
    return response


def logged_in(request: Request, begun: Begun, location: str) -> HTTPSeeOther:
    """Put the new session into the browser and go on."""
    return redirect(location, remember(request, begun.token))


def draw(request: Request, template: str, values: dict[str, Any], status: int = 200) -> Response:
    """A page of this area; returned, so that what the view wrote is kept whatever the status."""
    response = render_to_response(template, values, request=request)
    response.status_int = status
    return response


def problem(
    request: Request, error: DomainError, next_page: str = "/", *, can_retry: bool = True
) -> Response:
    """Why the login did not succeed, with the cure and a way to try again; nothing happens by itself."""
    retry_url = request.route_path("core.login", _query={"next": next_page}) if can_retry else None
    values = {
        "sentence": request.translate(error.message),
        "cure": request.translate(error.cure),
        "retry_url": retry_url,
        "request_id": request.request_id,
    }
    return draw(request, "auth/problem.jinja2", values, error.status)


def locked_out(request: Request, wait: timedelta) -> str:
    """What is said to who tried too often."""
    minutes = int(wait.total_seconds()) // 60 + 1
    return str(
        request.translate(
            _("Too many failed attempts. Try again in ${minutes} minutes.", mapping={"minutes": minutes})
        )
    )


def is_in_wecom(request: Request) -> bool:
    """Whether the page is open in WeCom's own browser."""
    return bool(request.registry.xinglin_wecom_browser.search(request.user_agent or ""))


def attempts_of(request: Request) -> int:
    """How many logins were begun automatically since the last success."""
    value = cookies.read(request, cookies.ATTEMPTS)
    return int(value) if value.isdecimal() and value.isascii() and len(value) == 1 else 0
