"""What we depend on: pinned with hashes, under licences that allow what we do, listed for the hospital."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.security.findings import Finding

ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?(?P<rest>[^\n]*)")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
NOT_FOR_US = re.compile(r"\b(AGPL|SSPL|BUSL|BSL-1\.1|Commons Clause)", re.IGNORECASE)


def faults_of_lock(text: str) -> Iterator[Finding]:
    """Entries of a lock file that another file could be put in place of."""
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text.replace("\\\n", " ").strip()):
        found = ENTRY.match(entry)
        if entry.startswith("#"):
            continue
        if found is None:
            raise ValueError(f"not an entry of a lock: {entry[:80]!r}")
        if not re.match(r"\s*==\s*[^\s;*]+(\s|;|$)", found["rest"]):
            yield Finding("lock", "unpinned", found["name"], "high", f"{found['name']} has no exact version")
        if not HASH.search(entry):
            yield Finding("lock", "unhashed", found["name"], "high", f"{found['name']} has no sha256")


def write_sbom(tools: Path, python: Path, root: Path, target: Path) -> None:
    """A CycloneDX document of the installed environment, licences included."""
    command = [
        str(tools / "cyclonedx-py"),
        "environment",
        str(python),
        "--pyproject",
        str(root / "pyproject.toml"),
    ]
    command += ["--sv", "1.6", "--of", "JSON", "--output-reproducible", "-o", str(target)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)


def licences(sbom: Path) -> dict[str, str]:
    """Name and version → licences, as the packages declare them."""
    components = json.loads(sbom.read_text(encoding="utf-8")).get("components", [])
    return {f"{one['name']} {one.get('version', '')}": _licence_of(one) for one in components}


def faults_of_licences(known: dict[str, str]) -> Iterator[Finding]:
    for package, licence in known.items():
        if NOT_FOR_US.search(licence):
            name = package.partition(" ")[0]
            yield Finding("licence", "forbidden", name, "high", f"{package}: {licence}")
        elif not licence:
            name = package.partition(" ")[0]
            yield Finding("licence", "unknown", name, "low", f"{package} declares no licence")


def _licence_of(component: dict[str, object]) -> str:
    found: list[str] = []
    for entry in component.get("licenses", []):  # type: ignore[attr-defined]
        inner = entry.get("license", {})
        found.append(entry.get("expression") or inner.get("id") or inner.get("name") or "")
    return ", ".join(sorted({" ".join(text.split())[:80] for text in found if text}))
