"""Ending one's own sessions; the list of them is drawn on the portal's page "me"."""

from __future__ import annotations

from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import forget
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin.api.services import NotFound
from xinglin.auth.answers import next_path, redirect
from xinglin.auth.policy import PERSON
from xinglin.auth.sessions import SessionService

_ = translator("core")


@view_config(route_name="core.session_end", permission=PERSON, request_method="POST")
def end_one(request: Request) -> Response:
    """End one session of one's own, then go to the form's `next`."""
    session_id, identity = request.matchdict["session_id"], request.identity
    if not request.service(SessionService).end(session_id, "ended by owner", person_id=identity.id):
        raise NotFound(_("This session is not yours or has already ended."), _("Reload the list."))
    if session_id == identity.session_id:
        return redirect(request.route_path("core.logged_out"), forget(request))
    return redirect(next_path(request))


@view_config(route_name="core.logout_everywhere", permission=PERSON, request_method="POST")
def end_all(request: Request) -> Response:
    """End every session of one's own, this one too."""
    request.service(SessionService).end_all_of(request.identity.id, "logout everywhere")
    return redirect(request.route_path("core.logged_out"), forget(request))
