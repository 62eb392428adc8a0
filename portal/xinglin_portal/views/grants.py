"""The page on which a sub-administrator passes permissions on and takes them back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin_portal.service.grants import PassingOnService, Wish

_ = translator("portal")
STAFF = "core:staff"
DONE = {"given": _("The permission is passed on."), "ended": _("The permission is taken back.")}


@view_config(
    route_name="portal.grants", request_method="GET", renderer="portal/grants.jinja2", permission=STAFF
)
def show(request: Request) -> dict[str, Any]:
    wish = Wish.of(request.GET)
    done = DONE.get(request.GET.get("done", ""))
    said = [{"text": request.translate(done), "is_error": False}] if done else []
    return {**_page(request, wish, is_new=True), "notices": said}


@view_config(
    route_name="portal.grants", request_method="POST", renderer="portal/grants.jinja2", permission=STAFF
)
def pass_on(request: Request) -> dict[str, Any] | Response:
    """The button `find` only draws the found persons; nothing typed is lost by it or by a refusal."""
    wish = Wish.of(request.POST)
    if "find" in request.POST:
        return _page(request, wish)
    try:
        request.service(PassingOnService).pass_on(wish)
    except DomainError as refused:
        request.response.status_int = refused.status
        return {**_page(request, wish), "notices": [_refusal(request, refused)]}
    return HTTPSeeOther(request.route_path("portal.grants", _query={"done": "given"}))


@view_config(route_name="portal.grants_end", request_method="POST", permission=STAFF)
def take_back(request: Request) -> Response:
    request.service(PassingOnService).take_back(request.POST.get("grant", ""))
    return HTTPSeeOther(request.route_path("portal.grants", _query={"done": "ended"}))


def _page(request: Request, wish: Wish, *, is_new: bool = False) -> dict[str, Any]:
    service = request.service(PassingOnService)
    held = service.passable()
    chosen = next((grant for grant in held if grant.public_id == wish.grant), held[0])
    wish = replace(wish, grant=chosen.public_id)
    if is_new and chosen.last_day:
        wish = replace(wish, until=chosen.last_day.isoformat())
    return {
        "back_url": request.route_path("portal.me"),
        "here": request.route_path("portal.grants"),
        "end_url": request.route_path("portal.grants_end"),
        "held": held,
        "chosen": chosen,
        "passed_on": service.passed_on(),
        "places": service.places(chosen.public_id),
        "people": service.candidates(wish),
        "wish": wish,
        "today": request.clock.now().astimezone(request.settings.zone).date(),
    }


def _refusal(request: Request, refused: DomainError) -> dict[str, Any]:
    space = "" if request.locale_name == "zh_CN" else " "  # 。 brings its own space
    sentence = f"{request.translate(refused.message)}{space}{request.translate(refused.cure)}"
    return {"text": sentence.strip(), "is_error": True}
