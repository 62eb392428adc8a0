"""Finding the plugin behind a fault of the whole configuration: conflicts, open views, foreign names."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError, ConfigurationExecutionError

from xinglin.kernel.plugins import CORE_PERMISSIONS, Plugin, PluginError, PluginSet


class blame:  # noqa: N801 - reads as a verb at its call site
    """Turn a conflict or a late failure of the configuration into the error of the plugin that caused it."""

    def __init__(self, found: PluginSet) -> None:
        self._folders = {
            name: Path(str(plugin.module.__file__)).resolve().parent for name, plugin in found.plugins.items()
        }

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, ConfigurationConflictError):
            infos = [
                info
                for infos in error._conflicts.values()  # noqa: SLF001 - the only place Pyramid keeps them
                for info in infos
            ]
            self._raise_for(infos, error)
        elif isinstance(error, ConfigurationExecutionError):
            self._raise_for([error.info], error)

    def _raise_for(self, infos: list[Any], error: Exception) -> None:
        culprits = [name for info in infos if (name := self._owner_of(info))]
        order = list(self._folders)
        if culprits:
            raise PluginError(max(culprits, key=order.index), "configure", str(error)) from error

    def _owner_of(self, info: Any) -> str | None:
        path = Path(str(getattr(info, "file", ""))).resolve()
        return next((name for name, folder in self._folders.items() if path.is_relative_to(folder)), None)


class PluginViewsChecker:
    """Every view of a plugin names a permission that exists; its routes and addresses bear the plugin's name."""

    def __init__(self, config: Configurator, found: PluginSet) -> None:
        self._introspector = config.introspector
        self._found = found

    def check(self) -> None:
        declared = set(self._found.permissions) | CORE_PERMISSIONS
        for entry in self._introspector.get_category("views") or ():
            view = entry["introspectable"]
            plugin = self._owner_of(view)
            if plugin is None:
                continue
            permission = next(
                (found["value"] for found in entry["related"] if found.category_name == "permissions"), None
            )
            if permission not in declared:
                what = f"view {view.title} has the permission {permission!r}, which nobody declares"
                raise PluginError(plugin.name, "configure", f"{what}. Cure: name a declared permission")
        self._check_routes()

    def _check_routes(self) -> None:
        for entry in self._introspector.get_category("routes") or ():
            route = entry["introspectable"]
            name, pattern = route["name"], route["pattern"].lstrip("/")
            area = name.partition(".")[0]
            plugin = self._found.plugins.get(area)
            if plugin is not None and area != "portal" and pattern.split("/")[0] != area:
                raise PluginError(area, "configure", f"route {name} must have an address below /{area}")

    def _owner_of(self, view: Any) -> Plugin | None:
        module = str(getattr(view["callable"], "__module__", ""))
        return next(
            (plugin for plugin in self._found.plugins.values() if module.startswith(plugin.package + ".")),
            None,
        )
