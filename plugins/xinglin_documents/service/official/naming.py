"""Persons as an office types them: staff numbers or names, apart by any separator."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.api.people import Person, PersonState
from xinglin_documents.service.official.errors import OfficialRefused

_ = translator("documents")
APART = re.compile(r"[\s,;，；、]+")
MOST = 500


def persons_of(session: Session, words: str) -> tuple[int, ...]:
    """Ids of active persons in the order typed. Raises `OfficialRefused` for a name of nobody, or of several."""
    asked = list(dict.fromkeys(word for word in APART.split(words) if word))[:MOST]
    query = select(Person.id, Person.staff_no, Person.name).where(
        Person.state == PersonState.ACTIVE, or_(Person.staff_no.in_(asked), Person.name.in_(asked))
    )
    rows = session.execute(query).all() if asked else []
    return tuple(_one(word, [row for row in rows if word in (row.staff_no, row.name)]) for word in asked)


def one_person(session: Session, words: str) -> int:
    """The one person meant. Raises like `persons_of`, also when several or none are typed."""
    found = persons_of(session, words)
    if len(found) != 1:
        raise OfficialRefused(_("Write exactly one person."), _("A staff number or a name."), status=422)
    return found[0]


def _one(word: str, rows: Sequence[Any]) -> int:
    by_number = [row.id for row in rows if row.staff_no == word]
    if by_number:
        return int(by_number[0])
    if not rows:
        raise OfficialRefused(
            _("Nobody here is called “${name}”.", mapping={"name": word}),
            _("Check the name, or write the staff number."),
            status=422,
        )
    if len(rows) > 1:
        numbers = "、".join(sorted(row.staff_no for row in rows))
        raise OfficialRefused(
            _(
                "Several people are called “${name}”: staff numbers ${numbers}.",
                mapping={"name": word, "numbers": numbers},
            ),
            _("Write the staff number."),
            status=422,
        )
    return int(rows[0].id)
