"""The register of the document office: what was issued and what came in, and all numbers with their fate."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin.api.tables import csv_text
from xinglin_documents.models import Direction, Secrecy, Urgency
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.official.numbers import NumberService
from xinglin_documents.service.official.registering import ROWS, Line, RegisterQuery, RegisterService
from xinglin_documents.views.official_inputs import (
    ReasonSchema,
    RegisterSchema,
    ReserveSchema,
    read,
    says_refusal,
)

_ = translator("documents")

DIRECTIONS = {Direction.OUTGOING: _("Outgoing"), Direction.INCOMING: _("Incoming")}
SECRECIES = {
    Secrecy.OPEN: _("Not secret"),
    Secrecy.INTERNAL: _("Internal"),
    Secrecy.SECRET: _("Secret"),
    Secrecy.CONFIDENTIAL: _("Confidential"),
}
URGENCIES = {Urgency.NORMAL: _("Normal"), Urgency.URGENT: _("Urgent"), Urgency.MOST_URGENT: _("Most urgent")}
NUMBER_STATES = {"issued": _("Issued"), "reserved": _("Reserved"), "voided": _("Voided")}
HEADER = (
    _("Direction"),
    _("Number"),
    _("Title"),
    _("Origin"),
    _("Their number"),
    _("Main recipients"),
    _("Secrecy"),
    _("Urgency"),
    _("Copies"),
    _("Signed by"),
    _("Registered"),
    _("Distributed"),
    _("Archived"),
    _("SHA-256 of the final document"),
)


@view_config(
    route_name="documents.register",
    renderer="documents/register.jinja2",
    permission=DocumentsPermission.OFFICE,
)
def show_register(request: Request) -> dict[str, Any]:
    query = read(RegisterSchema(), request.GET)
    service = request.service(RegisterService)
    return {
        "query": query,
        "page": service.page(_wanted(query)),
        "rows": ROWS,
        "years": service.years(),
        "series": request.service(NumberService).series(),
        "directions": DIRECTIONS,
        "secrecies": SECRECIES,
        "urgencies": URGENCIES,
    }


@view_config(route_name="documents.register_csv", permission=DocumentsPermission.OFFICE, writes=True)
def export_register(request: Request) -> Response:
    """All lines that the page would show, page after page, as a table; that it was taken is on record."""
    lines = request.service(RegisterService).export(_wanted(read(RegisterSchema(), request.GET)))
    header = [request.translate(one) for one in HEADER]
    text = csv_text(header, [_cells(request, line) for line in lines])
    response = Response(text, content_type="text/csv", charset="utf-8")
    response.content_disposition = 'attachment; filename="register.csv"'
    return response


@view_config(
    route_name="documents.numbers",
    request_method="GET",
    renderer="documents/register_numbers.jinja2",
    permission=DocumentsPermission.OFFICE,
)
def show_numbers(request: Request) -> dict[str, Any]:
    return _numbers(request)


@view_config(
    route_name="documents.numbers",
    request_method="POST",
    renderer="documents/register_numbers.jinja2",
    permission=DocumentsPermission.OFFICE,
)
def reserve(request: Request) -> dict[str, Any] | Response:
    clean = read(ReserveSchema(), request.POST)
    try:
        request.service(NumberService).reserve(clean["series"], request.clock.now(), clean["reason"])
    except DomainError as refused:
        return {**_numbers(request), "notices": [says_refusal(request, refused)]}
    return HTTPSeeOther(request.route_path("documents.numbers"))


@view_config(
    route_name="documents.void_number",
    request_method="POST",
    renderer="documents/register_numbers.jinja2",
    permission=DocumentsPermission.OFFICE,
)
def void(request: Request) -> dict[str, Any] | Response:
    service = request.service(NumberService)
    number = service.find(request.matchdict["number"])
    try:
        service.void(number, read(ReasonSchema(), request.POST)["reason"])
    except DomainError as refused:
        return {**_numbers(request), "notices": [says_refusal(request, refused)]}
    return HTTPSeeOther(request.route_path("documents.numbers"))


def _numbers(request: Request) -> dict[str, Any]:
    query, service = read(RegisterSchema(), request.GET), request.service(NumberService)
    page = service.page(series=query["series"], year=query["year"], query=query["q"], page=query["page"])
    return {
        "query": query,
        "page": page,
        "rows": ROWS,
        "series": service.series(),
        "states": NUMBER_STATES,
    }


def _wanted(query: dict[str, Any]) -> RegisterQuery:
    return RegisterQuery(query["q"], query["direction"], query["series"], query["year"], query["page"])


def _cells(request: Request, line: Line) -> list[object]:
    """A closed document that the office may not know leaves with its number only, as the page shows it."""
    document, item = line.document, line.item
    moments = (document.registered_at, document.distributed_at, document.archived_at)
    said = [
        one.astimezone(request.settings.zone).strftime("%Y-%m-%d %H:%M") if one else "" for one in moments
    ]
    known = (line.title, document.origin, document.origin_number, document.recipients)
    return [
        request.translate(DIRECTIONS[Direction(document.direction)]),
        item.number,
        *(known if line.is_known else ("", "", document.origin_number, "")),
        request.translate(SECRECIES[Secrecy(item.secrecy)]),
        request.translate(URGENCIES[Urgency(item.urgency)]),
        document.copies,
        document.signatory,
        *said,
        document.digest,
    ]
