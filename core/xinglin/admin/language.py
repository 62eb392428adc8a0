"""The language of an answer: what the caller asks for by `Accept-Language`, Chinese when he does not say."""

from __future__ import annotations

from pyramid.request import Request

TAGS = ("zh-CN", "zh", "en")


def language_of(request: Request) -> str:
    """`zh_CN` or `en`."""
    return "en" if request.accept_language.lookup(TAGS, default="zh-CN") == "en" else "zh_CN"


def say(request: Request, text: str) -> str:
    """`text` in the caller's language."""
    return str(request.registry.xinglin_words.translate(text, language_of(request)))
