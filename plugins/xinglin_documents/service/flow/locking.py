"""Holding documents: parents before children, by their ids, so that two acts never wait for each other."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin_documents.models import Instance


def lock(session: Session, item_ids: Iterable[int]) -> dict[int, Instance]:
    """The instances, read anew and held until the transaction ends, with those whose children they are.

    Always in the order of their ids: a parent is older than its child.
    """
    query = (
        select(Instance)
        .where(Instance.id.in_(_with_parents(session, item_ids)))
        .order_by(Instance.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {instance.id: instance for instance in session.scalars(query)}


def lock_if_free(session: Session, item_id: int) -> Instance | None:
    """As `lock` for one, but never waiting: None while somebody else holds it or one whose child it is.

    For work that takes documents one after another in an order of its own and keeps them all until its end.
    """
    found: Instance | None = None
    for key in sorted(_with_parents(session, [item_id])):
        query = select(Instance).where(Instance.id == key).with_for_update(of=Instance, skip_locked=True)
        found = session.scalar(query.execution_options(populate_existing=True))
        if found is None:
            return None
    return found


def _with_parents(session: Session, item_ids: Iterable[int]) -> set[int]:
    wanted = set(item_ids)
    found = set(wanted)
    while wanted:
        above = select(Instance.parent_id).where(Instance.id.in_(wanted))
        wanted = {key for key in session.scalars(above) if key is not None} - found
        found |= wanted
    return found
