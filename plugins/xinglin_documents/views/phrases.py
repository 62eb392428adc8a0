"""The page of one's common phrases."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.forms.phrases import MOST_OWN, PhraseService
from xinglin_documents.views.draft_inputs import PhraseSchema, read


@view_config(
    route_name="documents.phrases",
    request_method="GET",
    renderer="documents/phrases.jinja2",
    permission=DocumentsPermission.USE,
)
def show(request: Request) -> dict[str, Any]:
    service = request.service(PhraseService)
    return {"own": service.own(), "general": service.general(), "most": MOST_OWN}


@view_config(route_name="documents.phrases", request_method="POST", permission=DocumentsPermission.USE)
def change(request: Request) -> Response:
    """Add, delete or move one of one's own."""
    service, sent = request.service(PhraseService), read(PhraseSchema(), request.POST)
    if sent["text"]:
        service.add(sent["text"])
    if sent["remove"] is not None:
        service.remove(sent["remove"])
    if sent["up"] is not None:
        service.move_up(sent["up"])
    return HTTPSeeOther(request.route_path("documents.phrases"))
