"""Views of the admin API about the audit trail. A look is an act: each writes."""

from __future__ import annotations

from dataclasses import astuple, fields
from functools import partial
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from xinglin.admin import csv_file
from xinglin.admin.auditing import AuditDesk
from xinglin.admin.documents import moment
from xinglin.admin.looking import note_people, people_of
from xinglin.admin.values import AuditEntry, AuditFilter, LastCheck
from xinglin.admin.views import operation, said

look = partial(operation, request_method="GET", writes=True)
HEADER = tuple(field.name for field in fields(AuditEntry))


@look(route_name="core.admin_audit")
def records(request: Request) -> Any:
    limit = request.openapi_validated.parameters.query["limit"]
    page = request.service(AuditDesk).page(_wanted(request), limit)
    note_people(request, people_of(request.db, _wanted(request)))
    return said(request, page)


@look(route_name="core.admin_audit_verify")
def last_check(request: Request) -> Any:
    return said(request, LastCheck(request.service(AuditDesk).last_whole_check()))


@operation(route_name="core.admin_audit_verify", request_method="POST")
def check_newest(request: Request) -> Any:
    return said(request, request.service(AuditDesk).check_newest())


@look(route_name="core.admin_audit_export")
def export(request: Request) -> Response:
    reason = request.openapi_validated.parameters.query["reason"]
    entries = request.service(AuditDesk).export(_wanted(request), reason)
    note_people(request, people_of(request.db, _wanted(request)))
    text = csv_file.text_of(HEADER, (_cells(entry) for entry in entries))
    response = Response(text, content_type="text/csv", charset="utf-8")
    response.content_disposition = 'attachment; filename="audit.csv"'
    return response


def _wanted(request: Request) -> AuditFilter:
    asked = request.openapi_validated.parameters.query
    names = [field.name for field in fields(AuditFilter)]
    return AuditFilter(**{name: asked[name] for name in names if name in asked})


def _cells(entry: AuditEntry) -> list[object]:
    number, at, *others = astuple(entry)
    return [number, moment(at), *others]
