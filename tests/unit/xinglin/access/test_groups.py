from __future__ import annotations

import pytest

from xinglin.access.groups import RouteGroup, group_of


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("/", RouteGroup.PHONE),
        ("/news/abc", RouteGroup.PHONE),
        ("/login", RouteGroup.PHONE),
        ("/healthy", RouteGroup.PHONE),
        ("/api/admin/v1/login", RouteGroup.ADMIN),
        ("/api/admin", RouteGroup.ADMIN),
        ("/login/break-glass", RouteGroup.ADMIN),
        ("/login/emergency/logout", RouteGroup.ADMIN),
        ("/wecom/callback", RouteGroup.CALLBACK),
        ("/api/bus/v1/events", RouteGroup.BUS),
        ("/health", RouteGroup.HEALTH),
        ("/static/portal/dist/portal.css", None),
    ],
)
def test_each_path_has_its_group(path: str, group: RouteGroup | None) -> None:
    assert group_of(path) is group
