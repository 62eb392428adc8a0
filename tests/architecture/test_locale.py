"""Every sentence that people read is there in Chinese and in English, with the same gaps to fill."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.house import OURS, ROOT, package_of
from xinglin.testing.rules.sentences import LOCALES, catalogue, contradictions, missing, sentences_of, torn

CORE = ROOT / "core" / "xinglin"
AREAS = ("core", *OURS)


def folder_of(area: str) -> Path:
    return CORE if area == "core" else package_of(area)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("area", AREAS)
def test_every_sentence_is_there(area: str, locale: str) -> None:
    found = sentences_of(folder_of(area))
    assert found, "nothing was extracted"
    known = {**catalogue(CORE, locale), **catalogue(folder_of(area), locale)}
    assert list(missing(found, known)) == []


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("area", AREAS)
def test_every_gap_is_kept(area: str, locale: str) -> None:
    folder = folder_of(area)
    assert list(torn(catalogue(folder, locale), sentences_of(folder))) == []


@pytest.mark.parametrize("area", AREAS)
def test_chinese_is_chinese(area: str) -> None:
    known = catalogue(folder_of(area), "zh_CN")
    latin = {words for words in known.values() if words and not re.search(r"[\u3000-\u9fff]", words)}
    assert {words for words in latin if len(words.split()) > 3} == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_one_sentence_has_one_translation(locale: str) -> None:
    assert list(contradictions(catalogue(folder_of(area), locale) for area in AREAS)) == []


def test_two_translations_are_found() -> None:
    found = contradictions([{"Post": "帖子", "Send": "发送"}, {"Post": "岗位", "Send": "发送", "Other": ""}])
    assert list(found) == ["'Post' is '帖子' and '岗位'"]


def test_what_is_missing_or_torn_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.jinja2").write_text('<p title="{{ _("Hello") }}">{{ _("Bye ${name}", name=x) }}</p>')
    (tmp_path / "code.py").write_text('title = _("Two " "parts")\nother = "Not marked"\n')
    folder = tmp_path / "locale" / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "x.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Bye ${name}"\nmsgstr "再见"\n\nmsgid "Two parts"\nmsgstr ""\n',
        encoding="utf-8",
    )
    found, known = sentences_of(tmp_path), catalogue(tmp_path, "zh_CN")
    assert list(missing(found, known)) == [
        "code.py:1 'Two parts' has no words",
        "page.jinja2:1 'Hello' has no words",
    ]
    assert list(torn(known, found)) == ["'Bye ${name}' has other gaps than '再见'"]
