"""The page of one's own signed-in devices."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.security import PERSON
from xinglin_portal.service.devices import DeviceService


@view_config(
    route_name="portal.devices", request_method="GET", renderer="portal/devices.jinja2", permission=PERSON
)
def devices(request: Request) -> dict[str, Any]:
    return {
        "devices": request.service(DeviceService).devices(),
        "back_url": request.route_path("portal.me"),
        "end_url": request.route_path("portal.session"),
        "end_others_url": request.route_path("portal.sessions_end_others"),
    }


@view_config(route_name="portal.session", request_method="POST", permission=PERSON)
def end_one(request: Request) -> Response:
    request.service(DeviceService).end(request.POST.get("session", ""))
    return HTTPSeeOther(request.route_path("portal.devices"))


@view_config(route_name="portal.sessions_end_others", request_method="POST", permission=PERSON)
def end_others(request: Request) -> Response:
    request.service(DeviceService).end_others()
    return HTTPSeeOther(request.route_path("portal.devices"))
