"""The one address that WeCom calls."""

from __future__ import annotations

from pyramid.config import Configurator

from xinglin.wecom import views


def includeme(config: Configurator) -> None:
    config.add_route("core.wecom_callback", "/wecom/callback")
    for method, view in (("GET", views.verify), ("POST", views.receive)):
        config.add_view(
            view,
            route_name="core.wecom_callback",
            request_method=method,
            permission="core:public",
            require_csrf=False,
        )
