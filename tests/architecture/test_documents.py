"""The documents speak of files and commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from xinglin.kernel.cli import xinglin
from xinglin.kernel.settings import check_core_settings
from xinglin.kernel.site import read_settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(
    r"`([^`\n]+)`|^(?:\.venv/bin/)?((?:xinglin|x|make) .+)$|^\.venv/bin/(xinglin .+)$", re.MULTILINE
)
COMMAND = re.compile(
    r"^(?:\.venv/bin/)?(?:xinglin|x) (?:(?:-c|--config) \S+ )?([a-z][a-z-]*)(?: ([a-z][a-z-]*))?"
)
TARGET = re.compile(r"^make ([a-z0-9]+)")


def code_of(page: Path) -> list[str]:
    found = CODE.findall(page.read_text(encoding="utf-8"))
    return [next(part for part in parts if part) for parts in found]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_to_a_file(page: Path) -> None:
    targets = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    missing = [link for link in targets if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for code in code_of(page):
        if match := TARGET.match(code):
            assert re.search(rf"^{match[1]}:", makefile, re.MULTILINE), code
        if match := COMMAND.match(code):
            command = xinglin.commands.get(match[1])
            assert command is not None, code
            if isinstance(command, click.Group) and match[2]:
                assert match[2] in command.commands, code


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_the_example_settings_are_accepted(name: str) -> None:
    _ini, settings = read_settings(ROOT / "etc" / name)
    assert "portal" in settings.plugins
    assert not list(check_core_settings(settings))
