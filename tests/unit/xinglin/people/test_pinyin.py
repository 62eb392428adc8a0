"""Readings of names: surnames, ü, rare characters, names that are not Chinese."""

from __future__ import annotations

import pytest

from xinglin.people.names import BadText, clean, cut
from xinglin.people.pinyin import query_key, readings_of

SURNAMES = (
    *(
        ("单雄信", "shan"),
        ("曾国藩", "zeng"),
        ("仇和", "qiu"),
        ("解缙", "xie"),
        ("区志", "ou"),
        ("查良镛", "zha"),
    ),
    *(
        ("盖聂", "ge"),
        ("覃辉", "qin"),
        ("朴树", "piao"),
        ("乐毅", "yue"),
        ("尉迟恭", "yuchi"),
        ("万俟卨", "moqi"),
    ),
    *(("单于飞", "chanyu"), ("缪贤", "miao"), ("翟让", "zhai"), ("王伟", "wang"), ("欧阳修", "ouyang")),
)


@pytest.mark.parametrize(("name", "surname"), SURNAMES)
def test_surname_is_read_as_a_surname_first(name: str, surname: str) -> None:
    assert readings_of(name).pinyin.startswith(surname)


def test_the_common_reading_is_found_too() -> None:
    readings = readings_of("单雄信")
    assert readings.pinyin.split()[:2] == ["shanxiongxin", "danxiongxin"]
    assert readings.initials.split()[:2] == ["sxx", "dxx"]


def test_given_names_with_two_readings_have_both() -> None:
    assert set(readings_of("张乐").pinyin.split()) == {"zhangle", "zhangyue"}


def test_umlaut_is_found_as_v_as_u_and_as_in_a_passport() -> None:
    assert set(readings_of("吕布").pinyin.split()) == {"lvbu", "lubu", "lyubu"}
    assert query_key("Lü bù") == "lvbu"


@pytest.mark.parametrize("name", ["𠮷", "𠮷田", "䶮㛃", "\ue000", "", "·", "😀", "ب"])
def test_rare_characters_are_never_an_error(name: str) -> None:
    readings = readings_of(name)
    assert readings.pinyin == readings.pinyin.lower().strip()


def test_names_of_other_peoples() -> None:
    assert readings_of("阿依古丽·买买提").pinyin.startswith("ayigulimaimaiti")
    assert readings_of("Jürgen Müller").pinyin == "jurgenmuller"
    assert readings_of("Jürgen Müller").initials == "jm"
    assert query_key("Müller") == "muller"


def test_what_is_stored_fits_its_column() -> None:
    readings = readings_of("率乐" * 32)
    assert 0 < len(readings.pinyin) <= 255
    assert 0 < len(readings.initials) <= 64


def test_query_is_folded() -> None:
    assert query_key(" ＷＡＮＧ　wei ") == "wangwei"
    assert query_key("阿依•古丽") == "阿依古丽"


def test_clean_normalises_and_refuses_what_nobody_sees() -> None:
    assert clean("  Zoe\u0308   李 ") == "Zoë 李"
    for hidden in ("王\u200b伟", "王\u202e伟", "王\x07伟", "王\n伟"):
        with pytest.raises(BadText):
            clean(hidden)


def test_cut_stays_between_characters() -> None:
    assert cut("ab", 2) == "ab"
    assert cut("abc", 2) == "ab"
    assert cut("葛\U000e0100x", 1) == ""
    assert cut("x葛\U000e0100", 2) == "x"
    assert cut("qe\u0323\u0302", 3) == "q"
