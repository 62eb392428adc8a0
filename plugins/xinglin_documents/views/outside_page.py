"""Documents of an OA behind: drawn from what it answers, with the acts that it offers."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin.api.people import PeopleService
from xinglin.api.services import DomainError, NotFound
from xinglin_documents.models import Item
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.inbox.desk import Desk
from xinglin_documents.service.outside.service import OutsideService
from xinglin_documents.service.port import Action, SourceAct, SourceDocument, Wish
from xinglin_documents.views.asking import ActSchema, InboxSchema, came_from, read
from xinglin_documents.views.moments import Moments
from xinglin_documents.views.refusing import CONFLICT, refusal
from xinglin_documents.views.shown import status_mark
from xinglin_documents.views.words import ACTS, URGENCIES, said, source_title

_ = translator("documents")

MAIN = (SourceAct.APPROVE, SourceAct.COMMENT, SourceAct.MARK_READ)
FOUND_PEOPLE = 12


def page(request: Request, public_id: str) -> Response:
    """The page of the document; a source that is down says so in a sentence of its own."""
    outside = request.service(OutsideService)
    item = outside.find(public_id)
    document = outside.show(item)
    request.note_view("document", public_id)
    drawn = {
        "source": item.source,
        "source_title": source_title(item.source),
        "item": item,
        "document": document,
        "status": status_mark(request, item.status),
        "bar": _bar(document),
        "act_words": ACTS,
        "urgency_words": URGENCIES,
        "back_url": came_from(request),
        "when": Moments(request),
        "notices": said(request, read(InboxSchema(), request.GET)["done"]),
    }
    return render_to_response("documents/outside.jinja2", drawn, request=request, response=request.response)


def _bar(document: SourceDocument) -> dict[str, Any]:
    """The large button, the one beside it, the rest: each an `Action`."""
    by_act = {action.act: action for action in document.actions}
    main = next((by_act[act] for act in MAIN if act in by_act), None)
    second = by_act.get(SourceAct.RETURN) if main else None
    more = [action for action in document.actions if action not in (main, second)]
    return {"main": main, "second": second, "more": more}


@view_config(route_name="documents.outside_act", permission=DocumentsPermission.USE, writes=False)
def act(request: Request) -> Response:
    """The sheet of an act, or the act: done once; an unknown outcome is said and verified, never repeated."""
    outside = request.service(OutsideService)
    item = outside.find(request.matchdict["item"])
    asked = read(ActSchema(), request.POST)
    document = outside.show(item)
    action = _action(request, document, asked)
    if request.method != "POST" or asked["look"]:
        return _sheet(request, item, document, action, asked, "")
    problem = _problem(action, asked)
    if problem:
        request.response.status_int = 422
        return _sheet(request, item, document, action, asked, request.translate(problem))
    try:
        outside.act(item, _wish(request, document, action, asked))
    except NotFound:
        raise
    except DomainError as refused:
        return _refused(request, item, document, action, asked, refused)
    back = came_from(request)
    return HTTPSeeOther(f"{back}{'&' if '?' in back else '?'}done={action.act}")


def _action(request: Request, document: SourceDocument, asked: dict[str, Any]) -> Action:
    """As the OA offers it. One that it offers no more is still asked for when it is sent: the answer says who was first."""
    wanted = request.matchdict["act"]
    offered = next((one for one in document.actions if one.act == wanted), None)
    if offered is not None:
        return offered
    if request.method != "POST" or asked["look"] or wanted not in list(SourceAct):
        raise NotFound(_("There is no such act."), _("Go back to the document."))
    return Action(SourceAct(wanted))


def _refused(
    request: Request,
    item: Item,
    document: SourceDocument,
    action: Action,
    asked: dict[str, Any],
    refused: DomainError,
) -> Response:
    if refused.status == CONFLICT:
        return refusal(request, item.public_id, refused)
    request.response.status_int = refused.status
    sentence = f"{request.translate(refused.message)} {request.translate(refused.cure)}".strip()
    return _sheet(request, item, document, action, asked, sentence)


def _problem(action: Action, asked: dict[str, Any]) -> str:
    if action.act is SourceAct.FORWARD and not asked["person"]:
        return _("Choose at least one person.")
    if action.needs_opinion and not asked["opinion"].strip():
        return _("Write an opinion first: this step asks for one.")
    return ""


def _wish(request: Request, document: SourceDocument, action: Action, asked: dict[str, Any]) -> Wish:
    persons = tuple(one.id for one in request.service(Desk).by_public_ids(asked["person"]))
    posted = {
        field.key: str(request.POST[f"field_{field.key}"])
        for field in document.fields
        if field.is_editable and f"field_{field.key}" in request.POST
    }
    return Wish(action.act, asked["node"] or document.node, asked["opinion"].strip(), persons, posted)


def _sheet(
    request: Request,
    item: Item,
    document: SourceDocument,
    action: Action,
    asked: dict[str, Any],
    problem: str,
) -> Response:
    desk, people = request.service(Desk), request.service(PeopleService)
    chosen = desk.by_public_ids(asked["person"])
    found = people.search(asked["q"], limit=FOUND_PEOPLE) if asked["q"] else []
    drawn = {
        "item": item,
        "document": document,
        "action": action,
        "title": action.label or request.translate(ACTS[action.act]),
        "asked": asked,
        "chosen": chosen,
        "found": [one for one in found if one not in chosen],
        "list_url": came_from(request),
        "back_url": request.route_path("documents.item", item=item.public_id),
        "notices": [{"text": problem, "is_error": True}] if problem else [],
    }
    return render_to_response(
        "documents/outside_act.jinja2", drawn, request=request, response=request.response
    )
