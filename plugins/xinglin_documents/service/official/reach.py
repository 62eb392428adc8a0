"""What an office covers by its grant of `documents:office`, and which documents in there a person may know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, or_

from xinglin.api.people import visible
from xinglin.api.security import HeldGrant
from xinglin_documents.models import Entry, Item, Secrecy
from xinglin_documents.permissions import DocumentsPermission

CLOSED = tuple(one for one in Secrecy if one.is_closed)


@dataclass(frozen=True)
class Reach:
    """`departments` None: all of them. What belongs to no department is everybody's who holds any grant."""

    is_granted: bool
    departments: frozenset[int] | None

    @classmethod
    def of(cls, grants: Iterable[HeldGrant]) -> Reach:
        held = [grant for grant in grants if grant.permission == DocumentsPermission.OFFICE]
        if any(not grant.department_ids for grant in held):
            return cls(is_granted=True, departments=None)
        return cls(bool(held), frozenset().union(*(grant.department_ids for grant in held)))

    def covers(self, department_id: int | None) -> bool:
        if not self.is_granted:
            return False
        return self.departments is None or department_id is None or department_id in self.departments


def may_know(person_id: int) -> ColumnElement[bool]:
    """SQL condition on `Item`: it is not closed, or it came to this person, or its audience has her."""
    return or_(Item.secrecy.not_in(CLOSED), is_told(person_id))


def is_told(person_id: int) -> ColumnElement[bool]:
    """SQL condition on `Item`: whatever its secrecy, she started it, it came to her, or its audience has her."""
    return or_(
        visible(Item.audience_id, person_id),
        Item.starter_id == person_id,
        exists().where(Entry.item_id == Item.id, Entry.person_id == person_id),
    )


def is_limited(item: Item) -> bool:
    """Whether only certain persons may get it: it is closed, or somebody has said who is to know it."""
    return Secrecy(item.secrecy).is_closed or item.audience_id is not None
