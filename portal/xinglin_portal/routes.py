"""The URLs of the portal shell on one screen."""

from __future__ import annotations

from pyramid.config import Configurator

from xinglin.api.audit import LookService, look_factory
from xinglin_portal.service import devices, grants
from xinglin_portal.service.shell import HomeService, MeService, home_factory, me_factory

ROUTES = (
    ("portal.home", "/"),
    ("portal.me", "/me"),
    ("portal.display", "/me/display"),
    ("portal.notifications", "/me/notifications"),
    ("portal.looks", "/me/looks"),
    ("portal.devices", "/me/devices"),
    ("portal.session", "/me/devices/end"),
    ("portal.sessions_end_others", "/me/devices/end-others"),
    ("portal.grants", "/me/grants"),
    ("portal.grants_end", "/me/grants/end"),
)


def includeme(config: Configurator) -> None:
    for name, pattern in ROUTES:
        config.add_route(name, pattern)
    config.add_service(HomeService, home_factory)
    config.add_service(MeService, me_factory)
    config.add_service(LookService, look_factory)
    config.add_service(devices.DeviceService, devices.factory)
    config.add_service(grants.PassingOnService, grants.factory)
    config.scan("xinglin_portal.views")
