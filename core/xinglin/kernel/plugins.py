"""Finding, loading and calling plugins: only names in the ini are imported, each failure is one plugin's own."""

from __future__ import annotations

import importlib.metadata
import inspect
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType, TracebackType
from typing import Any

import pluggy
from pyramid_retry import IRetryableError
from sqlalchemy.orm import Session

from xinglin import API_VERSION, hookspecs
from xinglin.audit.kinds import AUDIT_HEAD
from xinglin.files.push_kinds import PUSH_KINDS
from xinglin.kernel.ini import IniFile, SettingsError, parse_section
from xinglin.types import Card, Job, Manifest, MenuItem, Permission, PushHandler, PushKind, Slot

ENTRY_POINTS = "xinglin.plugins"
FAULTS = (Exception, SystemExit)
"""What a plugin may do wrong: one that calls `sys.exit()` must not end the process of all."""
logger = logging.getLogger(__name__)


class PluginError(Exception):
    """One plugin cannot be used; names it, the stage of the boot, and the reason."""

    def __init__(self, plugin: str, stage: str, reason: str) -> None:
        super().__init__(f"plugin {plugin}: {stage}: {reason}")
        self.plugin = plugin
        self.stage = stage
        self.reason = reason


@dataclass(frozen=True)
class Quarantined:
    """A plugin that was left out of this start, and why."""

    name: str
    stage: str
    reason: str
    traceback: str


@dataclass(frozen=True)
class Plugin:
    """A loaded plugin: its module of hooks, who it says it is, and its settings."""

    name: str
    module: ModuleType
    manifest: Manifest
    settings: Any

    @property
    def package(self) -> str:
        return self.module.__name__.rpartition(".")[0]


@dataclass(frozen=True)
class PluginSet:
    """All that the plugins declared, collected once at boot and never changed."""

    manager: pluggy.PluginManager
    plugins: Mapping[str, Plugin]
    quarantined: Mapping[str, Quarantined] = field(default_factory=dict)
    permissions: Mapping[str, Permission] = field(default_factory=dict)
    menu: tuple[MenuItem, ...] = ()
    cards: tuple[Card, ...] = ()
    push_kinds: Mapping[str, PushKind] = field(default_factory=dict)
    push_handlers: tuple[tuple[str, PushHandler], ...] = ()
    jobs: tuple[tuple[str, Job], ...] = ()
    owners: Mapping[MenuItem | Card, str] = field(default_factory=dict)

    def settings_of(self, name: str) -> Any:
        """The settings object of the plugin `name`; raises KeyError when it is not loaded."""
        return self.plugins[name].settings


def discover() -> dict[str, importlib.metadata.EntryPoint]:
    """Every installed plugin by name, none of them imported."""
    return {point.name: point for point in importlib.metadata.entry_points(group=ENTRY_POINTS)}


def load(names: tuple[str, ...], ini: IniFile, quarantined: Mapping[str, Quarantined]) -> PluginSet:
    """Import and ask the named plugins that are not quarantined; raises `PluginError` for the first bad one."""
    manager = pluggy.PluginManager("xinglin")
    manager.add_hookspecs(hookspecs)
    points = discover()
    plugins: dict[str, Plugin] = {}
    for name in names:
        if name not in quarantined:
            plugins[name] = _load_one(name, points, manager, ini)
    for plugin in plugins.values():
        _check_requirements(plugin, plugins)
    return _collect(PluginSet(manager, plugins, quarantined))


def _load_one(
    name: str,
    points: Mapping[str, importlib.metadata.EntryPoint],
    manager: pluggy.PluginManager,
    ini: IniFile,
) -> Plugin:
    if name not in points:
        known = ", ".join(sorted(points)) or "none"
        raise PluginError(name, "discover", f"not installed. Cure: install its package; known: {known}")
    with guard(name, "import"):
        module = points[name].load()
        manager.register(module, name)
        manager.check_pending()
    manifest = _ask(manager, name, "xinglin_manifest")
    if not isinstance(manifest, Manifest) or manifest.name != name:
        raise PluginError(name, "manifest", f"xinglin_manifest must return a Manifest named {name}")
    if manifest.api != API_VERSION:
        raise PluginError(
            name,
            "manifest",
            f"was written for plugin API {manifest.api}, this is {API_VERSION}. Cure: update it",
        )
    settings_class = _ask(manager, name, "xinglin_settings")
    with guard(name, "settings"):
        settings = parse_section(ini, f"xinglin:{name}", settings_class or _NoSettings)
    return Plugin(name, module, manifest, settings)


@dataclass(frozen=True)
class _NoSettings:
    """A plugin that declares no settings accepts none."""


def _ask(manager: pluggy.PluginManager, name: str, hook: str) -> Any:
    with guard(name, hook):
        return next((call() for plugin, call in implementations(manager, hook) if plugin == name), None)


def implementations(manager: pluggy.PluginManager, hook: str) -> Iterator[tuple[str, Any]]:
    """Each plugin's own function for `hook`, in the order of the ini, so that a result has a name."""
    for found in getattr(manager.hook, hook).get_hookimpls():
        yield found.plugin_name, found.function


def accepted(function: Any, **arguments: Any) -> Any:
    """Call a hook with those arguments that it takes: pluggy lets a plugin leave out what it does not need."""
    return function(**{name: arguments[name] for name in inspect.signature(function).parameters})


