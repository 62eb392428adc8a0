"""Saving a form by itself, throwing it away, and the files that are added to it."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.files import FileRefused
from xinglin.api.i18n import translator
from xinglin.api.services import NotFound
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.engine.definition import FormField
from xinglin_documents.service.forms.drafts import DraftChanged, DraftService
from xinglin_documents.service.forms.starting import StartingService
from xinglin_documents.views.draft_inputs import AttachSchema, DraftSchema, posted_form, read, read_json
from xinglin_documents.views.forms import files_part, most_files

_ = translator("documents")


@view_config(
    route_name="documents.draft", request_method="POST", renderer="json", permission=DocumentsPermission.USE
)
def save(request: Request) -> dict[str, str]:
    """`saved_at` is what the window sends as `known` next time; 409 when another window has saved since."""
    sent = read_json(request, DraftSchema())
    service = request.service(DraftService)
    place = service.place(request.matchdict["draft"])
    form = posted_form(sent["controls"])
    known = None if sent["is_forced"] else sent["known"]
    try:
        draft = service.save(place, form, known=known, size=len(request.body))
    except DraftChanged as changed:
        request.response.status_int = changed.status
        return {
            "title": request.translate(changed.message),
            "detail": request.translate(changed.cure),
            "saved": _clock_time(request, changed.draft.saved_at),
            "saved_at": changed.draft.saved_at.isoformat(),
        }
    return {"saved_at": draft.saved_at.isoformat(), "saved": _clock_time(request, draft.saved_at)}


@view_config(route_name="documents.discard_draft", request_method="POST", permission=DocumentsPermission.USE)
def discard(request: Request) -> Response:
    service = request.service(DraftService)
    service.discard(service.place(request.matchdict["draft"]))
    return HTTPSeeOther(request.route_path("documents.new"))


@view_config(route_name="documents.draft_files", request_method="GET", permission=DocumentsPermission.USE)
def show_files(request: Request) -> Response:
    """The list alone, drawn anew after an upload and while a file is being checked."""
    return Response(files_part(request, _field(request), request.matchdict["draft"]))


@view_config(route_name="documents.draft_files", request_method="POST", permission=DocumentsPermission.USE)
def change_files(request: Request) -> Response:
    """Add a finished upload (answered as JSON for the uploader) or take a file off (answered with the list)."""
    field, sent = _field(request), read(AttachSchema(), request.POST)
    service = request.service(DraftService)
    place = service.place(request.matchdict["draft"])
    if sent["detach"]:
        service.detach(place, sent["detach"])
        return Response(files_part(request, field, request.matchdict["draft"]))
    try:
        service.attach(place, field.key, sent["file"], most=most_files(field))
    except FileRefused as refused:
        told = {"title": request.translate(refused.message), "detail": request.translate(refused.cure)}
        return Response(json_body=told, status=refused.status)
    return Response(json_body={"file": sent["file"]})


def _field(request: Request) -> FormField:
    """The field of files that the address names, if this person may add there."""
    for field in request.service(StartingService).file_fields(request.matchdict["draft"]):
        if field.key == request.matchdict["field"]:
            return field
    raise NotFound(_("This form is not open any more."), _("Go back to the list and open it again."))


def _clock_time(request: Request, moment: Any) -> str:
    return f"{moment.astimezone(request.settings.zone):%H:%M:%S}"
