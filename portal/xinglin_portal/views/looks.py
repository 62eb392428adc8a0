"""The page on which people see what others did with their entry."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from xinglin.api.audit import Look, LookService
from xinglin.api.i18n import translator
from xinglin.api.security import current

_ = translator("portal")
FARTHEST_PAGE = 1_000
ACTIONS = {
    "page.view": _("Opened your page"),
    "person.create": _("Entered you"),
    "person.update": _("Changed your entry"),
    "person.disable": _("Barred you from the portal"),
    "person.activate": _("Let you into the portal again"),
    "person.leave": _("Noted that you left"),
    "person.sign_out": _("Signed you out on every device"),
    "person.display": _("Changed language or size of letters for you"),
    "push.preferences": _("Changed which messages you get"),
    "confirmation.send": _("Sent you a code"),
    "confirmation.try": _("Tried a code that was sent to you"),
    "emergency.issue": _("Issued an emergency code for you"),
    "login.refuse": _("Refused a login"),
    "login.fail": _("Noted a failed login"),
}
OTHER = _("Worked on your entry")
"""Acts of modules that have no words here."""
ROLES = {
    "system": _("system administrator"),
    "security": _("security administrator"),
    "audit": _("audit administrator"),
}
ACTORS = {
    "system": _("The portal itself"),
    "anonymous": _("Somebody who was not logged in"),
    "cli": _("IT, on the server"),
}


@view_config(
    route_name="portal.looks", request_method="GET", renderer="portal/looks.jinja2", permission="core:staff"
)
def show(request: Request) -> dict[str, Any]:
    typed = request.GET.get("page", "1")
    page = min(max(int(typed), 1), FARTHEST_PAGE) if typed.isascii() and typed.isdigit() else 1
    looks = request.service(LookService).at(current(request).public_id, page)
    return {
        "back_url": request.route_path("portal.me"),
        "looks": [_shown(look) for look in looks.found],
        "newer_url": _page_url(request, page - 1) if page > 1 else None,
        "older_url": _page_url(request, page + 1) if looks.has_more else None,
    }


def _shown(look: Look) -> dict[str, Any]:
    who = ACTORS.get(look.actor_kind, look.actor_name)
    what = ACTIONS.get(look.action, OTHER)
    return {"who": who, "role": ROLES.get(look.role), "what": what, "at": look.at}


def _page_url(request: Request, page: int) -> str:
    return request.route_path("portal.looks", _query={"page": page})
