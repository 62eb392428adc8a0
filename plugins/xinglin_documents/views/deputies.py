"""The page of deputies: who acts for me, for whom I act, and setting one in three taps."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import colander
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.forms import Text
from xinglin.api.i18n import translator
from xinglin.api.people import PeopleService, Person, PersonState
from xinglin.api.security import current
from xinglin.api.services import DomainError, NotFound
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.time.deputies import DeputyService, Wish
from xinglin_documents.views.time_inputs import read, says, says_refusal

_ = translator("documents")

SPANS = {
    "1": _("Until tonight"),
    "3": _("Three days"),
    "7": _("One week"),
    "14": _("Two weeks"),
    "own": _("From … until …"),
}
FOUND = 12
NAME_LENGTH, KEY_LENGTH, PROCESSES_MAX = 60, 64, 200
UNTOUCHED = {"deputy": "", "span": "7", "first": None, "last": None, "processes": ()}


class Keys(colander.SequenceSchema):
    key = Text(max_length=KEY_LENGTH)


class DeputiesQuery(colander.Schema):
    """`/documents/deputies?q=…&who=…&principal=…`: words for a deputy, for an absent colleague, and that colleague.

    `deputy` was tapped before the words were answered, and stays chosen.
    """

    q = Text(max_length=NAME_LENGTH, missing="")
    who = Text(max_length=NAME_LENGTH, missing="")
    principal = Text(max_length=KEY_LENGTH, missing="")
    deputy = Text(max_length=KEY_LENGTH, missing="")
    said = Text(max_length=KEY_LENGTH, missing="")


class DeputySchema(colander.Schema):
    """What the form sends; the days count only for the span `own`."""

    principal = Text(max_length=KEY_LENGTH, missing="")
    deputy = Text(max_length=KEY_LENGTH, missing="")
    span = colander.SchemaNode(colander.String(), validator=colander.OneOf(list(SPANS)), missing="7")
    first = colander.SchemaNode(colander.Date(), missing=None)
    last = colander.SchemaNode(colander.Date(), missing=None)
    processes = Keys(validator=colander.Length(max=PROCESSES_MAX), missing=())


@view_config(
    route_name="documents.deputies",
    request_method="GET",
    renderer="documents/deputies.jinja2",
    permission=DocumentsPermission.USE,
)
def show_deputies(request: Request) -> dict[str, Any]:
    query = read(DeputiesQuery(), request.GET)
    said = {
        "set": _("The deputy is set. He is told when the period begins."),
        "revoked": _("The deputy is revoked."),
    }
    notices = [says(request, said[query["said"]])] if query["said"] in said else []
    return {**_page(request, query, {**UNTOUCHED, "deputy": query["deputy"]}), "notices": notices}


@view_config(
    route_name="documents.deputies",
    request_method="POST",
    renderer="documents/deputies.jinja2",
    permission=DocumentsPermission.USE,
)
def set_deputy(request: Request) -> dict[str, Any] | Response:
    posted = read(DeputySchema(), {**request.POST, "processes": request.POST.getall("processes")})
    try:
        request.service(DeputyService).set(_wish(request, posted), _self(request))
    except DomainError as refused:
        notice = says_refusal(request, refused)
        query = {"q": "", "who": "", "principal": posted["principal"]}
        return {**_page(request, query, posted), "notices": [notice]}
    return _back(request, "set")


@view_config(route_name="documents.deputy", request_method="POST", permission=DocumentsPermission.USE)
def revoke_deputy(request: Request) -> Response:
    identity = current(request)
    request.service(DeputyService).revoke(
        request.matchdict["deputy"], identity.id, is_manager=identity.may(DocumentsPermission.MANAGE)
    )
    return _back(request, "revoked")


def _back(request: Request, said: str) -> Response:
    return HTTPSeeOther(request.route_path("documents.deputies", _query={"said": said}))


def _page(request: Request, query: dict[str, Any], posted: dict[str, Any]) -> dict[str, Any]:
    service, people = request.service(DeputyService), request.service(PeopleService)
    is_manager = current(request).may(DocumentsPermission.MANAGE)
    principal = _principal(request, query["principal"])
    found = people.search(query["q"], FOUND) if query["q"] else []
    choices = service.colleagues([one for one in found if one.id != principal.id])
    chosen = people.by_public_id(posted["deputy"]) if posted["deputy"] else None
    return {
        "mine": service.of_principal(principal.id),
        "for_me": service.of_deputy(principal.id),
        "others": service.of_others(principal.id) if is_manager else [],
        "principal": None if principal.id == current(request).id else principal,
        "choices": choices if query["q"] else service.suggested(principal.id),
        "chosen": service.colleagues([chosen]) if chosen else [],
        "absent": service.colleagues(people.search(query["who"], FOUND))
        if is_manager and query["who"]
        else [],
        "is_manager": is_manager,
        "processes": service.processes(),
        "spans": [(key, request.translate(title)) for key, title in SPANS.items()],
        "posted": posted,
        "query": query,
        "today": _today(request),
        "zone": request.settings.zone,
    }


def _wish(request: Request, posted: dict[str, Any]) -> Wish:
    deputy = request.service(PeopleService).by_public_id(posted["deputy"])
    if deputy is None:
        raise DomainError(_("Nobody was chosen as deputy."), _("Tap on a colleague, or search for one."))
    starts_at, ends_at = _period(request, posted)
    principal = _principal(request, posted["principal"])
    return Wish(principal.id, deputy.id, starts_at, ends_at, tuple(posted["processes"]))


def _period(request: Request, posted: dict[str, Any]) -> tuple[datetime, datetime]:
    """From now, or the midnight before the first day, until the midnight after the last."""
    now, zone = request.clock.now(), request.settings.zone
    first, last = posted["first"] or _today(request), posted["last"]
    if posted["span"] != "own":
        first = _today(request)
        last = first + timedelta(days=int(posted["span"]) - 1)
    if last is None:
        raise DomainError(_("The last day is missing."), _("Choose the last day."))
    start = datetime.combine(first, time(), zone)
    return max(start, now), datetime.combine(last + timedelta(days=1), time(), zone)


def _today(request: Request) -> date:
    today: date = request.clock.now().astimezone(request.settings.zone).date()
    return today


def _principal(request: Request, public_id: str) -> Person:
    """Herself, or whom a manager chose. Raises `NotFound`."""
    me = _self(request)
    if not public_id or public_id == me.public_id:
        return me
    found = request.service(PeopleService).by_public_id(public_id)
    if (
        found is None
        or found.state == PersonState.LEFT
        or not current(request).may(DocumentsPermission.MANAGE)
    ):
        raise NotFound(_("You cannot set a deputy for this person."), _("Go back and choose again."))
    return found


def _self(request: Request) -> Person:
    me = request.service(PeopleService).by_id(current(request).id)
    if me is None:
        raise NotFound(_("You cannot set a deputy for this person."), _("Go back and choose again."))
    return me
