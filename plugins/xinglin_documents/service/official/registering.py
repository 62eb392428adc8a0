"""The register of official documents, in and out, as the document office searches it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pyramid.request import Request
from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.i18n import translator
from xinglin.api.security import current
from xinglin.api.services import NotFound
from xinglin_documents.models import (
    Direction,
    Distribution,
    DocumentNumber,
    Item,
    OfficialDocument,
    Receipt,
    Series,
    Supervision,
    SupervisionState,
)
from xinglin_documents.service.official.numbers import matches
from xinglin_documents.service.official.reach import Reach, may_know
from xinglin_documents.service.official.spelling import fold

_ = translator("documents")
ROWS = 50
MOST_EXPORTED = 10_000


@dataclass(frozen=True)
class RegisterQuery:
    """How the register is narrowed; `year` is the hospital's; `query` finds titles, origins and numbers in any spelling."""

    query: str = ""
    direction: str = ""
    series: str = ""
    year: int | None = None
    page: int = 1


@dataclass(frozen=True)
class Line:
    """A line of the register. Of a closed document that the person may not know there is a number, but no `title`."""

    document: OfficialDocument
    item: Item
    title: str
    is_known: bool


@dataclass(frozen=True)
class RegisterPage:
    lines: Sequence[Line]
    count: int


@dataclass(frozen=True)
class Counts:
    """Of one document: to how many it was sent, how many opened and signed, supervision tasks that are not closed."""

    sent: int
    opened: int
    signed: int
    tasks: int


class RegisterService:
    """The register within the reach of one office."""

    def __init__(
        self, session: Session, audit: AuditTrail, zone: ZoneInfo, person_id: int, reach: Reach
    ) -> None:
        self._session = session
        self._audit = audit
        self._zone = zone
        self._person_id = person_id
        self._reach = reach

    def page(self, wanted: RegisterQuery) -> RegisterPage:
        """Newest first. Raises `NotFound` for who keeps no register."""
        conditions = self._conditions(wanted)
        count = self._session.scalar(
            select(func.count()).select_from(OfficialDocument).join(OfficialDocument.item).where(*conditions)
        )
        found = self._ordered(conditions).offset((wanted.page - 1) * ROWS).limit(ROWS)
        return RegisterPage(self._lines(found), count or 0)

    def export(self, wanted: RegisterQuery) -> Sequence[Line]:
        """All that `wanted` finds, at most 10,000; who took it is on record."""
        lines = self._lines(self._ordered(self._conditions(wanted)).limit(MOST_EXPORTED))
        facts = {
            "rows": len(lines),
            "query": wanted.query,
            "direction": wanted.direction,
            "series": wanted.series,
            "year": wanted.year,
        }
        self._audit.record("documents.export_register", "documents_register", "", after=facts)
        return lines

    def find(self, public_id: str) -> Line:
        """The line of one document. Raises `NotFound` outside the reach, and for a closed one that is not hers to know."""
        condition = and_(Item.public_id == public_id, self._is_inside())
        lines = self._lines(self._ordered([condition]))
        if not lines or not lines[0].is_known:
            raise NotFound(_("This document is not in your register."))
        return lines[0]

    def counts(self, item: Item) -> Counts:
        sent = (
            select(
                func.count(Receipt.person_id.distinct()),
                func.count(case((Receipt.opened_at.is_not(None), Receipt.person_id)).distinct()),
                func.count(case((Receipt.signed_at.is_not(None), Receipt.person_id)).distinct()),
            )
            .join(Distribution, Distribution.id == Receipt.distribution_id)
            .where(Distribution.item_id == item.id)
        )
        tasks = select(func.count()).where(
            Supervision.item_id == item.id, Supervision.state != SupervisionState.CLOSED
        )
        return Counts(*self._session.execute(sent).one(), self._session.scalar(tasks) or 0)

    def years(self) -> list[int]:
        """Local years in which anything was registered, the newest first."""
        first, last = self._session.execute(
            select(func.min(OfficialDocument.registered_at), func.max(OfficialDocument.registered_at))
        ).one()
        if first is None:
            return []
        return list(range(self._local(last).year, self._local(first).year - 1, -1))

    def _conditions(self, wanted: RegisterQuery) -> list[ColumnElement[bool]]:
        conditions = [self._is_inside()]
        if wanted.direction:
            conditions.append(OfficialDocument.direction == Direction(wanted.direction))
        if wanted.series:
            keyed = select(Series.id).where(Series.key == wanted.series).scalar_subquery()
            conditions.append(OfficialDocument.series_id == keyed)
        if wanted.year:
            start, end = (datetime(year, 1, 1, tzinfo=self._zone) for year in (wanted.year, wanted.year + 1))
            conditions += [OfficialDocument.registered_at >= start, OfficialDocument.registered_at < end]
        if wanted.query.strip():
            conditions.append(self._has(wanted.query.strip()))
        return conditions

    def _has(self, words: str) -> ColumnElement[bool]:
        """A title is found only by who may know the document; a number by the office that keeps it."""
        numbered = or_(Item.id.in_(self._numbered(words)), matches(OfficialDocument.origin_folded, words))
        texts = or_(
            Item.title.contains(words, autoescape=True),
            OfficialDocument.origin.contains(words, autoescape=True),
        )
        return or_(numbered, and_(texts, may_know(self._person_id))) if fold(words) else texts

    def _numbered(self, words: str) -> Select[int | None]:
        return select(DocumentNumber.item_id).where(
            DocumentNumber.item_id.is_not(None), matches(DocumentNumber.folded, words)
        )

    def _is_inside(self) -> ColumnElement[bool]:
        if not self._reach.is_granted:
            raise NotFound(_("You do not keep a register."))
        if self._reach.departments is None:
            return true()
        return or_(Item.department_id.is_(None), Item.department_id.in_(self._reach.departments))

    def _ordered(self, conditions: Sequence[ColumnElement[bool]]) -> Select[OfficialDocument, Item, bool]:
        return (
            select(OfficialDocument, Item, may_know(self._person_id))
            .join(OfficialDocument.item)
            .where(*conditions)
            .order_by(OfficialDocument.registered_at.desc(), OfficialDocument.id.desc())
        )

    def _lines(self, query: Select[OfficialDocument, Item, bool]) -> list[Line]:
        found = self._session.execute(query)
        return [
            Line(document, item, item.title if is_known else "", bool(is_known))
            for document, item, is_known in found
        ]

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone)


def factory(context: object, request: Request) -> RegisterService:
    identity = current(request)
    return RegisterService(
        request.db, request.audit, request.settings.zone, identity.id, Reach.of(identity.grants)
    )
