"""Which of the three administrators may call what. What is not in the table is nobody's.

System runs the portal, security protects it, audit watches both: no person holds two (GB/T 22239, 安全管理中心).
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from pyramid.request import Request

from xinglin.api.i18n import translator
from xinglin.auth.models import AdministratorRole

_ = translator("core")
Roles = AbstractSet[AdministratorRole]
SYSTEM: Final = frozenset({AdministratorRole.SYSTEM})
SECURITY: Final = frozenset({AdministratorRole.SECURITY})
AUDIT: Final = frozenset({AdministratorRole.AUDIT})
EVERY: Final = SYSTEM | SECURITY | AUDIT
NOBODY: Final[Roles] = frozenset()

OPEN: Final = frozenset({"core.admin_login"})
"""What is asked before anybody is known."""
MAY: Final[Mapping[str, Mapping[str, Roles]]] = {
    "core.admin_logout": {"POST": EVERY},
    # running
    "core.admin_modules": {"GET": SYSTEM},
    "core.admin_permissions": {"GET": SYSTEM},
    "core.admin_departments": {"GET": SYSTEM},
    "core.admin_people": {"GET": SYSTEM | SECURITY},
    "core.admin_grants": {"GET": SYSTEM | AUDIT, "POST": SYSTEM},
    "core.admin_grant": {"DELETE": SYSTEM},
    # protecting
    "core.admin_zones": {"GET": SECURITY, "PUT": SECURITY},
    "core.admin_sessions_end": {"POST": SECURITY},
    "core.admin_administrators": {"GET": SECURITY | AUDIT},
    "core.admin_unlock": {"POST": SECURITY},
    "core.admin_keys": {"GET": SECURITY},
    # watching
    "core.admin_audit": {"GET": AUDIT},
    "core.admin_audit_verify": {"GET": AUDIT, "POST": AUDIT},
    "core.admin_audit_export": {"GET": AUDIT},
}
TITLES: Final = {
    AdministratorRole.SYSTEM: _("system administrator"),
    AdministratorRole.SECURITY: _("security administrator"),
    AdministratorRole.AUDIT: _("audit administrator"),
}


class WrongRole(Exception):
    """An administrator asked for what belongs to `needed`."""

    def __init__(self, needed: Roles) -> None:
        super().__init__(", ".join(sorted(needed)))
        self.needed = tuple(role for role in AdministratorRole if role in needed)


def check(request: Request) -> None:
    """Raise `WrongRole` unless this administrator may call the route by this method; strangers are the policy's."""
    route = request.matched_route.name
    if route in OPEN or request.identity is None:
        return
    needed = MAY.get(route, {}).get(request.method, NOBODY)
    if request.identity.role not in needed:
        raise WrongRole(needed)
