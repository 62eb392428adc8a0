"""Every hook is documented and has at least two users among our own plugins."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

from tests.architecture.house import OURS
from xinglin import hookspecs
from xinglin.kernel.ini import IniFile
from xinglin.kernel.plugins import implementations, load


def hooks_of(module: ModuleType | SimpleNamespace) -> dict[str, str]:
    """Name → docstring."""
    return {
        name: inspect.getdoc(value) or ""
        for name, value in vars(module).items()
        if name.startswith("xinglin_") and callable(value)
    }


def undocumented(module: ModuleType | SimpleNamespace) -> Iterator[str]:
    for name, text in hooks_of(module).items():
        if not text.startswith(("Boot", "Run time")) or len(text) < 40:
            yield name


def users() -> dict[str, set[str]]:
    found = load(OURS, IniFile(Path("site.ini")), {})
    return {
        name: {plugin for plugin, _function in implementations(found.manager, name)}
        for name in hooks_of(hookspecs)
    }


def test_every_hook_says_when_it_is_called_and_what_to_return() -> None:
    assert len(hooks_of(hookspecs)) >= 11
    assert list(undocumented(hookspecs)) == []


def test_a_hook_without_words_is_found() -> None:
    def xinglin_silent() -> None:
        pass

    def xinglin_terse() -> None:
        """Return something."""

    module = SimpleNamespace(xinglin_silent=xinglin_silent, xinglin_terse=xinglin_terse)
    assert list(undocumented(module)) == ["xinglin_silent", "xinglin_terse"]


def test_every_hook_has_two_users() -> None:
    assert {name: found for name, found in users().items() if len(found) < 2} == {}


def test_every_hook_of_a_plugin_exists() -> None:
    assert set().union(*users().values()) == set(OURS)
