"""One shape of plugin, small files, small functions, and one import surface."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_PLUGIN_LINES = 400, 50, 120
PARTS = frozenset(
    {
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
)
FOLDERS = frozenset({"data", "templates", "static", "locale", "migrations"})
NEEDED = ("__init__.py", "plugin.py", "locale")
SURFACE = ("xinglin.api", "xinglin.types")
INSIDE = frozenset(
    {
        "access",
        "admin",
        "audit",
        "auth",
        "bus",
        "crypto",
        "files",
        "forms",
        "hookspecs",
        "kernel",
        "people",
        "push",
        "testing",
        "wecom",
    }
)


def faults_of_shape(package: Path) -> Iterator[str]:
    """Names of its parts, and nothing but hooks in plugin.py."""
    entries = {path.name for path in package.iterdir() if path.name not in ("__pycache__", "py.typed")}
    yield from (f"{name} is missing" for name in NEEDED if name not in entries)
    for name in sorted(entries):
        known = PARTS if name.endswith(".py") else PARTS | FOLDERS
        if name.removesuffix(".py") not in known:
            yield f"{name} is no name of a plugin's part"
    if (package / "plugin.py").is_file():
        yield from _faults_of_hooks(package / "plugin.py")


def _faults_of_hooks(path: Path) -> Iterator[str]:
    source = path.read_text(encoding="utf-8")
    if len(source.splitlines()) > MAX_PLUGIN_LINES:
        yield f"plugin.py has more than {MAX_PLUGIN_LINES} lines"
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            yield f"plugin.py has the class {node.name}"
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("xinglin_"):
            yield f"plugin.py has the function {node.name}, which is no hook"


def faults_of_size(path: Path) -> Iterator[str]:
    """A Python file that is too long, and its functions that are."""
    source = path.read_text(encoding="utf-8")
    if len(source.splitlines()) > MAX_FILE_LINES:
        yield f"{path.name} has more than {MAX_FILE_LINES} lines"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{path.name}:{node.lineno} {node.name} has {lines} lines"


def faults_of_imports(path: Path) -> Iterator[str]:
    """Imports of the portal's inside: only `xinglin`, `xinglin.types` and `xinglin.api` are for plugins."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in _imported(node):
                if name.startswith("xinglin.") and not name.startswith(SURFACE):
                    yield f"{path.name}:{node.lineno} imports {name}"


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if node.module == "xinglin":
        return [f"xinglin.{alias.name}" for alias in node.names if alias.name in INSIDE]
    return [node.module] if node.module and not node.level else []
