"""bandit over our code, without our own tests."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.security.findings import Finding

FOLDERS = ("core", "portal/xinglin_portal", "plugins", "admin_tool", "simulators")


def scan(tools: Path, root: Path, folders: Sequence[str] = FOLDERS) -> Iterator[Finding]:
    command = [str(tools / "bandit"), "-q", "-r", "-f", "json", "-x", "core/xinglin/testing", *folders]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"bandit failed: {done.stderr[-400:]}")
    for one in json.loads(done.stdout)["results"]:
        line = hashlib.sha256(_line_of(root / one["filename"], one["line_number"])).hexdigest()[:8]
        yield Finding(
            "bandit",
            one["test_id"],
            f"{one['filename'].removeprefix('./')} {line}",
            one["issue_severity"].lower(),
            f"line {one['line_number']}: {one['issue_text']}",
        )


def _line_of(path: Path, number: int) -> bytes:
    return path.read_bytes().splitlines()[number - 1].strip()
