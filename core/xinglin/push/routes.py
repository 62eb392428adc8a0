"""The service of push, for `request.service(PushService)`."""

from __future__ import annotations

from pyramid.config import Configurator

from xinglin.push import service


def includeme(config: Configurator) -> None:
    config.add_service(service.PushService, service.factory)
