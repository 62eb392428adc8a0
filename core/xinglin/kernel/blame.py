"""Finding the plugin behind a fault of the whole configuration: conflicts, open views, foreign names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError, ConfigurationExecutionError

from xinglin.kernel.plugins import CORE_PERMISSIONS, PluginError, PluginSet

ROOT_PLUGIN = "portal"
"""The shell, whose pages have addresses such as `/` and `/me`."""


class Owners:
    """Which plugin a line of configuration stands in."""

    def __init__(self, found: PluginSet) -> None:
        self.order = list(found.plugins)
        self._folders = {
            name: Path(str(plugin.module.__file__)).resolve().parent for name, plugin in found.plugins.items()
        }

    def of(self, info: Any) -> str | None:
        """`info` is Pyramid's `ActionInfo`; None for the core and for unknown places."""
        path = Path(str(getattr(info, "file", ""))).resolve()
        return next((name for name, folder in self._folders.items() if path.is_relative_to(folder)), None)


class blame:  # noqa: N801 - reads as a verb at its call site
    """Turn a conflict or a late failure of the configuration into the error of the plugin that caused it."""

    def __init__(self, found: PluginSet) -> None:
        self._owners = Owners(found)

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, ConfigurationConflictError):
            infos = [info for infos in error._conflicts.values() for info in infos]  # noqa: SLF001 - nothing public says it
            self._raise_for(infos, error)
        elif isinstance(error, ConfigurationExecutionError):
            self._raise_for([error.info], error)

    def _raise_for(self, infos: list[Any], error: Exception) -> None:
        culprits = [name for info in infos if (name := self._owners.of(info))]
        if culprits:
            raise PluginError(max(culprits, key=self._owners.order.index), "configure", str(error)) from error


class PluginViewsChecker:
    """Every view of a plugin names a permission that exists; its routes and addresses bear the plugin's name."""

    def __init__(self, config: Configurator, found: PluginSet) -> None:
        self._introspector = config.introspector
        self._owners = Owners(found)
        self._found = found

    def check(self) -> None:
        self._check_views()
        self._check_routes()
        self._check_menu()

    def _check_views(self) -> None:
        declared = set(self._found.permissions) | CORE_PERMISSIONS
        for plugin, view, related in self._of_plugins("views"):
            permission = next(
                (entry["value"] for entry in related if entry.category_name == "permissions"), None
            )
            if permission not in declared:
                what = f"view {view.title} has the permission {permission!r}, which nobody declares"
                raise PluginError(plugin, "configure", f"{what}. Cure: name a declared permission")

    def _check_routes(self) -> None:
        for plugin, route, _related in self._of_plugins("routes"):
            name, first = route["name"], route["pattern"].lstrip("/").split("/")[0]
            if not name.startswith(f"{plugin}."):
                cure = f"Cure: call it {plugin}.{name.rpartition('.')[2]}"
                raise PluginError(plugin, "configure", f"route {name} does not begin with {plugin}. {cure}")
            if plugin not in (ROOT_PLUGIN, first):
                raise PluginError(plugin, "configure", f"route {name} must have an address below /{plugin}")

    def _check_menu(self) -> None:
        known = {entry["introspectable"]["name"] for entry in self._introspector.get_category("routes") or ()}
        for item in self._found.menu:
            if item.route not in known:
                reason = f"{item.key} leads to the route {item.route}, which nobody makes"
                raise PluginError(self._found.owners[item], "menu", f"{reason}. Cure: name a route")

    def _of_plugins(self, category: str) -> Iterator[tuple[str, Any, list[Any]]]:
        for entry in self._introspector.get_category(category) or ():
            introspectable = entry["introspectable"]
            owner = self._owners.of(introspectable.action_info)
            if owner is not None:
                yield owner, introspectable, entry["related"]
