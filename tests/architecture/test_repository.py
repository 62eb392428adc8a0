"""What may not stand in the repository: addresses of the machine it was made on, of registries, and unfinished work."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.architecture.house import ROOT, files, shown

DOT = "."
HOSTS = [
    DOT.join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("npmmirror", "com"),
        ("tuna", "tsinghua"),
        ("mirrors", "aliyun"),
        ("deb", "debian", "org"),
        ("docker", "io"),
    )
]
FORBIDDEN = re.compile("|".join(["(?<![a-z.])/wo" + "rk/", *map(re.escape, HOSTS)]))
UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", r"\bX" + r"XX\b", "for no" + "w,")))
TEXT = {
    ".py",
    ".md",
    ".ini",
    ".toml",
    ".yaml",
    ".yml",
    ".json",
    ".js",
    ".mjs",
    ".ts",
    ".css",
    ".jinja2",
    ".sql",
    ".po",
    ".sh",
    ".txt",
    ".lock",
    "",
}


def faults_of(paths: Iterable[Path], pattern: re.Pattern[str]) -> Iterator[str]:
    for path in paths:
        if path.suffix in TEXT:
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                found = pattern.search(line)
                if found:
                    yield f"{shown(path)}:{number} has {found[0]!r}"


def test_nothing_names_the_machine_or_a_registry() -> None:
    assert list(faults_of(files(), FORBIDDEN)) == []


def test_nothing_is_left_for_later() -> None:
    code = [path for path in files() if path.suffix in (".py", ".jinja2", ".mjs", ".js", ".css")]
    assert list(faults_of(code, UNFINISHED)) == []


def test_what_is_forbidden_is_found(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text(
        f"see /wo{'rk'}/shared\nhttps://{HOSTS[0]}/simple\nhttps://homework/work/\n", encoding="utf-8"
    )
    assert list(faults_of([path], FORBIDDEN)) == [
        f"notes.md:1 has '/wo{'rk'}/'",
        f"notes.md:2 has '{HOSTS[0]}'",
    ]
    path.write_text(f"# TO{'DO'} later\n", encoding="utf-8")
    assert len(list(faults_of([path], UNFINISHED))) == 1


def test_the_top_level_is_the_fixed_one() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in files() if path.parent != ROOT}
    known = {
        "core",
        "portal",
        "plugins",
        "admin_tool",
        "schemas",
        "etc",
        "tests",
        "docs",
        "benchmarks",
        "simulators",
        ".ci",
    }
    assert folders <= known
