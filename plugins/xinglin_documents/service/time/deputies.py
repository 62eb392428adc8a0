"""Deputies for a period: who acts for whom now, and setting and revoking it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyramid.request import Request
from sqlalchemy import ColumnElement, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from xinglin.api.audit import AuditTrail
from xinglin.api.db import ask
from xinglin.api.i18n import translator
from xinglin.api.people import Person, PersonState, visible
from xinglin.api.push import PushService
from xinglin.api.services import DomainError, NotFound
from xinglin.types import Clock
from xinglin_documents.models import Deputy, Item, Process, Secrecy
from xinglin_documents.push import DEPUTY
from xinglin_documents.service.time import chains
from xinglin_documents.service.time.chains import Deputyship
from xinglin_documents.service.time.colleagues import Colleague, named, suggested

_ = translator("documents")

LONGEST = timedelta(days=366)
PATH = "/documents/deputies"
SET_FOR_YOU = "{manager}已为您设置代理人：{deputy}"
SET_TEXT = "代理期间您的待办由代理人办理；如不需要，可在“代理人”中撤销"
REVOKED = "您不再代理{principal}的公文"
REVOKED_TEXT = "代理已提前结束"
_PRINCIPAL, _DEPUTY = aliased(Person), aliased(Person)
_IN_FORCE = (
    select(Deputy.principal_id, Deputy.deputy_id, Deputy.processes)
    .join(_PRINCIPAL, _PRINCIPAL.id == Deputy.principal_id)
    .join(_DEPUTY, _DEPUTY.id == Deputy.deputy_id)
    .where(
        Deputy.starts_at <= bindparam("at"),
        Deputy.ends_at > bindparam("at"),
        Deputy.revoked_at.is_(None),
        _PRINCIPAL.state != PersonState.LEFT,
        _DEPUTY.state == PersonState.ACTIVE,
    )
    .order_by(Deputy.id)
)
_OF_DEPUTY = _IN_FORCE.where(Deputy.deputy_id == bindparam("person_id"))
_OF_PRINCIPAL = _IN_FORCE.where(Deputy.principal_id == bindparam("person_id"))


def passes_to(person_id: int) -> ColumnElement[bool]:
    """SQL condition on `Item`: it passes to this deputy. A closed document only does if he is in its audience."""
    is_open = Item.secrecy.in_([one for one in Secrecy if not one.is_closed])
    return or_(is_open, visible(Item.audience_id, person_id))


@dataclass(frozen=True)
class Period:
    """A deputyship as pages show it; `processes` are titles, none: all. `is_running`: it has begun."""

    public_id: str
    principal_name: str
    deputy_name: str
    starts_at: datetime
    ends_at: datetime
    processes: tuple[str, ...]
    is_running: bool


@dataclass(frozen=True)
class Wish:
    """A deputyship to be set; moments are aware."""

    principal_id: int
    deputy_id: int
    starts_at: datetime
    ends_at: datetime
    processes: tuple[str, ...] = ()


class DeputyService:
    """`at` is the moment that is asked about. Leavers give nothing, and who is not active acts for nobody."""

    def __init__(self, session: Session, clock: Clock, audit: AuditTrail, push: PushService) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._push = push

    def principals_of(self, person_id: int, at: datetime) -> Mapping[int, Deputyship]:
        """Whose tasks she may do, by person, through chains too. One query for most people, two for deputies."""
        if not ask(self._session, _OF_DEPUTY, at=at, person_id=person_id).first():
            return {}
        return chains.principals_of(person_id, self._links(at))

    def deputies_of(self, principal_id: int, at: datetime, process_key: str) -> tuple[int, ...]:
        """To whom a message about her task goes: her deputies at the end of each chain, or herself."""
        if not ask(self._session, _OF_PRINCIPAL, at=at, person_id=principal_id).first():
            return (principal_id,)
        return chains.deputies_of(principal_id, self._links(at), process_key)

    def set(self, wish: Wish, by: Person) -> Deputy:
        """Raises `DomainError`. Who has it set by somebody else is told."""
        principal, deputy = self._checked(wish)
        row = Deputy(
            principal_id=principal.id,
            deputy_id=deputy.id,
            starts_at=wish.starts_at,
            ends_at=wish.ends_at,
            processes=sorted(wish.processes),
        )
        self._session.add(row)
        self._session.flush()
        self._audit.record(
            "documents.set_deputy", "deputy", row.public_id, after=_facts(row, principal, deputy)
        )
        if by.id != principal.id:
            title = SET_FOR_YOU.format(manager=by.name, deputy=deputy.name)
            self._tell(row, "set", principal.id, title, SET_TEXT)
        return row

    def revoke(self, public_id: str, by_id: int, *, is_manager: bool) -> None:
        """End it now; the deputy is told if he knew. Raises `NotFound` for who is neither principal nor manager."""
        row = self._session.scalar(
            select(Deputy).where(Deputy.public_id == public_id, Deputy.revoked_at.is_(None))
        )
        if row is None or not (is_manager or row.principal_id == by_id):
            raise NotFound(_("There is no such deputy (any more)."), _("Go back and reload the page."))
        row.revoked_at = self._clock.now()
        names = {one.id: one for one in self._persons({row.principal_id, row.deputy_id})}
        principal, deputy = names[row.principal_id], names[row.deputy_id]
        self._audit.record(
            "documents.revoke_deputy", "deputy", row.public_id, before=_facts(row, principal, deputy)
        )
        if row.told_at is not None:
            self._tell(row, "revoked", deputy.id, REVOKED.format(principal=principal.name), REVOKED_TEXT)

    def of_principal(self, person_id: int) -> list[Period]:
        """Who acts for her, now or later."""
        return self._periods(Deputy.principal_id == person_id)

    def of_deputy(self, person_id: int) -> list[Period]:
        """For whom he acts, now or later."""
        return self._periods(Deputy.deputy_id == person_id)

    def of_others(self, person_id: int) -> list[Period]:
        """All deputyships of others, for managers."""
        return self._periods(Deputy.principal_id != person_id)

    def suggested(self, person_id: int) -> list[Colleague]:
        """Whom to offer her first."""
        return suggested(self._session, person_id)

    def colleagues(self, persons: Sequence[Person]) -> list[Colleague]:
        """Persons who were found, as choices."""
        return named(self._session, [one.id for one in persons])

    def processes(self) -> list[tuple[str, str]]:
        """Keys and titles of the processes to choose from."""
        query = (
            select(Process.key, Process.title)
            .where(Process.is_active)
            .order_by(Process.sort_order, Process.id)
        )
        return [(key, title) for key, title in self._session.execute(query)]

    def _links(self, at: datetime) -> Sequence[Deputyship]:
        return [
            Deputyship(row.principal_id, row.deputy_id, tuple(row.processes))
            for row in ask(self._session, _IN_FORCE, at=at)
        ]

    def _periods(self, condition: ColumnElement[bool]) -> list[Period]:
        now, titles = self._clock.now(), dict(self.processes())
        query = (
            select(Deputy, _PRINCIPAL.name, _DEPUTY.name)
            .join(_PRINCIPAL, _PRINCIPAL.id == Deputy.principal_id)
            .join(_DEPUTY, _DEPUTY.id == Deputy.deputy_id)
            .where(condition, Deputy.revoked_at.is_(None), Deputy.ends_at > now)
            .order_by(Deputy.starts_at, Deputy.id)
        )
        return [
            Period(
                row.public_id,
                principal,
                deputy,
                row.starts_at,
                row.ends_at,
                tuple(titles.get(key, key) for key in row.processes),
                is_running=row.starts_at <= now,
            )
            for row, principal, deputy in self._session.execute(query)
        ]

    def _checked(self, wish: Wish) -> tuple[Person, Person]:
        found = {one.id: one for one in self._persons({wish.principal_id, wish.deputy_id})}
        principal, deputy = found.get(wish.principal_id), found.get(wish.deputy_id)
        if principal is None or deputy is None or deputy.state != PersonState.ACTIVE:
            raise DomainError(
                _("This colleague cannot be a deputy."), _("Choose somebody who works here now.")
            )
        if principal is deputy:
            raise DomainError(_("Nobody is her own deputy."), _("Choose a colleague."))
        self._check_period(wish)
        if set(wish.processes) - dict(self.processes()).keys():
            raise DomainError(_("There is no such process (any more)."), _("Choose from the list."))
        self._check_free(wish, deputy)
        return principal, deputy

    def _check_period(self, wish: Wish) -> None:
        if not wish.starts_at < wish.ends_at or wish.ends_at <= self._clock.now():
            raise DomainError(
                _("The period ends before it begins, or is over."), _("Choose a later last day.")
            )
        if wish.ends_at - wish.starts_at > LONGEST:
            raise DomainError(_("A deputy is set for a year at most."), _("Choose an earlier last day."))

    def _check_free(self, wish: Wish, deputy: Person) -> None:
        query = select(Deputy.id).where(
            Deputy.principal_id == wish.principal_id,
            Deputy.deputy_id == wish.deputy_id,
            Deputy.revoked_at.is_(None),
            Deputy.starts_at < wish.ends_at,
            Deputy.ends_at > wish.starts_at,
        )
        if self._session.scalar(query.limit(1)):
            raise DomainError(
                _("${name} is deputy in a part of this period already.", mapping={"name": deputy.name}),
                _("Revoke that period first."),
            )

    def _persons(self, ids: Collection[int]) -> Sequence[Person]:
        return self._session.scalars(select(Person).where(Person.id.in_(ids))).all()

    def _tell(self, row: Deputy, what: str, person_id: int, title: str, text: str) -> None:
        self._push.enqueue(
            DEPUTY,
            row.public_id,
            [person_id],
            title=title,
            description=text,
            path=PATH,
            dedupe_key=f"documents.deputy.{what}:{row.id}",
        )


def _facts(row: Deputy, principal: Person, deputy: Person) -> dict[str, Any]:
    return {
        "principal": principal.public_id,
        "deputy": deputy.public_id,
        "from": row.starts_at.isoformat(),
        "until": row.ends_at.isoformat(),
        "processes": row.processes,
    }


def factory(context: object, request: Request) -> DeputyService:
    return DeputyService(request.db, request.clock, request.audit, request.service(PushService))
