"""Small files, small functions, one shape of plugin."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.house import OURS, SOURCE_ROOTS, below, package_of, shown

MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_PLUGIN_LINES = 400, 50, 120
MODULES = {
    "__init__",
    "api",
    "bus",
    "cli",
    "errors",
    "events",
    "hookspecs",
    "jobs",
    "models",
    "permissions",
    "plugin",
    "push",
    "routes",
    "schemas",
    "service",
    "views",
}
FOLDERS = {"templates", "static", "locale", "migrations"}
NEEDED = {"__init__.py", "plugin.py", "routes.py", "views", "locale", "py.typed"}


def faults_of_shape(folder: Path) -> Iterator[str]:
    entries = {path.name for path in folder.iterdir() if path.name != "__pycache__"}
    stems = {name.removesuffix(".py") for name in entries}
    yield from (
        f"{name} is missing" for name in sorted(NEEDED - entries) if name.removesuffix(".py") not in stems
    )
    for name in sorted(entries - {"py.typed"}):
        is_known = name.removesuffix(".py") in MODULES if name.endswith(".py") else name in MODULES | FOLDERS
        if not is_known:
            yield f"{name} is no name of a plugin's part"
    if len((folder / "plugin.py").read_text(encoding="utf-8").splitlines()) > MAX_PLUGIN_LINES:
        yield f"plugin.py has more than {MAX_PLUGIN_LINES} lines"
    yield from faults_of_hooks(folder / "plugin.py")


def faults_of_hooks(path: Path) -> Iterator[str]:
    """plugin.py holds hook implementations and nothing else."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            yield f"{path.name} has the class {node.name}"
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("xinglin_"):
            yield f"{path.name} has the function {node.name}, which is no hook"


def faults_of_size(path: Path) -> Iterator[str]:
    source = path.read_text(encoding="utf-8")
    if len(source.splitlines()) > MAX_FILE_LINES:
        yield f"{shown(path)} has more than {MAX_FILE_LINES} lines"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{shown(path)}:{node.lineno} {node.name} has {lines} lines"


@pytest.mark.parametrize("name", OURS)
def test_a_plugin_has_the_one_shape(name: str) -> None:
    assert list(faults_of_shape(package_of(name))) == []


def test_another_shape_is_found(tmp_path: Path) -> None:
    for name in ("__init__.py", "plugin.py", "routes.py", "views2.py", "utils.py", "py.typed"):
        (tmp_path / name).write_text("def helper():\n    pass\n" + "\n" * 120, encoding="utf-8")
    (tmp_path / "helpers").mkdir()
    assert list(faults_of_shape(tmp_path)) == [
        "locale is missing",
        "views is missing",
        "helpers is no name of a plugin's part",
        "utils.py is no name of a plugin's part",
        "views2.py is no name of a plugin's part",
        "plugin.py has more than 120 lines",
        "plugin.py has the function helper, which is no hook",
    ]


def test_no_file_and_no_function_is_too_long() -> None:
    assert [
        fault
        for path in below(*SOURCE_ROOTS, suffix=".py")
        if "migrations" not in path.parts
        for fault in faults_of_size(path)
    ] == []


def test_what_is_too_long_is_found(tmp_path: Path) -> None:
    path = tmp_path / "long.py"
    path.write_text("def endless():\n" + "    x = 1\n" * 50 + "\n" * 400, encoding="utf-8")
    assert list(faults_of_size(path)) == ["long.py has more than 400 lines", "long.py:1 endless has 51 lines"]
