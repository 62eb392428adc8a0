"""Who signed a document: those who approved it, the last one first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from xinglin.api.people import Person
from xinglin_documents.models import FlowEvent
from xinglin_documents.service.engine.commands import Act


@dataclass(frozen=True)
class Signatory:
    """An approval. `name` has （代） when a deputy gave it; `event_id` is the public id of the act."""

    event_id: str
    name: str
    at: datetime


def signatories(session: Session, item_id: int, without: Collection[str] = ()) -> Sequence[Signatory]:
    """The approvals of a document, the newest first, each person once; those at the steps `without` are left out.

    What was approved before the document went back to its starter does not count.
    """
    actor = aliased(Person)
    query = (
        select(FlowEvent.public_id, FlowEvent.act, FlowEvent.node, FlowEvent.for_id, FlowEvent.at, actor.name)
        .outerjoin(actor, actor.id == FlowEvent.actor_id)
        .where(FlowEvent.instance_id == item_id)
        .order_by(FlowEvent.sequence.desc())
    )
    found: dict[str, Signatory] = {}
    for public_id, act, node, for_id, at, name in session.execute(query):
        if act in (Act.START, Act.RESUBMIT):
            break
        if act == Act.APPROVE and node not in without and name is not None:
            shown = f"{name}（代）" if for_id else name
            found.setdefault(shown, Signatory(public_id, shown, at))
    return list(found.values())
