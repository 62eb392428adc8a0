"""Small files, small functions, one shape of plugin."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.house import OURS, SOURCE_ROOTS, below, package_of
from xinglin.testing.rules.shape import faults_of_imports, faults_of_shape, faults_of_size


@pytest.mark.parametrize("name", OURS)
def test_a_plugin_has_the_one_shape(name: str) -> None:
    assert list(faults_of_shape(package_of(name))) == []


def test_another_shape_is_found(tmp_path: Path) -> None:
    for name in ("__init__.py", "plugin.py", "views2.py", "utils.py", "py.typed"):
        (tmp_path / name).write_text("def helper():\n    pass\n" + "\n" * 120, encoding="utf-8")
    (tmp_path / "helpers").mkdir()
    assert list(faults_of_shape(tmp_path)) == [
        "locale is missing",
        "helpers is no name of a plugin's part",
        "utils.py is no name of a plugin's part",
        "views2.py is no name of a plugin's part",
        "plugin.py has more than 120 lines",
        "plugin.py has the function helper, which is no hook",
    ]


def test_no_file_and_no_function_is_too_long() -> None:
    assert [
        f"{path}: {fault}"
        for path in below(*SOURCE_ROOTS, suffix=".py")
        if "migrations" not in path.parts
        for fault in faults_of_size(path)
    ] == []


def test_what_is_too_long_is_found(tmp_path: Path) -> None:
    path = tmp_path / "long.py"
    path.write_text("def endless():\n" + "    x = 1\n" * 50 + "\n" * 400, encoding="utf-8")
    assert list(faults_of_size(path)) == [
        "long.py has more than 400 lines",
        "long.py:1 endless has 51 lines",
    ]


def test_the_example_is_read_in_one_sitting() -> None:
    """Vendors are told that it shows every hook in 300 lines (docs/tutorial.md): code and pages, without sayings."""
    package = package_of("example")
    files = [path for suffix in ("py", "jinja2") for path in package.rglob(f"*.{suffix}")]
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
    assert 0 < lines <= 300, f"{package.name} has {lines} lines"


@pytest.mark.parametrize("name", OURS)
def test_a_plugin_uses_the_import_surface_only(name: str) -> None:
    assert [fault for path in package_of(name).rglob("*.py") for fault in faults_of_imports(path)] == []


def test_an_import_of_the_inside_is_found(tmp_path: Path) -> None:
    path = tmp_path / "service.py"
    lines = (
        "import xinglin.kernel.db",
        "from xinglin import hookimpl",
        "from xinglin import kernel",
        "from xinglin.api.db import Base",
        "from xinglin.people.models import Person",
        "from xinglin.types import Job",
    )
    path.write_text("\n".join(lines), encoding="utf-8")
    assert list(faults_of_imports(path)) == [
        "service.py:1 imports xinglin.kernel.db",
        "service.py:3 imports xinglin.kernel",
        "service.py:5 imports xinglin.people.models",
    ]
