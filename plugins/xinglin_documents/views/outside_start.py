"""Starting a document in the OA behind: what it offers to this person, and the form of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError, NotFound
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.outside.service import OutsideService
from xinglin_documents.service.port import DocumentField, SourceDocument, Template
from xinglin_documents.views.words import source_title

_ = translator("documents")

TITLE_LENGTH = 200
VALUE_LENGTH = 4000
FORM = "documents/outside_start.jinja2"


@view_config(
    route_name="documents.outside_new",
    request_method="GET",
    renderer="documents/outside_new.jinja2",
    permission=DocumentsPermission.USE,
)
def show_templates(request: Request) -> dict[str, Any]:
    """By the groups of the OA. An OA that is down says so in a sentence of its own."""
    service = _outside(request)
    groups: dict[str, list[Template]] = {}
    for template in service.templates():
        groups.setdefault(template.group, []).append(template)
    return {"groups": groups, "source_title": source_title(service.name)}


@view_config(
    route_name="documents.outside_start",
    request_method="GET",
    renderer=FORM,
    permission=DocumentsPermission.USE,
)
def show_form(request: Request) -> dict[str, Any]:
    return _page(request, _outside(request).new_form(request.matchdict["template"]), "")


@view_config(
    route_name="documents.outside_start",
    request_method="POST",
    renderer=FORM,
    permission=DocumentsPermission.USE,
    writes=False,
)
def start(request: Request) -> dict[str, Any] | Response:
    """Send it, once; what the OA refuses stays in the form."""
    service, template = _outside(request), request.matchdict["template"]
    document = _filled(service.new_form(template), request.POST)
    problem = _problem(request, document)
    if problem:
        request.response.status_int = 422
        return _page(request, document, problem)
    values = {field.key: field.value for field in document.fields if field.is_editable}
    try:
        item = service.create(template, document.title, values)
    except NotFound:
        raise
    except DomainError as refused:
        request.response.status_int = refused.status
        said = f"{request.translate(refused.message)} {request.translate(refused.cure)}".strip()
        return _page(request, document, said)
    return HTTPSeeOther(request.route_path("documents.item", item=item.public_id))


def _outside(request: Request) -> OutsideService:
    service = request.service(OutsideService)
    if not service.can_create:
        raise NotFound(_("Nothing can be started in an OA from here."), _("Choose a process of the portal."))
    return service


def _filled(document: SourceDocument, posted: Mapping[str, Any]) -> SourceDocument:
    """The form with what was typed; what cannot be edited stays as the OA gave it."""
    fields = tuple(_with_value(field, posted) for field in document.fields)
    return replace(document, title=_text(posted, "title"), fields=fields)


def _with_value(field: DocumentField, posted: Mapping[str, Any]) -> DocumentField:
    return replace(field, value=_text(posted, f"field_{field.key}")) if field.is_editable else field


def _text(posted: Mapping[str, Any], name: str) -> str:
    value = posted.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _problem(request: Request, document: SourceDocument) -> str:
    """What is missing or too long, as one sentence; empty when nothing is."""
    if not document.title or len(document.title) > TITLE_LENGTH:
        return request.translate(
            _("Write a title of at most ${count} characters.", mapping={"count": TITLE_LENGTH})
        )
    for field in document.fields:
        if field.is_editable and field.is_required and not field.value:
            return request.translate(_("Fill in “${field}”.", mapping={"field": field.label}))
        if field.is_editable and len(field.value) > VALUE_LENGTH:
            return request.translate(_("“${field}” is too long.", mapping={"field": field.label}))
        if field.value and field.is_editable and field.options and field.value not in dict(field.options):
            return request.translate(_("Fill in “${field}”.", mapping={"field": field.label}))
    return ""


def _page(request: Request, document: SourceDocument, problem: str) -> dict[str, Any]:
    return {
        "document": document,
        "template": request.matchdict["template"],
        "source_title": source_title(request.service(OutsideService).name),
        "most": TITLE_LENGTH,
        "notices": [{"text": problem, "is_error": True}] if problem else [],
    }
