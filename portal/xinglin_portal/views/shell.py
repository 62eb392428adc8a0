"""Parse, call the service, answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin.api.pages import Menu, MenuEntry
from xinglin.api.security import current
from xinglin.types import Slot
from xinglin_portal.service.shell import HomeService, MeService

_ = translator("portal")
STAFF = "core:staff"


@view_config(route_name="portal.home", request_method="GET", renderer="home.jinja2", permission=STAFF)
def home(request: Request) -> dict[str, Any]:
    service = request.service(HomeService)
    return {
        "greeting": request.translate(service.greeting()),
        "today": request.translate(service.today()),
        "cards": service.cards(),
    }


def author_card(request: Request) -> Mapping[str, Any] | None:
    """The ways in of those who write; hidden from everybody else."""
    ways = list(Menu(request, Slot.MENU_AUTHOR))
    return {"ways": ways} if ways else None


@view_config(route_name="portal.me", request_method="GET", renderer="me.jinja2", permission=STAFF)
def me(request: Request) -> dict[str, Any]:
    service = request.service(MeService)
    quiet_from, quiet_to = service.quiet_hours()
    return {
        "display_url": request.route_path("portal.display"),
        "notifications_url": request.route_path("portal.notifications"),
        "devices_url": request.route_path("portal.devices"),
        "logout_url": request.route_path("core.logout"),
        "notification_kinds": service.kinds(request.plugins.push_kinds),
        "quiet_from": quiet_from,
        "quiet_to": quiet_to,
        "links": [*Menu(request, Slot.ME), *_passing_on(request), _looks(request)],
    }


def _passing_on(request: Request) -> list[MenuEntry]:
    """The way to pass permissions on, for those who hold one with that right."""
    if not any(grant.can_pass_on for grant in current(request).grants):
        return []
    url, title = request.route_path("portal.grants"), request.translate(_("Pass permissions on"))
    return [MenuEntry("portal.grants", title, url, "people", 0, is_here=False)]


def _looks(request: Request) -> MenuEntry:
    url, title = request.route_path("portal.looks"), request.translate(_("Who looked at my data"))
    return MenuEntry("portal.looks", title, url, "search", 0, is_here=False)


@view_config(route_name="portal.display", request_method="POST", permission=STAFF)
def display(request: Request) -> Response:
    request.service(MeService).set_display(
        locale=request.POST.get("locale", ""), has_large_text=request.POST.get("large_text") == "1"
    )
    return HTTPSeeOther(request.route_path("portal.me"))


@view_config(route_name="portal.notifications", request_method="POST", permission=STAFF)
def notifications(request: Request) -> Response:
    request.service(MeService).set_notifications(
        wanted=set(request.POST.getall("kind")),
        declared=request.plugins.push_kinds,
        quiet_from=request.POST.get("quiet_from", ""),
        quiet_to=request.POST.get("quiet_to", ""),
    )
    return HTTPSeeOther(request.route_path("portal.me"))
