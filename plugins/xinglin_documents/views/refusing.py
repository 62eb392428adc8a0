"""The page that says that somebody was faster, and leads on."""

from __future__ import annotations

from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response

from xinglin.api.services import DomainError
from xinglin_documents.views.asking import came_from
from xinglin_documents.views.shown import first_to_do

CONFLICT = 409


def refusal(request: Request, public_id: str, refused: DomainError) -> Response:
    """Somebody was faster: says who and when, and leads on."""
    request.response.status_int = refused.status
    values = {
        "message": request.translate(refused.message),
        "cure": request.translate(refused.cure),
        "next_line": first_to_do(request),
        "item_url": request.route_path("documents.item", item=public_id),
        "back_url": came_from(request),
    }
    return render_to_response("documents/handled.jinja2", values, request=request, response=request.response)