class guard:  # noqa: N801 - reads as a verb at its call sites
    """Turn any exception inside the block into a `PluginError` of that plugin and stage.

    A `SettingsError` stays what it is: the ini is at fault, not the plugin.
    """

    def __init__(self, plugin: str, stage: str) -> None:
        self._plugin = plugin
        self._stage = stage

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, FAULTS) and not isinstance(error, (PluginError, SettingsError)):
            raise PluginError(self._plugin, self._stage, f"{type(error).__name__}: {error}") from error


def _check_requirements(plugin: Plugin, plugins: Mapping[str, Plugin]) -> None:
    missing = [name for name in plugin.manifest.requires if name not in plugins]
    if missing:
        cure = f"Cure: add {' '.join(missing)} to plugins, or remove {plugin.name}"
        raise PluginError(plugin.name, "requires", f"needs {', '.join(missing)}. {cure}")


def _collect(found: PluginSet) -> PluginSet:
    manager = found.manager
    permissions = _gather(manager, "xinglin_permissions", Permission)
    menu = _gather(manager, "xinglin_menu", MenuItem)
    cards = _gather(manager, "xinglin_cards", Card)
    kinds = [("core", kind) for kind in PUSH_KINDS] + _gather(manager, "xinglin_push_kinds", PushKind)
    handlers = _gather(manager, "xinglin_push_handlers", PushHandler)
    jobs = _gather(manager, "xinglin_jobs", Job)
    for plugin, permission in permissions:
        _check_prefix(plugin, "permission", permission.name, f"{plugin}:")
    for plugin, kind in kinds:
        _check_prefix(plugin, "push kind", kind.name, f"{plugin}.")
    for what, named in (("permission", permissions), ("push kind", kinds), ("job", jobs)):
        _check_unique(what, named)
    for plugin, placed in (*menu, *cards):
        if placed.slot not in set(Slot):
            raise PluginError(plugin, "menu", f"unknown slot {placed.slot!r}. Cure: one of {', '.join(Slot)}")
    declared = {permission.name for _, permission in permissions} | CORE_PERMISSIONS
    for plugin, placed in (*menu, *cards):
        if placed.permission not in declared:
            raise PluginError(
                plugin, "menu", f"{placed.key}: permission {placed.permission!r} is not declared"
            )
    return PluginSet(
        manager,
        found.plugins,
        found.quarantined,
        permissions={permission.name: permission for _, permission in permissions},
        menu=tuple(sorted((item for _, item in menu), key=lambda item: (item.order, item.key))),
        cards=tuple(sorted((card for _, card in cards), key=lambda card: (card.order, card.key))),
        push_kinds={kind.name: kind for kind in (AUDIT_HEAD, *(kind for _, kind in kinds))},
        push_handlers=tuple(handlers),
        jobs=tuple(jobs),
        owners={placed: plugin for plugin, placed in (*menu, *cards)},
    )


CORE_PERMISSIONS = {
    "core:public",
    "core:person",
    "core:staff",
    "core:administrator",
    "core:emergency",
    "core:security",
}


def _check_prefix(plugin: str, what: str, name: str, prefix: str) -> None:
    if not name.startswith(prefix):
        raise PluginError(plugin, what, f"{name!r} must begin with {prefix!r}")


def _check_unique(what: str, named: list[tuple[str, Any]]) -> None:
    seen: set[tuple[str, str]] = set()
    for plugin, item in named:
        if (plugin, item.name) in seen:
            raise PluginError(plugin, what, f"{item.name} is declared twice")
        seen.add((plugin, item.name))


def _gather(manager: pluggy.PluginManager, hook: str, kind: type) -> list[tuple[str, Any]]:
    gathered = []
    for plugin, function in implementations(manager, hook):
        with guard(plugin, hook):
            for item in function():
                if not isinstance(item, kind):
                    raise TypeError(f"returned {item!r} instead of {kind.__name__}")
                gathered.append((plugin, item))
    return gathered


def call_each(plugins: PluginSet, hook: str, session: Session, **arguments: Any) -> list[tuple[str, Any]]:
    """Call `hook` of every plugin in a savepoint of its own; a failing one is logged and left out."""
    results = []
    for plugin, function in implementations(plugins.manager, hook):
        done, result = call_safely(
            session, f"plugin {plugin}", hook, partial(accepted, function, session=session, **arguments)
        )
        if done:
            results.append((plugin, result))
    return results


def call_safely(session: Session, culprit: str, what: str, function: Callable[[], Any]) -> tuple[bool, Any]:
    """Whether `function` succeeded, and its result; what a failing one did is undone, its name is in the log.

    A session that only reads has nothing to undo, so no savepoint is spent on it. A lost database is nobody's
    fault and goes through, so that the whole request is tried again.
    """
    try:
        with nullcontext() if session.info.get("writes") is False else session.begin_nested():
            return True, function()
    except FAULTS as error:
        if IRetryableError.providedBy(error):
            raise
        logger.exception("%s failed in %s; the others go on", culprit, what)
        return False, None


def quarantine_of(error: PluginError) -> Quarantined:
    """What to remember of a plugin that failed to start."""
    trace = "".join(traceback.format_exception(error.__cause__ or error))
    return Quarantined(error.plugin, error.stage, error.reason, trace)
