"""What every template may use, and the menu that is drawn from the plugins' declarations."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from jinja2 import Template
from pyramid.config import Configurator
from pyramid.csrf import get_csrf_token
from pyramid.events import BeforeRender
from pyramid.renderers import RendererHelper
from pyramid.request import Request
from pyramid.threadlocal import get_current_request
from pyramid_jinja2 import IJinja2Environment

from xinglin.kernel.requests import path_of
from xinglin.types import MenuItem, Slot


@dataclass(frozen=True)
class MenuEntry:
    """A menu item for the person who looks."""

    key: str
    title: str
    url: str
    icon: str
    badge: int
    is_here: bool


class Menu:
    """The items of one slot that this person may use; nothing is computed until a template asks."""

    def __init__(self, request: Request, slot: str = Slot.MENU_MAIN) -> None:
        self._request = request
        self._slot = slot

    def __iter__(self) -> Iterator[MenuEntry]:
        cached = self._request.__dict__.setdefault("_xinglin_menu", {})
        if self._slot not in cached:
            cached[self._slot] = [self._entry(item) for item in self._request.plugins.menu if self._may(item)]
        return iter(cached[self._slot])

    def __bool__(self) -> bool:
        return any(True for _ in self)

    def _may(self, item: MenuItem) -> bool:
        return item.slot == self._slot and bool(self._request.has_permission(item.permission))

    def _badge(self, item: MenuItem) -> int:
        if item.badge is None:
            return 0
        done, count = self._request.safely(f"badge {item.key}", partial(item.badge, self._request))
        return count if done else 0

    def _entry(self, item: MenuItem) -> MenuEntry:
        url = self._request.route_path(item.route)
        path = path_of(self._request)
        is_here = path == url or (url != "/" and path.startswith(url + "/"))
        badge = self._badge(item)
        return MenuEntry(item.key, self._request.translate(item.title), url, item.icon, badge, is_here)


def includeme(config: Configurator) -> None:
    config.add_subscriber(add_page_values, BeforeRender)
    config.add_renderer(".jinja2", PageRenderer)

    def add_globals() -> None:
        environment = config.get_jinja2_environment()
        # Jinja2 would chain each template's own globals before ours, and look through the chain at every import
        environment.make_globals = lambda own: {**environment.globals, **own} if own else environment.globals
        environment.globals.update(
            _=translate, asset=asset, csrf_token=csrf_token, request_key=request_key, format_time=format_time
        )

    config.action(None, add_globals, order=999)


class PageRenderer:
    """Draws a template found by its name on the search path alone, never beside the caller; it is looked for once."""

    def __init__(self, info: RendererHelper) -> None:
        self._info = info

    @cached_property
    def _template(self) -> Template:
        environment = self._info.registry.getUtility(IJinja2Environment, name=".jinja2")
        return environment.get_template(self._info.name)

    def __call__(self, value: Mapping[str, Any], system: dict[str, Any]) -> str:
        system.update(value)
        return self._template.render(system)


def add_page_values(event: BeforeRender) -> None:
    request = event.get("request")
    if request is None or not hasattr(request, "plugins"):
        return
    identity = request.identity
    event.setdefault("identity", identity)
    event.setdefault("here", path_of(request))
    event.setdefault("menu", Menu(request))
    event.setdefault("large_text", bool(identity and identity.has_large_text))
    event.setdefault("locale", request.locale_name)
    event.setdefault("public_name", request.settings.site_name)
    event.setdefault("csp_nonce", request.csp_nonce)


def _request() -> Request:
    request = get_current_request()
    if request is None:
        raise RuntimeError("pages are rendered inside a request")
    return request


def translate(text: str, **mapping: Any) -> str:
    return str(_request().translate(text, **mapping))


def asset(name: str) -> str:
    return str(_request().registry.xinglin_assets.path(name))


def csrf_token() -> str:
    return str(get_csrf_token(_request()))


def request_key() -> str:
    """A fresh key: two POSTs with the same one have one effect."""
    return secrets.token_urlsafe(16)


def format_time(moment: datetime, pattern: str = "%Y-%m-%d %H:%M") -> str:
    """`moment` in the hospital's time zone."""
    return moment.astimezone(_request().settings.zone).strftime(pattern)
