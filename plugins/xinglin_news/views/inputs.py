"""Reading addresses and hand-made forms through a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import colander

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError

_ = translator("news")


class BadInput(DomainError):
    """The address or form was not made by our pages."""

    status = 400

    def __init__(self) -> None:
        super().__init__(
            _("This address or form cannot be read."), _("Go back, reload the page and try again.")
        )


def read(schema: colander.Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """The clean values of `schema`; raises `BadInput`. Empty texts count as absent."""
    present = {name: value for name, value in values.items() if value not in ("", [])}
    try:
        found: dict[str, Any] = schema.deserialize(present)
    except colander.Invalid as error:
        raise BadInput from error
    return found
