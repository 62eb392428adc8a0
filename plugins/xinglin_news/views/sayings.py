"""Sentences above a page: what was done, or why not."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from xinglin.api.services import DomainError


def says(request: Request, sentence: str, *, is_error: bool = False) -> dict[str, Any]:
    """One of the layout's `notices`."""
    return {"text": request.translate(sentence), "is_error": is_error}


def says_refusal(request: Request, refused: DomainError, about: str = "", **gaps: str) -> dict[str, Any]:
    """What went wrong and what to do, after `about` (such as the name of a file)."""
    message = request.translate(refused.message, **gaps)
    is_chinese = request.locale_name == "zh_CN"  # 。 and ： bring their own space
    named = f"{about}{'：' if is_chinese else ': '}" if about else ""
    return {
        "text": f"{named}{message}{'' if is_chinese else ' '}{request.translate(refused.cure)}",
        "is_error": True,
    }
