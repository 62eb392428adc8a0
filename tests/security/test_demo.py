"""The running demo before strangers' eyes: the quick half of `make scan`, so that no new hole gets in between two of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.security import api, demo
from tests.security.blind import is_planted
from tests.security.findings import Report, read_baseline

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TOOLS = ROOT / "var" / "scan-venv" / "bin"
SECONDS = 10


@pytest.fixture
def _own_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo puts its planted module on the paths of this process; the other tests must not see it."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))


@pytest.mark.usefixtures("_own_paths")
def test_nothing_new_and_high_is_found_in_the_running_demo(tmp_path: Path) -> None:
    with demo.running(tmp_path) as running:
        found = list(running.crawl())
        before = running.administered()
        found += api.scan(TOOLS, ROOT / "schemas" / "openapi.yaml", running, tmp_path, seconds=SECONDS)
        assert running.administered() > before, "no request of schemathesis was accepted"
    assert any(is_planted(one) for one in found), "the crawl did not find what was planted"
    report = Report([one for one in found if not is_planted(one)], read_baseline(HERE / "baseline.json"), [])
    assert [f"{one.key}: {one.message}" for one in report.new_high] == []
