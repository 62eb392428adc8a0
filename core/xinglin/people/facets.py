"""The facets of a person: everything an audience may call that person by, kept in one table.

The table is derived. Whoever changes a person, a membership, a role, a tag or the tree calls `refresh` in the same
transaction; nothing else writes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from xinglin.people.models import (
    Department,
    Membership,
    Person,
    PersonFacet,
    PersonRole,
    PersonState,
    PersonTag,
)

EVERYBODY = "*"
CHUNK = 500
Key = TypeVar("Key", int, str)


def facets_of(session: Session, person_id: int) -> frozenset[str]:
    """The facets of one person; none if the person is not active."""
    return frozenset(session.scalars(select(PersonFacet.facet).where(PersonFacet.person_id == person_id)))


def refresh(session: Session, person_ids: Collection[int] | None) -> int:
    """Make the stored facets of these persons (None: of everybody) true again. Returns how many rows changed."""
    session.flush()
    changed = 0
    for chunk in chunks(person_ids):
        changed += _replace(session, _stored(session, chunk), derive(session, chunk, [PersonState.ACTIVE]))
    return changed


def derive(
    session: Session, person_ids: Sequence[int] | None, states: Collection[PersonState]
) -> dict[int, frozenset[str]]:
    """What the facets of these persons (None: everybody) in these states ought to be."""
    persons = _narrowed(select(Person.id).where(Person.state.in_(states)), Person.id, person_ids)
    found = {person_id: {EVERYBODY, f"p:{person_id}"} for person_id in session.scalars(persons)}
    facets: dict[int, set[str]] = defaultdict(set, found)
    memberships = select(Membership.person_id, Department.id, Department.path).join(Membership.department)
    for person_id, department_id, path in session.execute(
        _narrowed(memberships, Membership.person_id, person_ids)
    ):
        facets[person_id].add(f"d:{department_id}")
        facets[person_id].update(f"D:{above}" for above in path.split("/") if above)
    for person_id, role_id in session.execute(
        _narrowed(select(PersonRole.person_id, PersonRole.role_id), PersonRole.person_id, person_ids)
    ):
        facets[person_id].add(f"r:{role_id}")
    for person_id, tag_id in session.execute(
        _narrowed(select(PersonTag.person_id, PersonTag.tag_id), PersonTag.person_id, person_ids)
    ):
        facets[person_id].add(f"t:{tag_id}")
    return {person_id: frozenset(facets[person_id]) for person_id in found}


def _stored(session: Session, person_ids: Sequence[int] | None) -> dict[int, frozenset[str]]:
    rows = select(PersonFacet.person_id, PersonFacet.facet)
    found: dict[int, set[str]] = defaultdict(set)
    for person_id, facet in session.execute(_narrowed(rows, PersonFacet.person_id, person_ids)):
        found[person_id].add(facet)
    return {person_id: frozenset(facets) for person_id, facets in found.items()}


def _replace(session: Session, stored: dict[int, frozenset[str]], wanted: dict[int, frozenset[str]]) -> int:
    nothing: frozenset[str] = frozenset()
    added: list[dict[str, int | str]] = []
    count_gone = 0
    for person_id in stored.keys() | wanted.keys():
        before, after = stored.get(person_id, nothing), wanted.get(person_id, nothing)
        added += [{"person_id": person_id, "facet": facet} for facet in sorted(after - before)]
        if gone := before - after:
            count_gone += len(gone)
            condition = (PersonFacet.person_id == person_id) & PersonFacet.facet.in_(gone)
            session.execute(delete(PersonFacet).where(condition).execution_options(synchronize_session=False))
    if added:
        session.execute(insert(PersonFacet), added)
    return len(added) + count_gone


def _narrowed(query: Any, column: Any, person_ids: Sequence[int] | None) -> Any:
    return query if person_ids is None else query.where(column.in_(person_ids))


def chunks(keys: Collection[Key] | None) -> Iterator[Sequence[Key] | None]:
    """The keys in handfuls that fit into one statement; a single None for None (everything)."""
    if keys is None:
        yield None
        return
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]
