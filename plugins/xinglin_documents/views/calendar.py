"""The calendar page for managers: a year, a day to change, a list to paste."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import colander
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.forms import LongText, Text
from xinglin.api.i18n import translator
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.time.calendar import NOTE_LENGTH, CalendarService, Day, ListRefused, parsed
from xinglin_documents.views.time_inputs import read, says, says_refusal

_ = translator("documents")

LIST_LENGTH = 40_000
FIRST_YEAR, LAST_YEAR = 2020, 2099


class CalendarQuery(colander.Schema):
    """`/documents/calendar?year=2026&day=2026-10-01`"""

    year = colander.SchemaNode(
        colander.Integer(), validator=colander.Range(FIRST_YEAR, LAST_YEAR), missing=None
    )
    day = colander.SchemaNode(colander.Date(), missing=None)
    said = colander.SchemaNode(colander.Integer(), missing=None)


class DaySchema(colander.Schema):
    """One day as it is to be."""

    day = colander.SchemaNode(colander.Date())
    is_working = colander.SchemaNode(colander.Boolean(), missing=False)
    note = Text(max_length=NOTE_LENGTH, missing="")


class ListSchema(colander.Schema):
    """A pasted list."""

    days = LongText(max_length=LIST_LENGTH, missing="")


@view_config(
    route_name="documents.calendar",
    request_method="GET",
    renderer="documents/calendar.jinja2",
    permission=DocumentsPermission.MANAGE,
)
def show_calendar(request: Request) -> dict[str, Any]:
    query = read(CalendarQuery(), request.GET)
    notices = []
    if query["said"] is not None:
        notices.append(says(request, _("${count} days were changed.", mapping={"count": query["said"]})))
    return {**_page(request, query), "notices": notices}


@view_config(
    route_name="documents.calendar",
    request_method="POST",
    renderer="documents/calendar.jinja2",
    permission=DocumentsPermission.MANAGE,
)
def take_list(request: Request) -> dict[str, Any] | Response:
    text = read(ListSchema(), request.POST)["days"]
    try:
        days = parsed(text)
    except ListRefused as refused:
        notice = says_refusal(request, refused)
        page = _page(request, {"year": None, "day": None})
        return {**page, "notices": [notice], "faults": refused.faults, "text": text}
    changed = request.service(CalendarService).take(days)
    return _back(request, min(one.day for one in days).year, said=changed)


@view_config(
    route_name="documents.calendar.day", request_method="POST", permission=DocumentsPermission.MANAGE
)
def set_day(request: Request) -> Response:
    posted = read(DaySchema(), request.POST)
    request.service(CalendarService).set(posted["day"], is_working=posted["is_working"], note=posted["note"])
    return _back(request, posted["day"].year)


def _back(request: Request, year: int, **query: int) -> Response:
    return HTTPSeeOther(request.route_path("documents.calendar", _query={"year": year, **query}))


def _page(request: Request, query: dict[str, Any]) -> dict[str, Any]:
    today = request.clock.now().astimezone(request.settings.zone).date()
    year = query["year"] or (query["day"] or today).year
    days = request.service(CalendarService).year(year)
    return {
        "year": year,
        "has_earlier": year > FIRST_YEAR,
        "has_later": year < LAST_YEAR,
        "months": _months(days),
        "exceptions": [one for one in days if one.is_exception],
        "chosen": next((one for one in days if one.day == query["day"]), None),
        "today": today,
        "hours": request.plugins.settings_of("documents").working_hours,
        "faults": (),
        "text": "",
    }


def _months(days: Iterable[Day]) -> list[tuple[int, int, list[Day]]]:
    """Each month: its number, how many cells are empty before its first day (weeks begin on Monday), its days."""
    found = []
    for month, group in groupby(days, key=lambda one: one.day.month):
        listed = list(group)
        found.append((month, listed[0].day.weekday(), listed))
    return found
