"""The title of a document, made from the pattern of its process and what its starter wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.people import Person
from xinglin_documents.models import TITLE_LENGTH
from xinglin_documents.service.engine.definition import Definition, FieldKind, FormField
from xinglin_documents.service.flow.rules import department_of, person_ids

PLACE = re.compile(r"\{([^{}]+)\}")
DEFAULT_PATTERN = "{process}（{starter}）"
PERSONS = (FieldKind.PERSON, FieldKind.PERSONS)


def title_of(
    session: Session, definition: Definition, starter: Person, department: str, values: Mapping[str, Any]
) -> str:
    """At most `TITLE_LENGTH` characters on one line; a place that means nothing stays empty."""
    fields = {field.key: field for field in definition.form}
    known = {"starter": starter.name, "department": department, "process": definition.title}

    def filled(place: re.Match[str]) -> str:
        key = place.group(1)
        if key in known:
            return known[key]
        return shown_value(session, fields[key], values.get(key)) if key in fields else ""

    text = " ".join(PLACE.sub(filled, definition.title_pattern or DEFAULT_PATTERN).split())
    return (text or definition.title)[:TITLE_LENGTH]


def shown_value(session: Session, field: FormField, value: Any) -> str:
    """A value of the form in words, on one line."""
    if value is None or value == "":
        return ""
    if field.kind in PERSONS:
        return _names(session, value)
    if field.kind is FieldKind.DEPARTMENT:
        department = department_of(session, value)
        return department.name if department else ""
    if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
        titles = {choice.key: choice.title for choice in field.choices}
        chosen = value if isinstance(value, list) else [value]
        return "、".join(titles.get(str(one), str(one)) for one in chosen)
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _names(session: Session, value: Any) -> str:
    wanted = person_ids(session, value)
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    names = {key: name for key, name in rows}  # noqa: C416 - a Row is not typed as a pair
    return "、".join(names[key] for key in wanted if key in names)
