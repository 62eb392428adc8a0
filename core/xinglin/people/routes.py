"""The services of people, for `request.service(...)`."""

from __future__ import annotations

from pyramid.config import Configurator

from xinglin.people import audience, service


def includeme(config: Configurator) -> None:
    config.add_service(service.PeopleService, service.factory)
    config.add_service(audience.AudienceService, audience.factory)
