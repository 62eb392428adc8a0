"""The URL map; names and URLs begin with our name."""

from pyramid.config import Configurator

from xinglin_example.service import WallService, factory


def includeme(config: Configurator) -> None:
    config.add_route("example.wall", "/example")
    config.add_service(WallService, factory)
    config.scan("xinglin_example.views")
