"""`request.service(Cls)`: one instance of a service per request, made by the factory that was registered for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pyramid.config import Configurator
from pyramid.request import Request

T = TypeVar("T")


def includeme(config: Configurator) -> None:
    config.registry.xinglin_services = {}
    config.add_directive("add_service", _add_service)
    config.add_request_method(_service, "service")


def _add_service(config: Configurator, cls: type[T], factory: Callable[[Any, Request], T]) -> None:
    """Register `factory(context, request)`; two factories for one class are a conflict."""

    def register() -> None:
        config.registry.xinglin_services[cls] = factory

    config.action(("xinglin service", cls), register)


def _service(request: Request, cls: type[T]) -> T:
    made = request.__dict__.setdefault("_xinglin_services", {})
    if cls not in made:
        made[cls] = request.registry.xinglin_services[cls](
            request.context if "context" in request.__dict__ else None, request
        )
    found: T = made[cls]
    return found
