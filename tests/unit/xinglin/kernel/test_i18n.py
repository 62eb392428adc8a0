"""Sentences in the reader's language, with their gaps filled; what has no words is said in English."""

from __future__ import annotations

from pathlib import Path

import pytest

from xinglin.api.i18n import translator
from xinglin.kernel.i18n import Words

_ = translator("alpha")


@pytest.fixture
def words(tmp_path: Path) -> Words:
    """Two modules; only the first knows English words of its own."""
    catalogues = {
        ("one", "zh_CN", "alpha"): {"Hello ${name}": "${name}，您好", "Bye": "再见"},
        ("one", "en", "alpha"): {"Hello ${name}": "Dear ${name}"},
        ("two", "zh_CN", "beta"): {"Menu": "菜单", "Empty": ""},
    }
    for (package, locale, name), entries in catalogues.items():
        folder = tmp_path / package / locale / "LC_MESSAGES"
        folder.mkdir(parents=True)
        body = "".join(f'msgid "{key}"\nmsgstr "{value}"\n\n' for key, value in entries.items())
        head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        (folder / f"{name}.po").write_text(head + body, encoding="utf-8")
    return Words([tmp_path / "one", tmp_path / "two", tmp_path / "none"])


@pytest.mark.parametrize(
    ("text", "locale", "expected"),
    [
        (_("Bye"), "zh_CN", "再见"),
        (_("Bye"), "en", "Bye"),
        ("Menu", "zh_CN", "菜单"),
        ("Empty", "zh_CN", "Empty"),
        ("Never seen", "zh_CN", "Never seen"),
        (_("Hello ${name}", mapping={"name": "李护士"}), "zh_CN", "李护士，您好"),
        (_("Hello ${name}", mapping={"name": "李护士"}), "en", "Dear 李护士"),
        (_("Never ${times}", mapping={"times": 2}), "zh_CN", "Never 2"),
        (_("some.key", default="In English"), "zh_CN", "In English"),
        (_("Bye"), "fr", "Bye"),
    ],
)
def test_a_sentence_in_a_language(words: Words, text: str, locale: str, expected: str) -> None:
    assert words.translate(text, locale) == expected


def test_a_template_fills_the_gaps_of_a_plain_text(words: Words) -> None:
    assert words.translate("Hello ${name}", "zh_CN", {"name": "王医生"}) == "王医生，您好"


def test_what_fills_a_gap_is_not_filled_again(words: Words) -> None:
    assert words.translate("Hello ${name}", "zh_CN", {"name": "${name}"}) == "${name}，您好"
