"""Readings of names for search and sorting: pypinyin with a surname table on top.

pypinyin has no surname mode (单 is read dan, 曾 ceng). The table gives a surname's own reading first; the
common reading stays findable, because a colleague may not know better either.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from pypinyin import Style, lazy_pinyin, pinyin

from xinglin.people.names import cut

Value = TypeVar("Value")

READINGS_MAX = 8
READINGS_OF_ONE_CHARACTER = 2
PINYIN_LENGTH = 255
INITIALS_LENGTH = 64
UMLAUT_SYLLABLE = re.compile("(?<=[ln])ü")
V_SYLLABLE = re.compile("(?<=^[ln])v")
JOINERS = "·•・‧.．-' ’"


def _table(text: str) -> dict[str, tuple[str, ...]]:
    """`surname:syllable-syllable` pairs, read once."""
    pairs = (pair.split(":") for pair in text.split())
    return {surname: tuple(syllables.split("-")) for surname, syllables in pairs}


COMPOUND_SURNAMES = _table("""
    尉迟:yu-chi 万俟:mo-qi 单于:chan-yu 澹台:tan-tai 皇甫:huang-fu 长孙:zhang-sun 宇文:yu-wen 令狐:ling-hu
    夏侯:xia-hou 诸葛:zhu-ge 司马:si-ma 欧阳:ou-yang 上官:shang-guan 东方:dong-fang 独孤:du-gu 南宫:nan-gong
    慕容:mu-rong 公孙:gong-sun 鲜于:xian-yu 呼延:hu-yan 乐正:yue-zheng 太叔:tai-shu 申屠:shen-tu 赫连:he-lian
    钟离:zhong-li 闻人:wen-ren 司徒:si-tu 司空:si-kong 百里:bai-li 端木:duan-mu 亓官:qi-guan 濮阳:pu-yang
    淳于:chun-yu 西门:xi-men 轩辕:xuan-yuan 拓跋:tuo-ba 宰父:zai-fu 谷梁:gu-liang 段干:duan-gan
""")
SURNAMES = _table("""
    单:shan 曾:zeng 仇:qiu 解:xie 区:ou 查:zha 盖:ge 覃:qin 朴:piao 乐:yue 员:yun 缪:miao 洗:xian 折:she 黑:he
    秘:bi 召:shao 繁:po 种:chong 重:chong 翟:zhai 藏:zang 都:du 会:gui 隗:wei 句:gou 阚:kan 能:nai 祭:zhai 么:yao
    佴:nai 卜:bu 不:fou 角:jue 牟:mu
""")


@dataclass(frozen=True)
class Readings:
    """What is stored beside a name: all readings without inner spaces, and their first letters."""

    pinyin: str
    initials: str


def readings_of(name: str) -> Readings:
    """Readings of `name`, the usual one first; characters without a known reading are skipped, never an error."""
    spelled = _spellings(name)
    whole = _unique(form for spelling in spelled for form in _forms(spelling))
    first = _unique("".join(syllable[0] for syllable in spelling) for spelling in spelled)
    return Readings(_joined(whole, PINYIN_LENGTH), _joined(first, INITIALS_LENGTH))


def query_key(text: str) -> str:
    """What a person typed, made comparable with `Readings`: full-width folded, lü as lv, no accents, spaces or joiners."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = _without_accents(UMLAUT_SYLLABLE.sub("v", folded))
    return "".join(char for char in folded if char not in JOINERS)


def _spellings(name: str) -> list[tuple[str, ...]]:
    surname, own = _surname(name)
    given = name[len(surname) :]
    best = tuple(lazy_pinyin(given, errors=_plain)) if given else ()
    choices = itertools.islice(itertools.product(*_heteronyms(given)), READINGS_MAX)
    common = tuple(lazy_pinyin(surname, errors=_plain)) if surname else ()
    spellings = [(*own, *best), (*common, *best), *((*own, *rest) for rest in choices)]
    cleaned = (tuple(filter(None, map(_letters, spelling))) for spelling in spellings)
    return _unique(spelling for spelling in cleaned if spelling)[:READINGS_MAX]


def _surname(name: str) -> tuple[str, tuple[str, ...]]:
    """The surname and its reading as a surname; none for a name in Latin letters."""
    if name[:2] in COMPOUND_SURNAMES and len(name) > 2:
        return name[:2], COMPOUND_SURNAMES[name[:2]]
    if name and unicodedata.category(name[0]) == "Lo":
        return name[0], SURNAMES.get(name[0]) or tuple(lazy_pinyin(name[0], errors=_plain))
    return "", ()


def _heteronyms(text: str) -> list[list[str]]:
    found = pinyin(text, style=Style.NORMAL, heteronym=True, errors=_plain) if text else []
    return [choices[:READINGS_OF_ONE_CHARACTER] for choices in found]


def _plain(chunk: str) -> Any:
    """Text that is not Chinese: a word is one syllable."""
    return chunk.split() or [""]


def _letters(syllable: str) -> str:
    """Lower-case Latin letters and digits only, without accents."""
    plain = _without_accents(syllable.casefold())
    return "".join(char for char in plain if char.isascii() and char.isalnum())


def _without_accents(text: str) -> str:
    kept = (char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", "".join(kept))


def _forms(spelling: tuple[str, ...]) -> list[str]:
    """The reading with ü as v, as u, and as passports write it (lyu)."""
    word = "".join(spelling)
    return [word, *("".join(V_SYLLABLE.sub(letter, part) for part in spelling) for letter in ("u", "yu"))]


def _unique(values: Iterable[Value]) -> list[Value]:
    return list(dict.fromkeys(values))


def _joined(words: list[str], limit: int) -> str:
    """As many whole words as fit; the first is cut when it alone is too long."""
    text = cut(words[0], limit) if words else ""
    for word in words[1:]:
        if len(text) + 1 + len(word) <= limit:
            text = f"{text} {word}"
    return text
