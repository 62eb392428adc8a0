"""Sending an official document out: to departments (all, or who leads them) and persons, with a receipt of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyramid.request import Request
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.i18n import translator
from xinglin.api.people import AudienceService, Department, Membership, Person, PersonState
from xinglin.api.push import PushService
from xinglin.api.security import current
from xinglin.types import Clock
from xinglin_documents.models import (
    Box,
    Distribution,
    Entry,
    EntryState,
    Item,
    OfficialDocument,
    Receipt,
    Secrecy,
)
from xinglin_documents.service.official.errors import OfficialRefused
from xinglin_documents.service.official.telling import tell

_ = translator("documents")
TASK = "distribution"
"""`Entry.task` of what was distributed: the engine knows nothing of it, so a receipt closes it."""
MOST_NAMED = 10


@dataclass(frozen=True)
class Recipients:
    """Ids of departments whose people are all meant (with those below), whose heads only; and of persons."""

    departments: tuple[int, ...] = ()
    heads_of: tuple[int, ...] = ()
    persons: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.departments or self.heads_of or self.persons)


@dataclass(frozen=True)
class Sent:
    """What a distribution did: how many got it, and who of those named did not, being outside the audience."""

    reached: int
    left_out: tuple[str, ...] = ()


class DistributionService:
    """What one person does with distributed documents; whether she may is asked before."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        audiences: AudienceService,
        push: PushService,
        person_id: int,
        person_name: str,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._audiences = audiences
        self._push = push
        self._person_id = person_id
        self._person_name = person_name

    def distribute(self, item: Item, to: Recipients) -> Sent:
        """Send to those of `to` that do not have it yet; only to its audience if it is closed or has one.

        Raises `OfficialRefused` when nobody is named, or all that are named are outside the audience.
        """
        if not to:
            raise OfficialRefused(_("Nobody is chosen."), _("Choose departments or persons."), status=422)
        allowed = self._audience_of(item)
        wanted = self._named(to)
        inside = {
            key: [one for one in ids if allowed is None or one in allowed] for key, ids in wanted.items()
        }
        reached = {one for ids in inside.values() for one in ids}
        outside = {one for ids in wanted.values() for one in ids} - reached
        if not reached:
            raise OfficialRefused(
                _(
                    "Nobody of those chosen may know this document: ${names}.",
                    mapping={"names": _few(self._names(outside))},
                ),
                _("Choose persons of its audience."),
                status=422,
            )
        new = self._write(item, inside)
        self._session.get_one(OfficialDocument, item.id).distributed_at = self._clock.now()
        tell(self._push, item, new, f"documents.distribute:{item.id}:{min(new, default=0)}")
        facts = {"persons": len(new), "left_out": len(outside)}
        self._audit.record("documents.distribute", "document", item.public_id, after=facts)
        return Sent(len(new), self._names(outside))

    def _audience_of(self, item: Item) -> frozenset[int] | None:
        """Who alone may get it; None: everybody."""
        if not Secrecy(item.secrecy).is_closed and item.audience_id is None:
            return None
        return frozenset(self._audiences.member_ids(item.audience)) if item.audience else frozenset()

    def _named(self, to: Recipients) -> dict[tuple[str, int], list[int]]:
        found: dict[tuple[str, int], list[int]] = {}
        for kind, ids in (("all", to.departments), ("heads", to.heads_of)):
            for department_id in dict.fromkeys(ids):
                found[kind, department_id] = self._people_of(department_id, is_heads=kind == "heads")
        for person in self._active(to.persons):
            found["person", person] = [person]
        return found

    def _people_of(self, department_id: int, *, is_heads: bool) -> list[int]:
        path = self._session.get_one(Department, department_id).path
        below = Department.path.startswith(path, autoescape=True)
        which = and_(Department.id == department_id, Membership.is_leader) if is_heads else below
        query = (
            select(Person.id)
            .join(Membership, Membership.person_id == Person.id)
            .join(Department, Department.id == Membership.department_id)
            .where(Person.state == PersonState.ACTIVE, which)
            .distinct()
            .order_by(Person.id)
        )
        return list(self._session.scalars(query))

    def _active(self, persons: Sequence[int]) -> list[int]:
        query = select(Person.id).where(Person.id.in_(persons), Person.state == PersonState.ACTIVE)
        return list(self._session.scalars(query.order_by(Person.id)))

    def _write(self, item: Item, wanted: dict[tuple[str, int], list[int]]) -> list[int]:
        """Distributions, receipts and entries that are missing; who got the document by this."""
        had = set(
            self._session.scalars(
                select(Receipt.person_id)
                .join(Distribution, Distribution.id == Receipt.distribution_id)
                .where(Distribution.item_id == item.id)
            )
        )
        got: dict[int, None] = {}
        for (kind, key), ids in wanted.items():
            distribution = self._distribution(item, kind, key)
            known = set(
                self._session.scalars(
                    select(Receipt.person_id).where(Receipt.distribution_id == distribution.id)
                )
            )
            new = [one for one in ids if one not in known]
            self._session.add_all(Receipt(distribution_id=distribution.id, person_id=one) for one in new)
            got.update(dict.fromkeys(one for one in new if one not in had))
        self._enter(item, list(got))
        self._session.flush()
        return list(got)

    def _distribution(self, item: Item, kind: str, key: int) -> Distribution:
        column = Distribution.person_id if kind == "person" else Distribution.department_id
        query = select(Distribution).where(Distribution.item_id == item.id, column == key)
        known = self._session.scalar(query)
        if known is not None:
            known.is_heads = known.is_heads and kind == "heads"
            return known
        made = Distribution(
            item_id=item.id,
            department_id=None if kind == "person" else key,
            person_id=key if kind == "person" else None,
            is_heads=kind == "heads",
            sent_at=self._clock.now(),
            sent_by_id=self._person_id,
        )
        self._session.add(made)
        self._session.flush()
        return made

    def _enter(self, item: Item, persons: list[int]) -> None:
        """A to-read entry for each who has none open."""
        reading = set(
            self._session.scalars(
                select(Entry.person_id).where(
                    Entry.item_id == item.id, Entry.box == Box.TO_READ, Entry.state == EntryState.OPEN
                )
            )
        )
        now = self._clock.now()
        self._session.add_all(
            Entry(
                item_id=item.id,
                person_id=one,
                box=Box.TO_READ,
                state=EntryState.OPEN,
                task=TASK,
                step=item.step,
                sender_name=self._person_name,
                arrived_at=now,
            )
            for one in persons
            if one not in reading
        )

    def _names(self, persons: set[int]) -> tuple[str, ...]:
        query = select(Person.name).where(Person.id.in_(persons)).order_by(Person.pinyin, Person.id)
        return tuple(self._session.scalars(query))


def _few(names: Sequence[str]) -> str:
    """At most ten, so that a sentence stays one."""
    return "、".join(names[:MOST_NAMED]) + ("…" if len(names) > MOST_NAMED else "")


def factory(context: object, request: Request) -> DistributionService:
    identity = current(request)
    return DistributionService(
        request.db,
        request.clock,
        request.audit,
        request.service(AudienceService),
        request.service(PushService),
        identity.id,
        identity.name,
    )
