"""Parse, ask the service, answer. Every view names its permission; a view without one is refused at the start."""

from typing import Any

import deform
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.forms import build_form, render, validate
from xinglin.api.i18n import translator
from xinglin_example.schemas import ThanksSchema
from xinglin_example.service import WallService

_ = translator("example")
WALL: Any = {"route_name": "example.wall", "permission": "example:use", "renderer": "example/wall.jinja2"}


def unseen(request: Request) -> int:
    return request.service(WallService).unseen(request.identity.id)


def card(request: Request) -> dict[str, Any] | None:
    latest = request.service(WallService).latest(rows=3)
    return {"latest": latest} if latest else None


@view_config(**WALL, request_method="GET", writes=True)  # a GET that writes says so
def wall(request: Request) -> dict[str, Any]:
    request.service(WallService).see(request.identity.id)
    return _page(request, _form(request))


@view_config(**WALL, request_method="POST")
def say(request: Request) -> dict[str, Any] | Response:
    form = _form(request)
    try:
        values = validate(form, request)
    except deform.ValidationFailure:
        return _page(request, form)
    request.service(WallService).say(request.identity.id, values["receiver"], values["text"])
    return HTTPSeeOther(request.route_path("example.wall"))  # returned = committed, raised = rolled back


def _form(request: Request) -> deform.Form:
    return build_form(request, ThanksSchema(), buttons=[deform.Button("say", _("Say thank you"))])


def _page(request: Request, form: deform.Form) -> dict[str, Any]:
    rows = request.plugins.settings_of("example").rows
    return {"form": render(form), "latest": request.service(WallService).latest(rows)}
