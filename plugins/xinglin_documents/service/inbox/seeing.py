"""Who may see a document: one condition for lists, search, pages and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, cast

from pyramid.request import Request
from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, exists, false, or_, true

from xinglin.api.security import Identity, current
from xinglin_documents.models import BUILT_IN, Box, Entry, EntryState, Item, Secrecy
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.flow.seams import Deputies
from xinglin_documents.service.time.deputies import DeputyService

CLOSED = tuple(one for one in Secrecy if one.is_closed)
WAITING = (EntryState.OPEN, EntryState.WAITING)
TASK_BOXES = (Box.TO_DO, Box.TO_READ, Box.STARTED)
"""Being in one of these is knowing the document; tracking one is a wish only."""


def is_closed(item: Item) -> bool:
    """Whether nothing of it may stand in a message or reach a stranger."""
    return Secrecy(item.secrecy).is_closed


@dataclass(frozen=True)
class Looker:
    """A person who looks. `principals`: whose tasks she may do now, by the keys of processes (empty: all of them).

    `office_departments`: where she keeps the register; None: nowhere, empty: everywhere.
    """

    person_id: int
    name: str = ""
    principals: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    office_departments: frozenset[int] | None = None
    is_manager: bool = False

    @classmethod
    def of(cls, identity: Identity, deputies: Deputies, now: datetime) -> Looker:
        """The person of a request."""
        standing = deputies.principals_of(identity.id, now)
        office = [one for one in identity.grants if one.permission == DocumentsPermission.OFFICE]
        departments = frozenset(key for one in office for key in one.department_ids)
        is_everywhere = any(not one.department_ids for one in office)
        return cls(
            identity.id,
            identity.name,
            {person: tuple(one.processes) for person, one in standing.items()},
            None if not office else frozenset() if is_everywhere else departments,
            identity.may(DocumentsPermission.MANAGE),
        )

    @property
    def is_ordinary(self) -> bool:
        """Without principals and office: what she may see differs from others of her kind by her id alone."""
        return not self.principals and self.office_departments is None

    def acts_for(self, person_id: int, process_key: str) -> bool:
        """Whether she is deputy of this person in this process now."""
        if person_id not in self.principals:
            return False
        processes = self.principals[person_id]
        return not processes or process_key in processes


@cache
def anybody(is_manager: bool) -> Looker:
    """Stands for every ordinary person: a statement made for it is built once and takes her id as `looker`."""
    person_id = cast("int", bindparam("looker", type_=BigInteger))
    return Looker(person_id, is_manager=is_manager)


def is_open(item: Any = Item) -> ColumnElement[bool]:
    """SQL condition: the document is not closed."""
    found: ColumnElement[bool] = item.secrecy.not_in(CLOSED)
    return found


def is_of_principal(looker: Looker, entry: Any = Entry, item: Any = Item) -> ColumnElement[bool]:
    """SQL condition: the entry is a task that waits for somebody for whom she may act, in a document that she may know.

    What a principal has done, started or read stays hers alone.
    """
    if not looker.principals:
        return false()
    whole = [person for person, processes in looker.principals.items() if not processes]
    ways = [entry.person_id.in_(whole)] if whole else []
    ways += [
        and_(entry.person_id == person, item.process_key.in_(processes))
        for person, processes in looker.principals.items()
        if processes
    ]
    is_waiting = and_(entry.box == Box.TO_DO, entry.state.in_(WAITING))
    return and_(item.source == BUILT_IN, is_waiting, is_open(item), or_(*ways))


def may_see(looker: Looker, item: Any = Item) -> ColumnElement[bool]:
    """SQL condition: she has or acted on an entry of it; or it is not closed and waits for her principal, is her office's or
    hers to manage.
    """
    entry = Entry.__table__.alias("seen").c
    is_hers = or_(entry.person_id == looker.person_id, entry.acted_by_id == looker.person_id)
    of_item = and_(entry.item_id == item.id, entry.box.in_(TASK_BOXES))
    ways: list[ColumnElement[bool]] = [exists().where(of_item, is_hers)]
    if looker.principals:
        ways.append(exists().where(of_item, is_of_principal(looker, entry, item)))
    if looker.is_manager:
        ways.append(is_open(item))
    elif looker.office_departments is not None:
        departments = looker.office_departments
        is_own = and_(item.source == BUILT_IN, item.department_id.in_(departments))
        is_inside = is_own if departments else true()
        ways.append(and_(is_open(item), is_inside))
    return or_(*ways)


def factory(context: object, request: Request) -> Looker:
    return Looker.of(current(request), request.service(DeputyService), request.clock.now())
