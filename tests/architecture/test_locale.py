"""Every sentence that people read is there in Chinese and in English, with the same gaps to fill."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from tests.architecture.house import OURS, ROOT, package_of

CORE = ROOT / "core" / "xinglin"
GAP = re.compile(r"\$\{\w+\}")
LOCALES = ("zh_CN", "en")
METHODS = {".py": "python", ".jinja2": "jinja2.ext:babel_extract"}


def sentences(paths: Iterable[Path]) -> dict[str, str]:
    """Every msgid in `_(…)` and where it stands."""
    found: dict[str, str] = {}
    for path in paths:
        source = BytesIO(path.read_bytes())
        for line, message, _comments, _context in extract(METHODS[path.suffix], source, keywords={"_": None}):
            if isinstance(message, str) and message:
                found[message] = f"{path.name}:{line}"
    return found


def catalogue(folder: Path, locale: str) -> dict[str, str]:
    known: dict[str, str] = {}
    for path in sorted((folder / locale / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as stream:
            entries = read_po(stream, locale=locale)
        known.update({str(entry.id): str(entry.string) for entry in entries if entry.id})
    return known


def missing(found: dict[str, str], known: dict[str, str]) -> Iterator[str]:
    for message, place in found.items():
        if not known.get(message):
            yield f"{place} {message!r}"


def torn(known: dict[str, str], own: Container[str]) -> Iterator[str]:
    """Gaps that nobody fills, and, in sentences of our own, gaps that were forgotten."""
    for message, words in known.items():
        given, used = set(GAP.findall(message)), set(GAP.findall(words))
        if words and (used - given or (message in own and given != used)):
            yield f"{message!r} has other gaps than {words!r}"


def files_of(folder: Path) -> list[Path]:
    return sorted([*folder.rglob("*.py"), *folder.rglob("*.jinja2")])


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("area", ["core", *OURS])
def test_every_sentence_is_there(area: str, locale: str) -> None:
    folder = CORE if area == "core" else package_of(area)
    found, known = sentences(files_of(folder)), catalogue(folder / "locale", locale)
    assert found, "nothing was extracted"
    assert list(missing(found, {**catalogue(CORE / "locale", locale), **known})) == []


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("area", ["core", *OURS])
def test_every_gap_is_kept(area: str, locale: str) -> None:
    folder = CORE if area == "core" else package_of(area)
    assert list(torn(catalogue(folder / "locale", locale), sentences(files_of(folder)))) == []


@pytest.mark.parametrize("area", ["core", *OURS])
def test_chinese_is_chinese(area: str) -> None:
    folder = CORE if area == "core" else package_of(area)
    known = catalogue(folder / "locale", "zh_CN")
    latin = {words for words in known.values() if words and not re.search(r"[\u3000-\u9fff]", words)}
    assert {words for words in latin if len(words.split()) > 3} == set()


def test_what_is_missing_or_torn_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.jinja2").write_text('<p title="{{ _("Hello") }}">{{ _("Bye ${name}", name=x) }}</p>')
    (tmp_path / "code.py").write_text('title = _("Two " "parts")\nother = "Not marked"\n')
    folder = tmp_path / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "x.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Bye ${name}"\nmsgstr "再见"\n\nmsgid "Two parts"\nmsgstr ""\n',
        encoding="utf-8",
    )
    found, known = sentences(files_of(tmp_path)), catalogue(tmp_path, "zh_CN")
    assert list(missing(found, known)) == ["code.py:1 'Two parts'", "page.jinja2:1 'Hello'"]
    assert list(torn(known, found)) == ["'Bye ${name}' has other gaps than '再见'"]
