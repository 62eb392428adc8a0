"""Every sentence that people read is there in Chinese and in English, with the same gaps to fill."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.pofile import read_po

LOCALES = ("zh_CN", "en")
GAP = re.compile(r"\$\{\w+\}")
METHODS = {".py": "python", ".jinja2": "jinja2.ext:babel_extract"}


def sentences(paths: Iterable[Path]) -> dict[str, str]:
    """Every msgid in `_(…)` of Python files and templates, and where it stands."""
    found: dict[str, str] = {}
    for path in paths:
        source = BytesIO(path.read_bytes())
        for line, message, _comments, _context in extract(METHODS[path.suffix], source, keywords={"_": None}):
            if isinstance(message, str) and message:
                found[message] = f"{path.name}:{line}"
    return found


def sentences_of(package: Path) -> dict[str, str]:
    return sentences(sorted([*package.rglob("*.py"), *package.rglob("*.jinja2")]))


def catalogue(package: Path, locale: str) -> dict[str, str]:
    """Msgid → msgstr of all catalogues of a package in one locale."""
    known: dict[str, str] = {}
    for path in sorted((package / "locale" / locale / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as stream:
            entries = read_po(stream, locale=locale)
        known.update({str(entry.id): str(entry.string) for entry in entries if entry.id})
    return known


def contradictions(catalogues: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Sentences with other words in another catalogue: all catalogues of a portal are one table, the last one wins."""
    known: dict[str, str] = {}
    for found in catalogues:
        for message, words in found.items():
            if words and known.setdefault(message, words) != words:
                yield f"{message!r} is {known[message]!r} and {words!r}"


def missing(found: Mapping[str, str], known: Mapping[str, str]) -> Iterator[str]:
    for message, place in found.items():
        if not known.get(message):
            yield f"{place} {message!r} has no words"


def torn(known: Mapping[str, str], own: Container[str]) -> Iterator[str]:
    """Gaps that nobody fills and, in sentences of one's own, gaps that were forgotten."""
    for message, words in known.items():
        given, used = set(GAP.findall(message)), set(GAP.findall(words))
        if words and (used - given or (message in own and given != used)):
            yield f"{message!r} has other gaps than {words!r}"
