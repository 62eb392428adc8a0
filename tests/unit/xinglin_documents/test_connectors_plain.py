"""Words in and out of the OA's HTML."""

from __future__ import annotations

import pytest

from xinglin_documents.service.connectors.plain import markup, plain


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ('<p style="margin:0"><span>同意。</span></p><p>抓紧办</p>', "同意。\n抓紧办"),
        ("<script>alert(1)</script>同意<style>p{}</style>", "同意"),
        ('<img src=x onerror="alert(1)">请阅&nbsp;&lt;附件&gt;', "请阅 <附件>"),
        ("一<br/>二<BR>三", "一\n二\n三"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("<script>no end", ""),
        (None, ""),
    ],
)
def test_only_words_come_out(html, words):
    assert plain(html) == words


def test_an_opinion_survives_the_way_there_and_back():
    said = "同意 <请> & 抓紧\n𠮷"
    assert plain(markup(said)) == said


def test_what_xml_cannot_carry_is_left_out():
    assert markup("a\x00b\x0bc\ud800d") == "abcd"
