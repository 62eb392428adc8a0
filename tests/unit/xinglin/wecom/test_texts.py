"""What is cut for a phone stays readable."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.wecom.bodies import text_notice
from xinglin.wecom.texts import clean, clusters, cut

FAMILY = "👨‍👩‍👧"
FLAG = "🇨🇳"


@pytest.mark.parametrize(
    ("text", "characters", "expected"),
    [
        ("门诊楼今晚检修", 7, "门诊楼今晚检修"),
        ("门诊楼今晚检修", 5, "门诊楼今…"),
        (f"ab{FAMILY}cd", 6, "ab…"),
        (f"a{FLAG}{FLAG}b", 5, f"a{FLAG}…"),
        ("cafe\u0301s au lait", 5, "caf…"),
        ("𠮷野家的通知", 3, "𠮷野…"),
        ("坏\ud83d字\x00符\x07", 10, "坏字符"),
    ],
)
def test_cut_never_breaks_a_character(text, characters, expected):
    assert cut(text, characters) == expected


@given(st.text(max_size=60), st.integers(min_value=1, max_value=30))
def test_cut_fits_and_begins_like_the_text(text, characters):
    shown = cut(text, characters)
    assert len(shown) <= characters
    shown.encode()
    body = shown.removesuffix("…") if len(clean(text)) > characters else shown
    assert clean(text).startswith(body)
    rest = clean(text)[len(body) :]
    assert not (body and rest and unicodedata.combining(rest[0]))


@given(st.text(max_size=60))
def test_clusters_lose_nothing(text):
    assert "".join(clusters(text)) == text


def test_a_long_title_is_repeated_in_full():
    title = "关于全院各科室开展二〇二六年度消防安全与应急疏散演练工作的通知"
    card = text_notice(1, ["a"], title=title, description="正文", url="https://x/1", source="院办")[
        "template_card"
    ]
    assert len(card["main_title"]["title"]) <= 26
    assert card["sub_title_text"] == f"{title}\n正文"
