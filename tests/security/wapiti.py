"""wapiti on the pages: it finds links and forms by itself, and attacks each field, logged in and with a form's token."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.security.crawl import AGENT, Visitor
from tests.security.findings import Finding, Severity

MODULES = "sql,xss,permanentxss,redirect,file,exec,crlf,upload,csp,cookieflags,http_headers"
CRAWL_SECONDS = 50
ATTACK_SECONDS = 25
"""Of each module."""
MOST_SECONDS = CRAWL_SECONDS + ATTACK_SECONDS * (MODULES.count(",") + 1) + 60
NOWHERE = "http://127.0.0.1:9"
"""Nothing answers there: wapiti would ask its makers' machine."""
LEAVES = ("/login/logout", "/login/logout-everywhere", "/me/devices", "/me/devices/end")
SEVERITIES: dict[int, Severity] = {0: "low", 1: "low", 2: "medium", 3: "high", 4: "high"}
HIGH = frozenset(
    {
        "Internal Server Error",
        "SQL Injection",
        "Blind SQL Injection",
        "HTML Injection",
        "Stored HTML Injection",
        "Reflected Cross Site Scripting",
        "Stored Cross Site Scripting",
        "Command execution",
        "Path Traversal",
        "CRLF Injection",
        "Open Redirect",
        "Unrestricted File Upload",
    }
)
"""High whatever wapiti calls it: a scanner takes a security policy as an excuse, and a redirect for harmless."""


def scan(wapiti: Path, url: str, visitor: Visitor, folder: Path) -> Iterator[Finding]:
    """The pages that `visitor` can reach by links and forms."""
    report = folder / "wapiti.json"
    report.unlink(missing_ok=True)
    done = subprocess.run(
        _command(wapiti, url, visitor, folder, report),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    (folder / "wapiti.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode or not report.exists():
        raise RuntimeError(f"wapiti failed: {(done.stdout + done.stderr)[-600:]}")
    yield from findings_of(json.loads(report.read_text(encoding="utf-8")))


def _command(wapiti: Path, url: str, visitor: Visitor, folder: Path, report: Path) -> list[str]:
    cookies = ";".join(f"{name}={value}" for name, value in visitor.cookies.items())
    command = [str(wapiti), "-u", f"{url}/", "-m", MODULES, "-d", "5", "--tasks", "4", "--no-bugreport"]
    command += ["-C", cookies, "-H", f"X-CSRF-Token: {visitor.token}", "-A", AGENT]
    command += ["--max-scan-time", str(CRAWL_SECONDS), "--max-attack-time", str(ATTACK_SECONDS)]
    command += [
        "--skip",
        "csrf_token",
        "--skip",
        "request_key",
        "--endpoint",
        NOWHERE,
        "--dns-endpoint",
        "localhost",
        "-S",
        "normal",
    ]
    command += ["--store-session", str(folder / "wapiti"), "--store-config", str(folder / "wapiti")]
    for path in LEAVES:
        command += ["-x", url + path]
    return [*command, "--flush-session", "-v", "1", "-f", "json", "-o", str(report)]


def findings_of(report: dict[str, Any]) -> Iterator[Finding]:
    """What its report in JSON says; with our own severities."""
    for group in ("vulnerabilities", "anomalies"):
        for rule, entries in report.get(group, {}).items():
            for entry in entries:
                severity = "high" if rule in HIGH else SEVERITIES[min(int(entry["level"]), 4)]
                place = f"{entry['method']} {_place(str(entry['path']))} {entry['parameter'] or ''}".strip()
                message = " ".join(str(entry["info"]).split())[:300]
                yield Finding("wapiti", rule.replace(" ", "-"), place, severity, message)


def _place(path: str) -> str:
    """Without host and query, random ids as a star, so that it is the same at the next scan."""
    return re.sub(r"/[A-Za-z0-9_-]{16,}(?=/|$)", "/*", re.sub(r"^https?://[^/]+", "", path).partition("?")[0])
