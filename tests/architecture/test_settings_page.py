"""docs/settings.md is what the settings classes say, and every secret is explained."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from xinglin.kernel import settings_page
from xinglin.kernel.ini import IniFile, parse_section
from xinglin.kernel.settings import CoreSettings

ROOT = Path(__file__).resolve().parents[2]
CURE = "run: .venv/bin/python -m xinglin.kernel.settings_page > docs/settings.md"


def test_the_page_is_fresh() -> None:
    written = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert written == settings_page.page(), CURE


def test_the_page_has_a_section_for_each_module_that_comes_with_the_portal() -> None:
    page = settings_page.page()
    points = importlib.metadata.distribution("xinglin").entry_points.select(group="xinglin.plugins")
    assert points
    for point in points:
        assert f"## `[xinglin:{point.name}]`" in page


def test_a_default_is_shown_as_it_can_be_typed_into_the_ini(tmp_path: Path) -> None:
    rows = [
        [cell.strip().strip("`") for cell in line.split("|")[1:4]]
        for line in settings_page.page().partition("## `[xinglin:")[0].splitlines()
        if line.startswith("| `")
    ]
    required = {"site_name": "Hospital", "public_url": "http://here", "database": "sqlite:///x.db"}
    required |= {"files_folder": "files", "secrets_folder": "secrets"}
    assert {key for key, _kind, default in rows if default == "**required**"} == set(required)
    typed = {key: default for key, _kind, default in rows if default not in ("**required**", "empty")}
    ini = IniFile(tmp_path / "site.ini", {"xinglin": required | typed})
    assert parse_section(ini, "xinglin", CoreSettings) == parse_section(
        IniFile(tmp_path / "site.ini", {"xinglin": required}), "xinglin", CoreSettings
    )
