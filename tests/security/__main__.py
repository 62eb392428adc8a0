"""Run all scanners, write the report and the bill of materials, fail on what is new and high."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.security import api, code, demo, dependencies, wapiti
from tests.security.blind import Sight
from tests.security.findings import Finding, Report, read_baseline, unique

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "var" / "scan"
CONTRACT = "schemas/openapi.yaml"


def main() -> int:
    arguments = _arguments()
    arguments.tools = arguments.tools.resolve()
    TARGET.mkdir(parents=True, exist_ok=True)
    findings: list[Finding] = []
    ran: list[str] = []

    def run(name: str, scan: Callable[[], Iterable[Finding]]) -> None:
        began = time.monotonic()
        found = unique(scan())
        findings.extend(found)
        ran.append(name)
        print(f"{name}: {len(found)} findings in {time.monotonic() - began:.0f} s")

    run(
        "lock",
        lambda: dependencies.faults_of_lock((ROOT / "etc/requirements.lock").read_text(encoding="utf-8")),
    )
    dependencies.write_sbom(arguments.tools, arguments.python, ROOT, TARGET / "sbom.json")
    known = dependencies.licences(TARGET / "sbom.json")
    (TARGET / "licences.txt").write_text(
        "".join(f"{package}\t{licence or '?'}\n" for package, licence in sorted(known.items())),
        encoding="utf-8",
    )
    run("licence", lambda: dependencies.faults_of_licences(known))
    run("bandit", lambda: code.scan(arguments.tools, ROOT))
    if not arguments.static:
        with tempfile.TemporaryDirectory(prefix="xinglin-scan-") as folder:
            rows, acts = _scan_demo(arguments, Path(folder), run)
        sight = Sight(list(findings), rows, acts)
        findings[:] = sight.real
        run("blind", sight.faults)
    report = Report(findings, read_baseline(Path(__file__).with_name("baseline.json")), ran)
    report.write(TARGET / "report.json")
    for one in report.new_high:
        print(f"NEW HIGH {one.key}: {one.message}")
    print(f"{len(findings)} findings, {len(report.new_high)} new and high: {TARGET / 'report.json'}")
    return 1 if report.new_high else 0


def _scan_demo(
    arguments: argparse.Namespace, folder: Path, run: Callable[[str, Callable[[], Iterable[Finding]]], None]
) -> tuple[int, int]:
    """How many rows the scanners' forms have written, and how many acts of the administrator were recorded."""
    planted = Path(__file__).with_name("planted.yaml")
    with demo.running(folder) as running:
        before = running.written()
        run("crawl", running.crawl)
        run("wapiti", lambda: wapiti.scan(arguments.wapiti, running.stack.portal, running.writer, TARGET))
        rows = running.written() - before
        run("schemathesis", lambda: api.scan_planted(arguments.tools, planted, running, TARGET))
        # Last: what it writes as the security administrator may close zones to the others
        before = running.administered()
        run("schemathesis", lambda: api.scan(arguments.tools, ROOT / CONTRACT, running, TARGET))
        acts = running.administered() - before
    print(f"{rows} rows were written by forms, {acts} acts of the administrator recorded")
    return rows, acts


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.security", description=__doc__)
    parser.add_argument(
        "--tools", type=Path, required=True, help="bin folder with bandit, schemathesis, cyclonedx-py"
    )
    parser.add_argument("--wapiti", type=Path, default=ROOT / "var/wapiti-venv/bin/wapiti")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="the environment to list")
    parser.add_argument("--static", action="store_true", help="without the running demo")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
