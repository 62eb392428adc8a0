"""How people look in the list of search results."""

from __future__ import annotations

from xinglin_admin.api.models import Person, PersonState
from xinglin_admin.locale.texts import Texts
from xinglin_admin.models.rows import Column


def person_columns(texts: Texts) -> tuple[Column[Person], ...]:
    return (Column(texts.dialog.person, lambda person: person_text(person, texts)),)


def person_text(person: Person, texts: Texts) -> str:
    """Enough to tell two people of one name apart."""
    office = [person.title, person.position, texts.common.list_separator.join(person.departments)]
    mark = None if is_active(person) else texts.dialog.not_active
    return "  ·  ".join(part for part in [person.name, person.staff_no, *office, mark] if part)


def is_active(person: Person) -> bool:
    return person.state is PersonState.ACTIVE
