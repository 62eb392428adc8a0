"""Views of the admin API about addresses and sessions."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from xinglin.access.groups import ZONE_OF, Zone
from xinglin.access.service import AccessService, Network
from xinglin.admin.values import OpeningEntry, RuleEntry, ZoneEntry, ZoneList
from xinglin.admin.views import operation, said
from xinglin.api.i18n import translator
from xinglin.api.services import NotFound
from xinglin.auth.sessions import SessionService
from xinglin.people.service import PeopleService

_ = translator("core")


@operation(route_name="core.admin_zones", request_method="GET")
def zones(request: Request) -> Any:
    request.note_view("admin.list", "zones")
    return said(request, _zone_list(request))


@operation(route_name="core.admin_zones", request_method="PUT")
def replace_zones(request: Request) -> Any:
    wanted = {
        Zone(zone["zone"]): [Network(rule["cidr"], rule["note"]) for rule in zone["rules"]]
        for zone in request.openapi_validated.body["zones"]
    }
    request.service(AccessService).replace(wanted, author_ip=request.client_addr or "")
    return said(request, _zone_list(request))


@operation(route_name="core.admin_sessions_end", request_method="POST")
def end_sessions(request: Request) -> Response:
    """Sign a person out on every device."""
    person = request.service(PeopleService).by_public_id(request.openapi_validated.parameters.path["id"])
    if person is None:
        raise NotFound(_("There is no such person."))
    ended = request.service(SessionService).end_all_of(person.id, "ended by administrator")
    request.audit.record("person.sign_out", "person", person.public_id, after={"sessions": ended})
    return Response(status=204)


def _zone_list(request: Request) -> ZoneList:
    service = request.service(AccessService)
    entries = tuple(
        ZoneEntry(
            zone,
            tuple(str(group) for group, own in ZONE_OF.items() if own is zone),
            tuple(RuleEntry(rule.cidr, rule.note, rule.created_by, rule.created_at) for rule in rules),
        )
        for zone, rules in service.zones().items()
    )
    openings = tuple(OpeningEntry(group, until) for group, until in service.open_until().items())
    return ZoneList(entries, openings, request.client_addr or "")
