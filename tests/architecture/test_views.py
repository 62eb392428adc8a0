"""Every view of the whole portal, plugins too, has a permission that somebody declares; names show whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from pyramid.interfaces import IExceptionResponse
from pyramid.registry import Introspector
from pyramid.response import Response

from tests.architecture.house import OURS
from xinglin.kernel.plugins import CORE_PERMISSIONS
from xinglin.testing.clock import FrozenClock
from xinglin.testing.databases import SQLiteMaker
from xinglin.testing.portal import Portal

OPEN_BY_NATURE = ("__static/", "__/static/", "static/")
"""Routes of built assets: the same files for everybody."""
CORE_ADDRESSES = ("/login", "/wecom", "/api/admin/v1", "/health", "/files")
SHELL = "portal"
"""Its pages are the home page and what belongs to everybody."""


def faults_of_views(introspector: Introspector, declared: set[str]) -> Iterator[str]:
    for entry in introspector.get_category("views") or ():
        view = entry["introspectable"]
        route = str(view["route_name"] or "")
        if is_for_exceptions(view) or route.startswith(OPEN_BY_NATURE):
            continue
        permissions = {item["value"] for item in entry["related"] if item.category_name == "permissions"}
        if not permissions or not permissions <= declared:
            yield f"{route or view.title}: {', '.join(sorted(permissions)) or 'no permission'}"


def is_for_exceptions(view: Any) -> bool:
    context = view["context"]
    return context is IExceptionResponse or (isinstance(context, type) and issubclass(context, BaseException))


def faults_of_routes(introspector: Introspector) -> Iterator[str]:
    for entry in introspector.get_category("routes") or ():
        route = entry["introspectable"]
        name, address = route["name"], route["pattern"]
        if name.startswith(OPEN_BY_NATURE):
            continue
        area = name.partition(".")[0]
        if area not in ("core", *OURS):
            yield f"{name} bears the name of no area"
        elif (area == "core" and not address.startswith(CORE_ADDRESSES)) or (
            area not in ("core", SHELL) and address != f"/{area}" and not address.startswith(f"/{area}/")
        ):
            yield f"{name} is at {address}"


@pytest.fixture(scope="module")
def introspector(tmp_path_factory: pytest.TempPathFactory, sqlite_maker: SQLiteMaker) -> Introspector:
    folder: Path = tmp_path_factory.mktemp("whole")
    portal = Portal.create(folder, clock=FrozenClock(), database=sqlite_maker.fresh(), plugins=OURS)
    found: Introspector = portal.wsgi.registry.introspector
    found.declared = CORE_PERMISSIONS | set(portal.wsgi.registry.xinglin_plugins.permissions)
    portal.close()
    return found


def test_every_view_has_a_declared_permission(introspector: Introspector) -> None:
    assert len(introspector.get_category("views")) > 40
    assert list(faults_of_views(introspector, introspector.declared)) == []


def test_every_route_bears_the_name_of_its_area(introspector: Introspector) -> None:
    assert list(faults_of_routes(introspector)) == []


def test_an_open_door_and_a_wrong_name_are_found() -> None:
    config = Configurator()
    for name, address, permission in (
        ("news.good", "/news/good", "core:staff"),
        ("news.open", "/news/open", None),
        ("news.typo", "/newsletter", "core:stuff"),
        ("page", "/news/page", "core:staff"),
        ("core.page", "/news/core", "core:staff"),
    ):
        config.add_route(name, address)
        config.add_view(Response, route_name=name, permission=permission)
    config.commit()
    assert list(faults_of_views(config.introspector, {"core:staff"})) == [
        "news.open: no permission",
        "news.typo: core:stuff",
    ]
    assert list(faults_of_routes(config.introspector)) == [
        "news.typo is at /newsletter",
        "page bears the name of no area",
        "core.page is at /news/core",
    ]
