"""Starting a document: the list of processes with one's drafts on top, and the form of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import deform
from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin.api.people import Term
from xinglin.api.services import DomainError, NotFound
from xinglin_documents.models import Process, Secrecy, Urgency
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.definitions import DefinitionService
from xinglin_documents.service.engine.definition import START, Definition
from xinglin_documents.service.forms.directory import Directory
from xinglin_documents.service.forms.drafts import DraftService
from xinglin_documents.service.forms.rights import rights_of
from xinglin_documents.service.forms.schema import title_of
from xinglin_documents.service.forms.starting import Handling, StartingService
from xinglin_documents.service.outside.service import OutsideService
from xinglin_documents.views.draft_inputs import HandlingSchema, SearchSchema, posted_form, read
from xinglin_documents.views.forms import form_view, values_of
from xinglin_documents.views.words import source_title

_ = translator("documents")

SECRECY = {
    Secrecy.OPEN: _("Open"),
    Secrecy.INTERNAL: _("Internal"),
    Secrecy.SECRET: _("Secret"),
    Secrecy.CONFIDENTIAL: _("Confidential"),
}
URGENCY = {
    Urgency.NORMAL: _("Normal"),
    Urgency.URGENT: _("Urgent"),
    Urgency.MOST_URGENT: _("Most urgent"),
}


@view_config(
    route_name="documents.new",
    request_method="GET",
    renderer="documents/new.jinja2",
    permission=DocumentsPermission.USE,
)
def show_new(request: Request) -> dict[str, Any]:
    """Processes by category, narrowed by the words of a search; drafts on top."""
    if request.service(DefinitionService).is_empty():
        with request.writing():
            request.service(DefinitionService).ensure()
    words = read(SearchSchema(), request.GET)["q"]
    found: dict[str, list[tuple[Process, str]]] = {}
    for process in request.service(StartingService).startable():
        title = title_of(process, request.locale_name)
        if words.lower() in f"{process.title} {process.title_en} {process.category}".lower():
            found.setdefault(process.category, []).append((process, title))
    drafts = [
        (process, title_of(process, request.locale_name), _moment(request, draft.saved_at))
        for draft, process in request.service(DraftService).mine()
    ]
    outside = request.service(OutsideService)
    return {
        "groups": found,
        "drafts": [] if words else drafts,
        "q": words,
        "outside_title": source_title(outside.name) if outside.can_create and not words else "",
    }


@view_config(
    route_name="documents.start",
    request_method="GET",
    renderer="documents/start.jinja2",
    permission=DocumentsPermission.USE,
)
def show_start(request: Request) -> dict[str, Any]:
    definition = _definition(request)
    draft = _address(definition)
    form = form_view(request, definition, rights_of(definition, START), {}, draft=draft)
    return _page(request, definition, form, ())


@view_config(
    route_name="documents.start",
    request_method="POST",
    renderer="documents/start.jinja2",
    permission=DocumentsPermission.USE,
)
def start(request: Request) -> dict[str, Any] | Response:
    """Send it off; what was refused stays as a draft."""
    posted = posted_form(list(request.POST.items()))
    try:
        definition = _definition(request)
    except NotFound:
        return _switched_off(request, posted)
    rights, draft = rights_of(definition, START), _address(definition)
    try:
        values = values_of(request, definition, rights, draft=draft)
        item = request.service(StartingService).begin(definition, values, _handling(definition, posted))
    except deform.ValidationFailure as failure:
        _keep(request, draft, posted)
        form = form_view(request, definition, rights, {}, errors=failure, draft=draft)
        request.response.status_int = 422
        return _page(request, definition, form, ())
    except DomainError as refused:
        return _refused(request, definition, posted, refused)
    return HTTPSeeOther(request.route_path("documents.item", item=item.public_id))


def _refused(
    request: Request, definition: Definition, posted: Mapping[str, Any], refused: DomainError
) -> dict[str, Any]:
    """What was typed, which stays as a draft, and why it was not sent."""
    draft = _address(definition)
    _keep(request, draft, posted)
    form = form_view(request, definition, rights_of(definition, START), {}, draft=draft)
    request.response.status_int = refused.status
    said = f"{request.translate(refused.message)} {request.translate(refused.cure)}"
    return _page(request, definition, form, [{"text": said, "is_error": True}])


def _switched_off(request: Request, posted: Mapping[str, Any]) -> dict[str, Any]:
    """Raises `NotFound` unless it was hers to start as long as it was on."""
    definition = request.service(StartingService).switched_off(request.matchdict["process"])
    if definition is None:
        raise NotFound(
            _("You cannot start this process."), _("Choose one of the list, or ask the IT department.")
        )
    closed = DomainError(
        _("This process was switched off meanwhile, so nothing was sent."),
        _("What you typed is kept as a draft; ask the IT department when it can be started again."),
        status=409,
    )
    return _refused(request, definition, posted, closed)


def _definition(request: Request) -> Definition:
    return request.service(StartingService).definition(request.matchdict["process"])


def _address(definition: Definition) -> str:
    return f"new-{definition.key}"


def _keep(request: Request, draft: str, posted: Mapping[str, Any]) -> None:
    service = request.service(DraftService)
    service.save(service.place(draft), posted)


def _handling(definition: Definition, posted: Mapping[str, Any]) -> Handling:
    """Any document may be urgent; others than official ones are open, and for those who handle them."""
    sent = read(HandlingSchema(), {name: posted[name] for name in HANDLING if name in posted})
    if definition.official is None:
        return Handling(urgency=Urgency(sent["urgency"]))
    terms: tuple[Term, ...] = ()
    if sent["audience"] == "all":
        terms = (Term("all"),)
    elif sent["audience"] == "departments":
        terms = tuple(Term("department_tree", one) for one in sent["departments"])
        if not terms:
            raise DomainError(
                _("No department was chosen for the audience."), _("Tick at least one department.")
            )
    return Handling(Secrecy(sent["secrecy"]), Urgency(sent["urgency"]), terms)


HANDLING = ("secrecy", "urgency", "audience", "departments")


def _page(request: Request, definition: Definition, form: Markup, notices: Any) -> dict[str, Any]:
    service = request.service(DraftService)
    saved = service.find(service.place(_address(definition)))
    kept = (saved.values or {}).get("form", {}) if saved else {}
    return {
        "definition": definition,
        "title": title_of(definition, request.locale_name),
        "form": form,
        "notices": notices,
        "draft": _address(definition),
        "known": saved.saved_at.isoformat() if saved else "",
        "saved": _moment(request, saved.saved_at) if saved else "",
        "kept": kept,
        "secrecy": SECRECY,
        "urgency": URGENCY,
        "departments": _departments(request) if definition.official else (),
    }


def _departments(request: Request) -> list[tuple[str, str]]:
    directory = request.service(Directory)
    return [(str(found.id), name) for found, name in directory.indented()]


def _moment(request: Request, moment: Any) -> str:
    local = moment.astimezone(request.settings.zone)
    is_today = local.date() == request.clock.now().astimezone(request.settings.zone).date()
    return f"{local:%H:%M}" if is_today else f"{local:%Y-%m-%d %H:%M}"
