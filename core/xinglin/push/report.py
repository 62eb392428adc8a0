"""What became of messages, for the people who sent them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, select

from xinglin.people.models import Person
from xinglin.push.models import Delivery, DeliveryState, Message

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NOT_DELIVERED = (DeliveryState.UNDELIVERABLE, DeliveryState.UNKNOWN)


@dataclass(frozen=True)
class DeliveryCounts:
    """Deliveries per state; `opened` counts those of them that were opened."""

    queued: int = 0
    sending: int = 0
    sent: int = 0
    muted: int = 0
    undeliverable: int = 0
    unknown: int = 0
    cancelled: int = 0
    opened: int = 0

    @property
    def total(self) -> int:
        ended = self.sent + self.muted + self.undeliverable + self.unknown + self.cancelled
        return self.queued + self.sending + ended


@dataclass(frozen=True)
class UnreachablePerson:
    """A person whom a message did not reach. `state` is undeliverable or unknown; `reason` is a word.

    Reasons: the values of `people.models.Unreachable`, `disabled`, `left`, `unreachable`,
    `refused_<errcode>`, and `no_answer` (WeCom never said whether it was delivered).
    """

    person_id: int
    public_id: str
    staff_no: str
    name: str
    state: str
    reason: str


def counts(session: Session, source_id: str, kind: str | None) -> DeliveryCounts:
    query = (
        select(Delivery.state, func.count(), func.count(Delivery.opened_at))
        .join(Message, Message.id == Delivery.message_id)
        .where(*_of_source(source_id, kind))
        .group_by(Delivery.state)
    )
    rows = session.execute(query).all()
    numbers = {str(state): count for state, count, _opened in rows}
    return DeliveryCounts(**numbers, opened=sum(opened for _state, _count, opened in rows))


def unreachable(session: Session, source_id: str, kind: str | None) -> list[UnreachablePerson]:
    query = (
        select(Person.id, Person.public_id, Person.staff_no, Person.name, Delivery.state, Delivery.reason)
        .join(Delivery, Delivery.person_id == Person.id)
        .join(Message, Message.id == Delivery.message_id)
        .where(*_of_source(source_id, kind), Delivery.state.in_(NOT_DELIVERED))
        .order_by(Person.pinyin, Person.id)
    )
    return [UnreachablePerson(*row) for row in session.execute(query)]


def _of_source(source_id: str, kind: str | None) -> list[ColumnElement[bool]]:
    conditions = [Message.source_id == source_id]
    return [*conditions, Message.kind == kind] if kind is not None else conditions
