"""Reading what the pages of deputies, calendar and board send, through a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import colander
from pyramid.request import Request

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError

_ = translator("documents")


def read(schema: colander.Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """The clean values of `schema`; empty texts count as absent. Raises `DomainError` with status 400."""
    present = {name: value for name, value in values.items() if value not in ("", [])}
    try:
        found: dict[str, Any] = schema.deserialize(present)
    except colander.Invalid as error:
        raise DomainError(
            _("This address or form cannot be read."),
            _("Go back, reload the page and try again."),
            status=400,
        ) from error
    return found


def says(request: Request, sentence: str) -> dict[str, Any]:
    """One of the layout's `notices`."""
    return {"text": request.translate(sentence), "is_error": False}


def says_refusal(request: Request, refused: DomainError) -> dict[str, Any]:
    """What went wrong and what to do."""
    request.response.status_int = refused.status
    space = "" if request.locale_name == "zh_CN" else " "
    text = space.join(request.translate(one) for one in (refused.message, refused.cure) if one)
    return {"text": text, "is_error": True}
