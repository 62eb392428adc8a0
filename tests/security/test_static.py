"""The fast part of the scan, in every run of the tests: no new high finding in the code, the lock or the scanners' locks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.security import code, dependencies
from tests.security.findings import Report, read_baseline

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "var" / "scan-venv" / "bin"
HOLE = 'import subprocess\nsubprocess.call("ls " + input(), shell=True)\n'


@pytest.fixture(scope="module")
def tools() -> Path:
    assert (TOOLS / "bandit").exists(), f"{TOOLS} has no bandit. Cure: make test, or make scan, installs it"
    return TOOLS


def test_our_code_has_no_new_high_finding(tools: Path) -> None:
    known = read_baseline(Path(__file__).with_name("baseline.json"))
    report = Report(list(code.scan(tools, ROOT)), known, ["bandit"])
    assert report.findings, "bandit always remarks something on this code; nothing means that it saw nothing"
    assert report.new_high == []
    assert report.gone == [], "the baseline excuses what is no longer there"


def test_a_hole_in_the_code_is_found(tools: Path, tmp_path: Path) -> None:
    (tmp_path / "weak.py").write_text(HOLE, encoding="utf-8")
    found = Report(list(code.scan(tools, tmp_path, ["weak.py"])), {}, ["bandit"]).new_high
    assert [(one.rule, one.message.partition(":")[0]) for one in found] == [("B602", "line 2")]


@pytest.mark.parametrize(
    "lock", ["etc/requirements.lock", "tests/security/scanners.txt", "tests/security/wapiti.txt"]
)
def test_a_lock_is_pinned_and_hashed(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert list(dependencies.faults_of_lock(text)) == []
    weaker = text.replace("--hash=sha256:", "--hash=md5:")
    assert {one.rule for one in dependencies.faults_of_lock(weaker)} == {"unhashed"}
