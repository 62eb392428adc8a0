"""schemathesis on the admin API: requests made from the contract, good and bad ones."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.security.demo import Demo
from tests.security.findings import Finding

SECONDS, PLANTED_SECONDS = 30, 8
MORE_SECONDS = 80
"""To start, and to end what was begun."""


def scan(
    tools: Path, contract: Path, demo: Demo, folder: Path, *, seconds: int = SECONDS
) -> Iterator[Finding]:
    """Every operation but the logout, as each administrator; a 5xx is high, a break of the contract medium."""
    found: dict[Finding, None] = {}
    for token in demo.tokens.values():
        bearer = ["-H", f"Authorization: Bearer {token}", "--exclude-operation-id", "logout"]
        found |= dict.fromkeys(failures_of(_run(tools, contract, demo, folder, seconds, *bearer)))
    yield from found


def scan_planted(tools: Path, contract: Path, demo: Demo, folder: Path) -> Iterator[Finding]:
    """The one operation of the module full of holes, as the nurse."""
    cookies = "; ".join(f"{name}={value}" for name, value in demo.nurse.cookies.items())
    yield from failures_of(_run(tools, contract, demo, folder, PLANTED_SECONDS, "-H", f"Cookie: {cookies}"))


def _run(tools: Path, contract: Path, demo: Demo, folder: Path, seconds: int, *more: str) -> str:
    command = [str(tools / "schemathesis"), "--no-color", "run", str(contract), "--url", demo.stack.portal]
    command += ["--seed", "1", "--phases", "examples,coverage,fuzzing", "-n", "30", "--continue-on-failure"]
    command += ["--generation-database", "none", "--max-time", str(seconds), "--warnings", "off", *more]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=SECONDS + MORE_SECONDS, check=False
    )
    (folder / f"schemathesis-{contract.stem}.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode not in (0, 1):
        raise RuntimeError(f"schemathesis failed: {(done.stdout + done.stderr)[-600:]}")
    return done.stdout


def failures_of(text: str) -> Iterator[Finding]:
    """The failures of schemathesis's own report: an operation's heading, below it `- <what>` lines."""
    operation = ""
    for line in text.splitlines():
        if found := re.fullmatch(r"_+ ((?:GET|POST|PUT|DELETE|PATCH) \S+) _+", line.strip()):
            operation = found[1]
        elif operation and (found := re.fullmatch(r"- (?:ST\d+ )?([A-Z][^:]{3,80})", line.strip())):
            severity = "high" if "server error" in found[1].lower() else "medium"
            yield Finding("schemathesis", found[1].replace(" ", "-"), operation, severity, found[1])
