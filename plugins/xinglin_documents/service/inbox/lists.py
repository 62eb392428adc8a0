"""The six lists as SQL: a list and its count are made from the same condition."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from xinglin.api.people import Department
from xinglin_documents.models import Box, Entry, EntryState, Item
from xinglin_documents.service.inbox.searching import finds
from xinglin_documents.service.inbox.seeing import Looker, anybody, is_of_principal, may_see
from xinglin_documents.service.inbox.values import ListedEntry, ListedItem, Tab, Wanted

PLACES: dict[Tab, tuple[Box, EntryState]] = {  # 已办 has what was done for others as well
    Tab.TO_DO: (Box.TO_DO, EntryState.OPEN),
    Tab.DONE: (Box.TO_DO, EntryState.DONE),
    Tab.TO_READ: (Box.TO_READ, EntryState.OPEN),
    Tab.READ: (Box.TO_READ, EntryState.DONE),
    Tab.STARTED: (Box.STARTED, EntryState.OPEN),
    Tab.TRACKED: (Box.TRACKED, EntryState.OPEN),
}

_COLUMNS = (
    *(getattr(Item, name) for name in ListedItem._fields[:-1]),
    Department.name.label("department_name"),
    *(getattr(Entry, name).label(f"entry_{name}") for name in ListedEntry._fields),
)


def listed(tab: Tab) -> ColumnElement[bool]:
    """SQL condition: the entry is of this list, whosever."""
    box, state = PLACES[tab]
    is_there = Entry.box.in_((box, Box.DONE_FOR)) if tab is Tab.DONE else Entry.box == box
    return and_(is_there, Entry.state == state, Entry.is_latest.is_(True))


def of_looker(looker: Looker, tab: Tab) -> ColumnElement[bool]:
    """SQL condition, with `Item` joined: the entry is in her list. A deputy's to-dos are those of her principals too."""
    own = Entry.person_id == looker.person_id
    if tab is Tab.TO_DO and looker.principals:
        persons = [looker.person_id, *looker.principals]
        return and_(Entry.person_id.in_(persons), or_(own, is_of_principal(looker)))
    return and_(own, may_see(looker)) if tab is Tab.TRACKED else own


def narrowed(wanted: Wanted) -> ColumnElement[bool]:
    """SQL condition, with `Item` joined: what the filters leave."""
    conditions: list[ColumnElement[bool]] = [true()]
    if wanted.query.strip():
        conditions.append(finds(wanted.query))
    if wanted.process:
        conditions.append(Item.process_key == wanted.process)
    if wanted.urgency is not None:
        conditions.append(Item.urgency == wanted.urgency)
    if wanted.source:
        conditions.append(Item.source == wanted.source)
    return and_(*conditions)


def is_narrowed(wanted: Wanted) -> bool:
    return bool(wanted.query.strip() or wanted.process or wanted.urgency is not None or wanted.source)


def page(looker: Looker, wanted: Wanted) -> Select[Any]:
    """Columns of `ListedItem` and then of `ListedEntry`, in the order of the list; parameters as of `counts`.

    `most` and `start` are parameters too.
    """
    if looker.is_ordinary and not is_narrowed(wanted):
        return _whole_page(looker.is_manager, wanted.tab)
    return _page(looker, wanted)


@cache
def _whole_page(is_manager: bool, tab: Tab) -> Select[Any]:
    return _page(anybody(is_manager), Wanted(tab))


def _page(looker: Looker, wanted: Wanted) -> Select[Any]:
    return (
        select(*_COLUMNS)
        .select_from(Entry)
        .join(Item, Item.id == Entry.item_id)
        .outerjoin(Department, Department.id == Item.department_id)
        .where(listed(wanted.tab), of_looker(looker, wanted.tab), narrowed(wanted))
        .order_by(*_order(wanted.tab))
        .limit(bindparam("most", type_=Integer))
        .offset(bindparam("start", type_=Integer))
    )


def count(looker: Looker, wanted: Wanted) -> Select[int]:
    """How many `page` has in all; the item is joined only where it is asked."""
    query = (
        select(func.count().label("number"))
        .select_from(Entry)
        .where(listed(wanted.tab), of_looker(looker, wanted.tab))
    )
    if is_narrowed(wanted) or _needs_item(looker, wanted.tab):
        query = query.join(Item, Item.id == Entry.item_id).where(narrowed(wanted))
    return query


def counts(looker: Looker) -> Select[Any]:
    """Rows of number and tab: the counts of all lists in one statement, each read from the index alone.

    The parameter `looker` is the id of the person.
    """
    return _counts_of_anybody(looker.is_manager) if looker.is_ordinary else _counts(looker)


@cache
def _counts_of_anybody(is_manager: bool) -> Select[Any]:
    return _counts(anybody(is_manager))


def _counts(looker: Looker) -> Select[Any]:
    parts = [
        count(looker, Wanted(tab)).add_columns(literal(tab.value).label("tab")).subquery() for tab in Tab
    ]
    return select(union_all(*(select(part) for part in parts)).subquery())


def _needs_item(looker: Looker, tab: Tab) -> bool:
    return tab is Tab.TRACKED or (tab is Tab.TO_DO and bool(looker.principals))


def _order(tab: Tab) -> Sequence[ColumnElement[Any]]:
    if tab is Tab.TO_DO:
        return Entry.rank.desc(), Entry.arrived_at.desc(), Entry.id.desc()
    if tab in (Tab.DONE, Tab.READ):
        return func.coalesce(Entry.done_at, Entry.arrived_at).desc(), Entry.id.desc()
    if tab is Tab.TRACKED:
        return Item.changed_at.desc(), Entry.id.desc()
    return Entry.arrived_at.desc(), Entry.id.desc()
