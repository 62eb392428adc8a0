"""What the form of an official document says, by the keys that processes of official documents use.

`title`, `type`, `recipients`, `copies_to`, `copies`, `body`, `origin`, `origin_number`; files: `body_file` is the body as
a document of Word or WPS and goes before `body`; all others are attachments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin_documents.models import Instance, InstanceFile, Item

BODY_FILE = "body_file"
LENGTHS = {"type": 16, "recipients": 200, "copies_to": 200, "origin": 128, "origin_number": 64}


@dataclass(frozen=True)
class Content:
    """Texts of the form, empty when the process does not ask for them."""

    title: str
    type: str = ""
    recipients: str = ""
    copies_to: str = ""
    body: str = ""
    origin: str = ""
    origin_number: str = ""
    copies: int = 1


def content_of(item: Item, values: Mapping[str, Any], type_field: str = "type") -> Content:
    """Cut to what the register holds; a number of copies that is none counts as one."""
    texts = {key: _text(values.get(key))[:length] for key, length in LENGTHS.items() if key != "type"}
    return Content(
        title=_text(values.get("title")) or item.title,
        type=_text(values.get(type_field or "type"))[: LENGTHS["type"]],
        body=_text(values.get("body")),
        copies=_count(values.get("copies")),
        **texts,
    )


def files_of(session: Session, item_id: int) -> tuple[InstanceFile | None, list[InstanceFile]]:
    """The body (the newest file of `body_file`) and the attachments in their order."""
    query = (
        select(InstanceFile)
        .where(InstanceFile.instance_id == item_id)
        .order_by(InstanceFile.position, InstanceFile.id)
    )
    files = session.scalars(query).all()
    bodies = [one for one in files if one.field == BODY_FILE]
    return bodies[-1] if bodies else None, [one for one in files if one.field != BODY_FILE]


def values_of(session: Session, item_id: int) -> Mapping[str, Any]:
    """The form of a document of our own engine; empty for one of another source."""
    instance = session.get(Instance, item_id)
    return (instance.values or {}) if instance is not None else {}


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _count(value: Any) -> int:
    text = str(value or "").strip()
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1
