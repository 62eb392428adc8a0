"""Choosing the audience of a notice: what may be chosen, whom it reaches, and who is left out and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.people import AudienceService, Department, PeopleService, Person, Preview, Role, Tag, Term
from xinglin_news.models import Notice, NoticeState, Reach
from xinglin_news.service.authority import Authority
from xinglin_news.service.departments import levels
from xinglin_news.service.errors import MayNotPublish, WrongState
from xinglin_news.service.reach import check_reach

PEOPLE_ROWS = 20


@dataclass(frozen=True)
class Rule:
    """Whom a notice is for: includes minus exclusions."""

    includes: tuple[Term, ...] = ()
    excludes: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Choice:
    """Something that may be chosen; `depth` counts from 0 down the tree of departments."""

    term: Term
    title: str
    note: str = ""
    depth: int = 0
    has_children: bool = False


@dataclass(frozen=True)
class Choices:
    """All that the chooser offers; persons are found by searching instead."""

    departments: list[Choice]
    roles: list[Choice]
    tags: list[Choice]


class AddressingService:
    """The audience of one author's notices; `locale` is the language of descriptions."""

    def __init__(
        self,
        session: Session,
        audit: AuditTrail,
        audiences: AudienceService,
        people: PeopleService,
        authority: Authority,
        locale: str,
    ) -> None:
        self._session = session
        self._audit = audit
        self._audiences = audiences
        self._people = people
        self._authority = authority
        self._locale = locale

    def rule(self, notice: Notice) -> Rule:
        """What has been chosen so far."""
        return Rule(*self._audiences.terms(notice.audience)) if notice.audience else Rule()

    def describe(self, notice: Notice) -> str:
        """The audience in words; empty when none has been chosen."""
        return self._audiences.describe(notice.audience, self._locale) if notice.audience else ""

    def includable(self, notice: Notice) -> Choices:
        """What the column's reach lets the author include."""
        if notice.column.reach == Reach.HOSPITAL:
            return self.excludable()
        key = notice.column.key
        return Choices(self._departments(lambda one: self._authority.covers(key, one.id)), [], [])

    def excludable(self) -> Choices:
        """What may be excluded: anything."""
        roles = self._session.execute(select(Role.id, Role.name).order_by(Role.id))
        tags = self._session.execute(select(Tag.id, Tag.name).order_by(Tag.name))
        return Choices(
            self._departments(lambda _one: True),
            [Choice(Term("role", key), name) for key, name in roles],
            [Choice(Term("tag", key), name) for key, name in tags],
        )

    def people(self, words: str) -> list[Choice]:
        """At most `PEOPLE_ROWS` colleagues by name, pinyin, initials or staff number."""
        if not words:
            return []
        return [_person(one) for one in self._people.search(words, limit=PEOPLE_ROWS)]

    def chosen_people(self, terms: Sequence[Term]) -> list[Choice]:
        """The persons among `terms`, with what tells two of one name apart."""
        keys = [term.id for term in terms if term.kind == "person"]
        query = select(Person).where(Person.id.in_(keys)).order_by(Person.pinyin, Person.id)
        return [_person(one) for one in self._session.scalars(query)] if keys else []

    def preview(self, notice: Notice, rule: Rule) -> Preview | None:
        """Whom the rule would reach; None while nothing is included. Raises `OutsideReach`."""
        if not rule.includes:
            return None
        check_reach(self._session, self._authority, notice.column, rule.includes)
        return self._audiences.preview(rule.includes, rule.excludes, self._locale)

    def save(self, notice: Notice, rule: Rule) -> None:
        """Store the rule with the notice. Raises `OutsideReach`, `MayNotPublish`, or `WrongState` once published."""
        if notice.state not in (NoticeState.DRAFT, NoticeState.SCHEDULED):
            raise WrongState
        if not self._authority.covers(notice.column.key, notice.department_id):
            raise MayNotPublish
        check_reach(self._session, self._authority, notice.column, rule.includes)
        before = self.describe(notice)
        if notice.audience is None:
            notice.audience = self._audiences.store(rule.includes, rule.excludes)
        else:
            self._audiences.replace(notice.audience, rule.includes, rule.excludes)
        notice.state = NoticeState.DRAFT
        self._session.flush()
        after = {"audience": self.describe(notice)}
        self._audit.record(
            "notice.address", "notice", notice.public_id, before={"audience": before}, after=after
        )

    def _departments(self, is_wanted: Callable[[Department], bool]) -> list[Choice]:
        return [
            Choice(
                Term("department_tree", level.department.id),
                level.department.name,
                "",
                level.depth,
                level.has_children,
            )
            for level in levels(self._people.tree(), is_wanted)
        ]


def _person(one: Person) -> Choice:
    places = "、".join(membership.department.name for membership in one.memberships)
    return Choice(Term("person", one.id), one.name, " ".join(part for part in (places, one.position) if part))


def factory(context: object, request: Request) -> AddressingService:
    return AddressingService(
        request.db,
        request.audit,
        request.service(AudienceService),
        request.service(PeopleService),
        Authority.of(request.identity.grants),
        request.locale_name,
    )
