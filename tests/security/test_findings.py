"""What is new and high fails the scan; what is known has a reason; what is gone is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.security.api import failures_of
from tests.security.blind import Sight
from tests.security.crawl import Answer, Visitor, faults_of, trespasses_of
from tests.security.doors import Door
from tests.security.findings import Finding, Report, read_baseline
from tests.security.planted import HOLES, PATH
from tests.security.wapiti import findings_of

NEW = Finding("bandit", "B608", "core/a.py 1234", "high", "SQL")
OLD = Finding("bandit", "B602", "core/b.py 5678", "high", "shell")
SMALL = Finding("bandit", "B101", "core/c.py 9abc", "low", "assert")


def test_only_what_is_new_and_high_fails(tmp_path: Path) -> None:
    known = {OLD.key: "runs a constant", "bandit B999 core/d.py 0": "old", "schemathesis x GET /a": "not run"}
    report = Report([NEW, OLD, SMALL], known, ["bandit"])
    assert report.new_high == [NEW]
    assert report.gone == ["bandit B999 core/d.py 0"]

    report.write(tmp_path / "report.json")
    rows = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["findings"]
    assert {row["key"]: (row["status"], row.get("reason")) for row in rows} == {
        NEW.key: ("new", None),
        OLD.key: ("known", "runs a constant"),
        SMALL.key: ("new", None),
    }


def test_a_known_finding_needs_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps({OLD.key: " "}), encoding="utf-8")
    with pytest.raises(ValueError, match="has no reason"):
        read_baseline(path)


def test_failures_of_schemathesis_are_read_from_its_report() -> None:
    text = """
________________________ GET /api/admin/v1/people ________________________
1. Test Case ID: x

- Server error

- Undocumented HTTP status code
_________________________ PUT /api/admin/v1/zones _________________________
- Response violates schema
"""
    assert [(one.severity, one.place) for one in failures_of(text)] == [
        ("high", "GET /api/admin/v1/people"),
        ("medium", "GET /api/admin/v1/people"),
        ("medium", "PUT /api/admin/v1/zones"),
    ]


def test_a_scan_that_misses_a_planted_hole_was_blind() -> None:
    holes = [Finding(tool, rule, f"GET {PATH}", "high", "x") for tool, rule in sorted(HOLES)]
    assert list(Sight(holes, 1, 1).faults()) == []
    assert Sight([NEW, *holes], 1, 1).real == [NEW]
    blind = Sight(holes[1:], 0, 0)
    assert [(one.severity, one.tool, one.place) for one in blind.faults()] == [
        ("high", "blind", holes[0].rule),
        ("high", "blind", "forms"),
        ("high", "blind", "token"),
    ]


def test_wapiti_is_believed_about_what_and_not_about_how_bad() -> None:
    entry = {
        "method": "GET",
        "path": "http://h:1/news/aaaaaaaaaaaaaaaa/edit?a=1",
        "info": "x",
        "parameter": "to",
    }
    report = {
        "vulnerabilities": {"Open Redirect": [{**entry, "level": 1}], "CSP": [{**entry, "level": 2}]},
        "anomalies": {"Internal Server Error": [{**entry, "level": 1, "parameter": None}]},
    }
    assert [(one.severity, one.key) for one in findings_of(report)] == [
        ("high", "wapiti Open-Redirect GET /news/*/edit to"),
        ("medium", "wapiti CSP GET /news/*/edit to"),
        ("high", "wapiti Internal-Server-Error GET /news/*/edit"),
    ]


def answer(status: int = 200, text: str = "", to: str = "", **headers: str) -> Answer:
    policy = "default-src 'self'; script-src 'self' 'nonce-0123456789abcdef'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    good = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cache-control": "no-store",
        **({"location": to} if to else {}),
    }
    return Answer(status, good | {name.replace("_", "-"): value for name, value in headers.items()}, (), text)


@pytest.mark.parametrize(
    ("faulty", "rule"),
    [
        (answer(503), "server-error"),
        (answer(content_security_policy="script-src 'self' 'unsafe-inline';"), "policy"),
        (answer(x_content_type_options=""), "header"),
        (answer(text="<script nonce='x'>go()</script>"), "inline-script"),
        (answer(text='<a onclick="go()">'), "inline-script"),
        (Answer(200, answer().headers, ("a=b; Path=/",), ""), "cookie"),
    ],
)
def test_the_crawl_sees_what_no_answer_may_show(faulty: Answer, rule: str) -> None:
    assert list(faults_of(answer(), "x")) == []
    assert [one.rule for one in faults_of(faulty, "x")] == [rule]


def test_the_crawl_sees_who_got_in_and_what_was_taken_without_a_token() -> None:
    door = Door("core.x", "/x", "POST", "core:administrator", is_guarded=True)
    nurse = Visitor("nurse", {"a": "b"}, frozenset({"core:person"}), "token")
    refused, done = answer(403), answer(303, to="/x")
    assert list(trespasses_of(door, nurse, refused, has_token=False)) == []
    assert {one.rule for one in trespasses_of(door, nurse, done, has_token=False)} == {
        "open-door",
        "no-token",
    }
    assert {one.rule for one in trespasses_of(door, nurse, done, has_token=True)} == {"open-door"}
    stranger, login = Visitor("stranger"), answer(302, to="/login")
    assert list(trespasses_of(door, stranger, login, has_token=False)) == []
