"""The module that docs/tutorial.md writes is installed as written there, and its own test passes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
FILE = re.compile(r"^\*\*`([^`]+)`\*\*\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def vendor_folder(tmp_path: Path) -> Path:
    """The files of the tutorial, and the metadata that pip would write when it installs them."""
    for name, text in FILE.findall(TUTORIAL.read_text(encoding="utf-8")):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    info = tmp_path / "xinglin_lost-1.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: xinglin-lost\nVersion: 1.0.0\n")
    (info / "entry_points.txt").write_text("[xinglin.plugins]\nlost = xinglin_lost.plugin\n")
    return tmp_path


def test_the_tutorials_own_test_passes(vendor_folder: Path) -> None:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
    ]
    command += ["--rootdir", str(vendor_folder), str(vendor_folder / "tests")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        command,
        cwd=vendor_folder,
        env=environment | {"PYTHONPATH": str(vendor_folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "3 passed" in done.stdout
