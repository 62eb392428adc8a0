"""Views of the admin API about administrators and keys."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from xinglin.admin.values import AdministratorEntry, KeyEntry
from xinglin.admin.views import operation, said
from xinglin.api.i18n import translator
from xinglin.api.services import NotFound
from xinglin.auth import role_seal
from xinglin.auth.administrators import AdministratorService
from xinglin.auth.models import Administrator

_ = translator("core")


@operation(route_name="core.admin_administrators", request_method="GET")
def administrators(request: Request) -> Any:
    request.note_view("admin.list", "administrators")
    found = request.service(AdministratorService).with_staff_numbers()
    return {"administrators": said(request, [_entry(request, row, number) for row, number in found])}


@operation(route_name="core.admin_unlock", request_method="POST")
def unlock(request: Request) -> Response:
    """Let an account try again that failed too often."""
    service = request.service(AdministratorService)
    found = service.by_public_id(request.openapi_validated.parameters.path["id"])
    if found is None:
        raise NotFound(_("There is no such administrator."), _("Load the list anew."))
    service.unlock(found)
    return Response(status=204)


@operation(route_name="core.admin_keys", request_method="GET")
def keys(request: Request) -> Any:
    request.note_view("admin.list", "keys")
    entries = [
        KeyEntry(key.version, key.suite, str(key.state), key.created_at, key.ended_at)
        for key in request.keyring.keys.keys
    ]
    return {"keys": said(request, entries)}


def _entry(request: Request, row: Administrator, staff_no: str) -> AdministratorEntry:
    return AdministratorEntry(
        row.public_id,
        row.login,
        row.name,
        str(row.role),
        staff_no or None,
        row.is_active,
        role_seal.is_genuine(row, request.keyring),
        row.created_at,
        row.last_used_at,
    )
