"""The quarantine on the web, for the administrator who answers for security."""

from __future__ import annotations

from functools import partial
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin.auth.answers import draw, locked_out, redirect, text_of
from xinglin.auth.breakglass import BreakGlassService
from xinglin.auth.policy import SECURITY
from xinglin.files.quarantine import QuarantineService

_ = translator("core")
LONGEST_REASON = 500
protecting = partial(view_config, permission=SECURITY)
"""The one gate of these pages."""


@protecting(route_name="core.quarantine", renderer="files/quarantine.jinja2")
def show_list(request: Request) -> dict[str, Any]:
    request.note_view("file.quarantine", "all")
    service = request.service(QuarantineService)
    return {
        "withheld": service.withheld(),
        "held": service.held(),
        "total": service.count(),
        "back_url": request.route_path("core.emergency"),
    }


@protecting(route_name="core.quarantine.file", request_method="GET")
def show_file(request: Request) -> Response:
    request.note_view("file.quarantine", request.matchdict["file"])
    return _page(request)


@protecting(route_name="core.quarantine.release", request_method="POST")
def release(request: Request) -> Response:
    """Failures are returned, not raised: the count of wrong codes must be kept."""
    attempt = request.service(BreakGlassService).confirm(
        request.identity.id, text_of(request, "code", 16), request.client_addr or ""
    )
    if attempt.wait is not None:
        return _page(request, locked_out(request, attempt.wait), 429)
    if attempt.administrator is None:
        wrong = _("The code is wrong or was used already: wait for the next one.")
        return _page(request, request.translate(wrong), 403)
    reason = text_of(request, "reason", LONGEST_REASON)
    return _decided(request, partial(request.service(QuarantineService).release, reason=reason))


@protecting(route_name="core.quarantine.delete", request_method="POST")
def delete(request: Request) -> Response:
    reason = text_of(request, "reason", LONGEST_REASON)
    return _decided(request, partial(request.service(QuarantineService).delete, reason=reason))


def _decided(request: Request, decide: partial[Any]) -> Response:
    try:
        decide(request.matchdict["file"])
    except DomainError as error:
        if error.status != DomainError.status:
            raise
        return _page(request, request.translate(error.message), error.status)
    return redirect(request.route_path("core.quarantine"))


def _page(request: Request, error: str | None = None, status: int = 200) -> Response:
    public_id = request.matchdict["file"]
    values = {
        "file": request.service(QuarantineService).entry(public_id),
        "release_url": request.route_path("core.quarantine.release", file=public_id),
        "delete_url": request.route_path("core.quarantine.delete", file=public_id),
        "back_url": request.route_path("core.quarantine"),
        "error": error,
        "reason": text_of(request, "reason", LONGEST_REASON) if request.method == "POST" else "",
    }
    return draw(request, "files/quarantine_file.jinja2", values, status)
