"""What an administrator can do on the web while WeCom is down: look at the state, and let one person in."""

from __future__ import annotations

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.services import DomainError
from xinglin.auth.answers import draw, text_of
from xinglin.auth.emergency import DeskCode, EmergencyService
from xinglin.auth.policy import EMERGENCY, SECURITY


@view_config(route_name="core.emergency", permission=EMERGENCY, request_method="GET")
def show(request: Request) -> Response:
    return _page(request)


@view_config(route_name="core.emergency", permission=EMERGENCY, request_method="POST")
def issue(request: Request) -> Response:
    """The code is in this answer and nowhere else; a repeat makes a new one in its place."""
    try:
        code = request.service(EmergencyService).issue(text_of(request, "staff_no", 64))
    except DomainError as error:
        return _page(request, error=error)
    return _page(request, code=code)


def _sentence(request: Request, error: DomainError) -> str:
    gap = "" if request.locale_name == "zh_CN" else " "  # 。 brings its own
    return f"{request.translate(error.message)}{gap}{request.translate(error.cure)}"


def _page(request: Request, *, code: DeskCode | None = None, error: DomainError | None = None) -> Response:
    paused = request.wecom.paused_until("gettoken")
    values = {
        "action_url": request.route_path("core.emergency"),
        "logout_url": request.route_path("core.administrator_logout"),
        "quarantine_url": request.route_path("core.quarantine") if request.has_permission(SECURITY) else None,
        "code_url": f"{request.settings.public_url}{request.route_path('core.code_login')}",
        "wecom_paused_until": paused,
        "code": code,
        "error": _sentence(request, error) if error else None,
    }
    return draw(request, "auth/emergency.jinja2", values, error.status if error else 200)
