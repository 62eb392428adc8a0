"""Every door of the portal: address, method, and who may pass, as the views themselves declare it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.interfaces import IExceptionResponse
from pyramid.registry import Introspector

METHODS = ("GET", "POST", "PUT", "DELETE")
STATIC = ("__static/", "__/static/", "static/")
CHANGING = frozenset({"POST", "PUT", "DELETE"})


@dataclass(frozen=True)
class Door:
    """One method of one route. `permission` is empty when no view declares any; `is_guarded`: it wants a CSRF token."""

    route: str
    path: str
    method: str
    permission: str
    is_guarded: bool

    @property
    def place(self) -> str:
        return f"{self.method} {self.route}"


def doors_of(introspector: Introspector, known: Mapping[str, str]) -> list[Door]:
    """All doors; a place holder of an address is filled from `known`, or with `1`."""
    views: dict[str, list[tuple[Any, str]]] = {}
    for entry in introspector.get_category("views") or ():
        view = entry["introspectable"]
        if not _is_for_exceptions(view["context"]):
            names = [item["value"] for item in entry["related"] if item.category_name == "permissions"]
            views.setdefault(str(view["route_name"] or ""), []).append((view, str(next(iter(names), ""))))
    found = []
    for entry in introspector.get_category("routes") or ():
        route = entry["introspectable"]
        name, pattern = str(route["name"]), str(route["pattern"])
        if not name.startswith(STATIC) and "*" not in pattern:
            found += list(_doors(name, _filled(pattern, known), views.get(name, [])))
    return sorted(found, key=lambda door: (door.path, door.method))


def _doors(name: str, path: str, views: list[tuple[Any, str]]) -> Iterator[Door]:
    for method in METHODS:
        fitting = [(view, permission) for view, permission in views if _answers(view, method)]
        permissions = {permission for _view, permission in fitting}
        shown = "" if "" in permissions else "core:denied" if not permissions else min(permissions)
        is_guarded = all(view["require_csrf"] is not False for view, _permission in fitting)
        yield Door(name, path, method, shown, is_guarded)


def _answers(view: Any, method: str) -> bool:
    methods = view["request_methods"]
    return not methods or method in ((methods,) if isinstance(methods, str) else methods)


def _filled(pattern: str, known: Mapping[str, str]) -> str:
    return "/" + re.sub(r"\{(\w+)[^}]*\}", lambda match: known.get(match[1], "1"), pattern).lstrip("/")


def _is_for_exceptions(context: Any) -> bool:
    return context is IExceptionResponse or (isinstance(context, type) and issubclass(context, BaseException))
