"""The gate before all routes, and the service that changes its rules."""

from __future__ import annotations

from pyramid.config import Configurator

from xinglin.access import service
from xinglin.access.gate import Gate
from xinglin.access.rules import RuleBook


def includeme(config: Configurator) -> None:
    """After the tween of the security headers, which it stands under."""
    site = config.registry.xinglin_site
    config.registry.xinglin_rule_book = RuleBook(site.database, site.clock)
    config.registry.xinglin_gate = Gate(site.settings, config.registry.xinglin_rule_book)
    config.add_service(service.AccessService, service.factory)
    config.add_tween(
        "xinglin.access.gate.gate_tween",
        under="xinglin.kernel.security_headers.headers_tween",
        over="pyramid_tm.tm_tween_factory",
    )
