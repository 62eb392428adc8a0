"""The lock names one exact file for each dependency, and the rule that says so can fail."""

from __future__ import annotations

import pytest

from tests.architecture.house import ROOT
from tests.security.dependencies import faults_of_licences, faults_of_lock

HASH = "--hash=sha256:" + "0" * 64


def test_every_dependency_is_pinned_with_hashes() -> None:
    text = (ROOT / "etc" / "requirements.lock").read_text(encoding="utf-8")
    assert text.count("==") > 100
    assert [fault.message for fault in faults_of_lock(text)] == []


@pytest.mark.parametrize(
    ("entry", "rules"),
    [
        (f"pyramid==2.1 \\\n    {HASH}\n    # via xinglin", []),
        (f"pyramid==2.1 ; python_version < '4' \\\n    {HASH}", []),
        ("pyramid==2.1", ["unhashed"]),
        (f"pyramid>=2.1 \\\n    {HASH}", ["unpinned"]),
        ("pyramid==2.*", ["unpinned", "unhashed"]),
    ],
)
def test_what_another_file_could_replace_is_found(entry: str, rules: list[str]) -> None:
    assert [fault.rule for fault in faults_of_lock(f"webob==1.8 {HASH}\n{entry}\n")] == rules


def test_a_licence_that_is_not_for_us_is_found() -> None:
    found = list(faults_of_licences({"a 1": "MIT", "b 2": "AGPL-3.0-only", "c 3": ""}))
    assert [(one.place, one.severity) for one in found] == [("b", "high"), ("c", "low")]
