"""Who was looked at by an administrator: recorded with each person, so that the person sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pyramid.request import Request
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from xinglin.admin.values import AuditFilter
from xinglin.people.models import Person

MOST_NOTED = 20
"""A list of more people is a look at the list: its one record says what was searched for and how many were found."""


def note_list(request: Request, name: str, people: Iterable[str], total: int, **asked: Any) -> None:
    """Record a look at a list of `total` entries; and at each person in it (public ids) when they are few."""
    request.note_view("admin.list", name, **asked, found=total)
    if total <= MOST_NOTED:
        note_people(request, people)


def note_people(request: Request, people: Iterable[str]) -> None:
    """Record a look at each of these persons (public ids), once."""
    for public_id in dict.fromkeys(people):
        request.note_view("person", public_id)


def people_of(session: Session, wanted: AuditFilter) -> Sequence[str]:
    """The public ids of whom a filter of the audit trail names, as object or (namesakes too) as actor; at most 20."""
    named = [text for text in (wanted.actor, wanted.object) if text]
    if not named:
        return ()
    is_named = or_(Person.public_id.in_(named), Person.name == wanted.actor)
    return session.scalars(
        select(Person.public_id).where(is_named).order_by(Person.id).limit(MOST_NOTED)
    ).all()
