"""Where things are, for all tests of the architecture."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from xinglin.kernel import plugins

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE_ROOTS = ("core", "portal", "plugins", "admin_tool", "simulators", "benchmarks")
OURS = ("portal", "news", "documents", "example")


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository that is not ignored, committed or not."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return tuple(path for name in names if name and (path := ROOT / name).is_file())


def below(*folders: str, suffix: str = "") -> Iterator[Path]:
    for path in files():
        if path.relative_to(ROOT).parts[0] in folders and path.name.endswith(suffix):
            yield path


def package_of(plugin: str) -> Path:
    """The folder of one of our plugins."""
    name = plugins.discover()[plugin].value.partition(".")[0]
    return next(path.parent for path in files() if path.parts[-2:] == (name, "plugin.py"))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
