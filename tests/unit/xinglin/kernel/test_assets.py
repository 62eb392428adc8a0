"""Built assets are found by their logical names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xinglin.kernel.assets import AssetMissing, Assets


def test_a_logical_name_leads_to_the_built_file(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"portal.js": "portal-ABC.js"}), encoding="utf-8")
    assets = Assets.read({"/static/portal/dist/": manifest, "/static/news/dist/": tmp_path / "none.json"})
    assert assets.path("portal.js") == "/static/portal/dist/portal-ABC.js"


def test_what_was_not_built_says_how_to_build_it() -> None:
    with pytest.raises(AssetMissing, match=r"portal\.js was not built\. Cure: pip install"):
        Assets.read({}).path("portal.js")
