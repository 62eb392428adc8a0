"""Values as JSON documents of the contract."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from pyramid.i18n import TranslationString

Say = Callable[[str], str]


def document(value: Any, say: Say) -> Any:
    """`value` with its fields as properties, moments in UTC with a final Z, sentences said by `say`."""
    if dataclasses.is_dataclass(value):
        return {field.name: document(getattr(value, field.name), say) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [document(item, say) for item in value]
    if isinstance(value, TranslationString):
        return say(value)
    return moment(value) if isinstance(value, datetime) else _plain(value)


def moment(value: datetime) -> str:
    """RFC 3339 in UTC, as the contract's `Timestamp`."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
