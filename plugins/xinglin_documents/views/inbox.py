"""The inbox: six lists that grow by pages and keep their place, and approving many at once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.flow.service import FlowService
from xinglin_documents.service.inbox.desk import Desk
from xinglin_documents.service.inbox.service import InboxService
from xinglin_documents.service.inbox.values import Page
from xinglin_documents.service.outside.service import OutsideService
from xinglin_documents.views.asking import INBOX, MOST_PAGES, BatchSchema, Place, came_from, read
from xinglin_documents.views.moments import Moments
from xinglin_documents.views.shown import shown_lines
from xinglin_documents.views.words import TABS, URGENCIES, said, source_title

_ = translator("documents")

WAYS = (
    (_("Deputies"), "documents.deputies", "people", DocumentsPermission.USE),
    (_("Supervision tasks"), "documents.supervision", "check", DocumentsPermission.USE),
    (_("Document register"), "documents.register", "archive", DocumentsPermission.OFFICE),
    (_("Documents board"), "documents.board", "chart", DocumentsPermission.FOLLOW),
    (_("Processes"), "documents.processes", "module", DocumentsPermission.MANAGE),
    (_("Working calendar"), "documents.calendar", "clock", DocumentsPermission.MANAGE),
)
"""What is not in the menu of everybody: shown under the inbox to whom it is for."""


@view_config(
    route_name="documents.inbox", renderer="documents/inbox.jinja2", permission=DocumentsPermission.USE
)
def show_inbox(request: Request) -> dict[str, Any]:
    query = read(INBOX, request.GET)
    place, outside = Place.of(query), request.service(OutsideService)
    if query["fresh"]:
        outside.refresh()
    tab = place.wanted.tab
    pages = _pages(request, place)
    lines = shown_lines(request, tab, [line for page in pages for line in page.lines])
    has_more = pages[-1].has_more
    return {
        "place": place,
        "box": tab,
        "address": partial(place.path, request),
        "counts": request.service(InboxService).counts(),
        "count": pages[-1].count,
        "processes": request.service(Desk).processes() if place.shows_filter else (),
        "outside": outside.name,
        "is_outside_down": bool(outside.name and outside.state().failure),
        "as_of": outside.as_of() if outside.name else None,
        "is_fresh": query["fresh"],
        "lines": lines,
        "has_more": has_more and place.pages < MOST_PAGES,
        "is_at_limit": has_more and place.pages >= MOST_PAGES,
        "can_batch": any(one.is_batchable for one in lines),
        "notices": said(request, query["done"]),
        "when": Moments(request),
        "tab_words": TABS,
        "urgency_words": URGENCIES,
        "source_title": source_title,
        "ways": ways(request),
    }


def _pages(request: Request, place: Place) -> list[Page]:
    """The pages of the list as far as it was followed; never none."""
    inbox, found = request.service(InboxService), []
    for number in range(1, place.pages + 1):
        found.append(inbox.page(replace(place.wanted, page=number)))
        if not found[-1].has_more:
            break
    return found


def ways(request: Request) -> list[tuple[str, str, str]]:
    """Title, address and icon of the other pages that this person may open."""
    return [
        (title, request.route_path(route), icon)
        for title, route, icon, permission in WAYS
        if request.identity.may(permission)
    ]


@view_config(
    route_name="documents.batch",
    request_method="POST",
    renderer="documents/batch.jinja2",
    permission=DocumentsPermission.USE,
)
def approve_many(request: Request) -> dict[str, Any] | Response:
    """One answer a document; what was handled meanwhile is said beside it and stops none of the others."""
    asked = read(BatchSchema(), request.POST)
    back = came_from(request)
    if not asked["entry"]:
        return HTTPSeeOther(back)
    results = request.service(FlowService).batch(tuple(asked["entry"]), asked["opinion"])
    return {"results": results, "back_url": back}
