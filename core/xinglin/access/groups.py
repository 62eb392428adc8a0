"""Groups of routes, each reached from one zone of addresses."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Zone(StrEnum):
    """A list of networks with a name. Empty: not decided yet, everybody may come."""

    OFFICE = "office"
    WECOM = "wecom"
    ADMINISTRATION = "administration"
    BUS = "bus"


class RouteGroup(StrEnum):
    """What belongs together because the same people or machines call it."""

    PHONE = "phone"
    ADMIN = "admin"
    CALLBACK = "callback"
    BUS = "bus"
    HEALTH = "health"


ZONE_OF: Final = {
    RouteGroup.PHONE: Zone.OFFICE,
    RouteGroup.ADMIN: Zone.ADMINISTRATION,
    RouteGroup.CALLBACK: Zone.WECOM,
    RouteGroup.BUS: Zone.BUS,
    RouteGroup.HEALTH: Zone.ADMINISTRATION,
}
STATIC: Final = "/static/"
"""Built style sheets and scripts: the same for everybody, and the page that refuses needs them."""
ADMINISTRATOR_LOGINS: Final = frozenset({"/login/break-glass", "/api/admin/v1/login"})
_PREFIXES: Final = (
    ("/api/admin", RouteGroup.ADMIN),
    ("/login/break-glass", RouteGroup.ADMIN),
    ("/login/emergency", RouteGroup.ADMIN),
    ("/wecom/callback", RouteGroup.CALLBACK),
    ("/api/bus", RouteGroup.BUS),
    ("/health", RouteGroup.HEALTH),
)


def group_of(path: str) -> RouteGroup | None:
    """The group of a path; None for static files, which are open. What is in no other group is for phones."""
    if path.startswith(STATIC):
        return None
    found = (group for prefix, group in _PREFIXES if path == prefix or path.startswith(f"{prefix}/"))
    return next(found, RouteGroup.PHONE)
