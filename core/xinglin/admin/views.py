"""Views of the admin API. The contract has checked what arrives here, and checks what leaves."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.admin.directory import DirectoryService
from xinglin.admin.documents import document, moment
from xinglin.admin.language import say
from xinglin.admin.looking import note_list
from xinglin.admin.problems import problem
from xinglin.admin.service import GrantDesk
from xinglin.admin.values import NewGrant
from xinglin.api.i18n import translator
from xinglin.api.security import current
from xinglin.auth.answers import origin_of
from xinglin.auth.breakglass import BreakGlassService
from xinglin.auth.policy import ADMINISTRATOR, PUBLIC
from xinglin.auth.sessions import SessionService

_ = translator("core")
operation = partial(view_config, openapi=True, require_csrf=False, renderer="json", permission=ADMINISTRATOR)


@operation(route_name="core.admin_login", request_method="POST", permission=PUBLIC)
def login(request: Request) -> Any:
    """Failures are returned, not raised: the count of failures must be kept."""
    body = request.openapi_validated.body
    attempt = request.service(BreakGlassService).login(
        body["login"], body["password"], body["totp"], request.client_addr or ""
    )
    if attempt.wait is not None:
        return _locked_out(request, attempt.wait)
    if attempt.administrator is None:
        return problem(request, 401, _("Account, password or code is wrong."))
    begun = request.service(SessionService).begin_administrator(
        attempt.administrator, "api", origin_of(request)
    )
    return {
        "token": begun.token,
        "expires_at": moment(begun.expires_at),
        "administrator": {
            "login": attempt.administrator.login,
            "name": attempt.administrator.name,
            "role": str(attempt.administrator.role),
        },
    }


@operation(route_name="core.admin_logout", request_method="POST")
def logout(request: Request) -> Response:
    request.service(SessionService).end(current(request).session_id, "logout")
    return Response(status=204)


@operation(route_name="core.admin_modules", request_method="GET")
def modules(request: Request) -> dict[str, Any]:
    return _listed(request, "modules", request.service(DirectoryService).modules())


@operation(route_name="core.admin_permissions", request_method="GET")
def permissions(request: Request) -> dict[str, Any]:
    return _listed(request, "permissions", request.service(DirectoryService).permissions())


@operation(route_name="core.admin_departments", request_method="GET")
def departments(request: Request) -> dict[str, Any]:
    return _listed(request, "departments", request.service(DirectoryService).departments())


@operation(route_name="core.admin_people", request_method="GET")
def people(request: Request) -> Any:
    asked = request.openapi_validated.parameters.query
    page = request.service(DirectoryService).find_people(asked["q"], asked["limit"])
    note_list(request, "people", (person.id for person in page.people), page.total, q=asked["q"])
    return said(request, page)


@operation(route_name="core.admin_grants", request_method="GET")
def grants(request: Request) -> Any:
    asked = request.openapi_validated.parameters.query
    page = request.service(GrantDesk).page(asked["state"], asked["q"], asked["limit"], asked["offset"])
    holders = (grant.person.id for grant in page.grants)
    note_list(request, "grants", holders, page.total, q=asked["q"], state=asked["state"])
    return said(request, page)


@operation(route_name="core.admin_grants", request_method="POST")
def create_grant(request: Request) -> Any:
    asked = request.openapi_validated
    wanted = NewGrant(**{**asked.body, "department_ids": tuple(asked.body["department_ids"])})
    key = str(asked.parameters.header["Idempotency-Key"])
    made = request.service(GrantDesk).create(current(request), key, wanted)
    request.response.status_int = 201
    return said(request, made)


@operation(route_name="core.admin_grant", request_method="DELETE")
def revoke_grant(request: Request) -> Response:
    request.service(GrantDesk).revoke(current(request), request.openapi_validated.parameters.path["id"])
    return Response(status=204)


def _locked_out(request: Request, wait: timedelta) -> Response:
    seconds = max(1, -(-wait // timedelta(seconds=1)))
    minutes = -(-seconds // 60)
    sentence = _("Too many failed attempts. Try again in ${minutes} minutes.", mapping={"minutes": minutes})
    response = problem(request, 429, sentence)
    response.headers["Retry-After"] = str(seconds)
    return response


def _listed(request: Request, name: str, entries: Any) -> dict[str, Any]:
    request.note_view("admin.list", name)
    return {name: said(request, entries)}


def said(request: Request, value: Any) -> Any:
    """A value as a document of the contract, in the caller's language."""
    return document(value, partial(say, request))
