"""The emergency login of administrators, and the one-time code for staff."""

from __future__ import annotations

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin.auth.answers import draw, locked_out, logged_in, next_path, origin_of, redirect, text_of
from xinglin.auth.breakglass import BreakGlassService
from xinglin.auth.emergency import EmergencyService
from xinglin.auth.policy import EMERGENCY_ROLES, PUBLIC
from xinglin.auth.sessions import SessionService

_ = translator("core")


@view_config(route_name="core.break_glass", permission=PUBLIC, request_method="GET")
def show(request: Request) -> Response:
    if request.identity is not None and request.identity.kind == "administrator":
        return redirect(request.route_path("core.emergency"))
    return _page(request)


@view_config(route_name="core.break_glass", permission=PUBLIC, request_method="POST")
def try_login(request: Request) -> Response:
    """Failures are returned, not raised: the count of failures must be kept."""
    login = text_of(request, "login", 64)
    attempt = request.service(BreakGlassService).login(
        login, text_of(request, "password"), text_of(request, "code", 16), request.client_addr or ""
    )
    if attempt.wait is not None:
        return _page(request, login, locked_out(request, attempt.wait), 429)
    if attempt.administrator is None:
        return _page(request, login, request.translate(_("Account, password or code is wrong.")), 403)
    if attempt.administrator.role not in EMERGENCY_ROLES:
        request.audit.record(
            "login.refuse", "administrator", attempt.administrator.public_id, result="denied"
        )
        sentence = _("The audit administrator works with the desktop tool only.")
        return _page(request, login, request.translate(sentence), 403)
    sessions = request.service(SessionService)
    begun = sessions.begin_administrator(attempt.administrator, "password", origin_of(request))
    return logged_in(request, begun, request.route_path("core.emergency"))


@view_config(route_name="core.code_login", permission=PUBLIC, request_method="GET")
def show_code(request: Request) -> Response:
    return _code_page(request)


@view_config(route_name="core.code_login", permission=PUBLIC, request_method="POST")
def try_code(request: Request) -> Response:
    """A staff number and the code that the service desk told."""
    staff_no = text_of(request, "staff_no", 64)
    entry = request.service(EmergencyService).enter(
        staff_no, text_of(request, "code", 16), request.client_addr or ""
    )
    if entry.wait is not None:
        return _code_page(request, staff_no, locked_out(request, entry.wait), 429)
    if entry.person is None:
        return _code_page(request, staff_no, request.translate(_("Staff number or code is wrong.")), 403)
    begun = request.service(SessionService).begin_person(entry.person, "code", origin_of(request))
    return logged_in(request, begun, next_path(request))


def _page(request: Request, login: str = "", error: str | None = None, status: int = 200) -> Response:
    values = {
        "action_url": request.route_path("core.break_glass"),
        "login_url": request.route_path("core.login"),
        "error": error,
        "login": login,
    }
    return draw(request, "auth/break_glass.jinja2", values, status)


def _code_page(request: Request, staff_no: str = "", error: str | None = None, status: int = 200) -> Response:
    values = {
        "action_url": request.route_path("core.code_login", _query={"next": next_path(request)}),
        "login_url": request.route_path("core.login"),
        "error": error,
        "staff_no": staff_no,
    }
    return draw(request, "auth/code_login.jinja2", values, status)
