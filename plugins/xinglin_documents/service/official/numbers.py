"""The register of numbers: issued in order, reserved ones used or voided, nothing lost, nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pyramid.request import Request
from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, select
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.i18n import translator
from xinglin.api.security import current
from xinglin.api.services import NotFound
from xinglin.types import Clock
from xinglin_documents.models import (
    DocumentNumber,
    Item,
    ItemStatus,
    NumberState,
    OfficialDocument,
    Series,
)
from xinglin_documents.service.official.errors import OfficialRefused, unknown_series
from xinglin_documents.service.official.heads import set_aside
from xinglin_documents.service.official.reach import Reach
from xinglin_documents.service.official.spelling import fold, is_whole

_ = translator("documents")
ROWS = 50
UNFINISHED = (ItemStatus.TERMINATED, ItemStatus.REJECTED, ItemStatus.WITHDRAWN)
"""Ends of a document that nobody will seal any more."""


@dataclass(frozen=True)
class NumberPage:
    """`count` is that of the whole list as narrowed; `waiting` are reserved numbers of any year that have no document.

    `lost`: those of documents that ended before their seal, which are to be voided.
    """

    numbers: Sequence[DocumentNumber]
    count: int
    waiting: Sequence[DocumentNumber]
    lost: Sequence[DocumentNumber] = ()


class NumberService:
    """Whoever takes a number holds the row of its series until the transaction ends.

    So the next number is seen only after this one is in force, and one that is rolled back leaves no gap. SQLite has
    one writer at a time anyhow.
    """

    def __init__(
        self, session: Session, clock: Clock, audit: AuditTrail, zone: ZoneInfo, person_id: int, reach: Reach
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._zone = zone
        self._person_id = person_id
        self._reach = reach

    def series(self) -> Sequence[Series]:
        """Those that the person's office keeps and that are in use."""
        query = select(Series).where(Series.is_active).order_by(Series.sort_order, Series.id)
        return [one for one in self._session.scalars(query) if self._reach.covers(one.department_id)]

    def issue(self, series_key: str, item: Item, at: datetime) -> DocumentNumber:
        """The number of this document; a document that has one keeps it. The year is the hospital's at `at`."""
        series = self._locked(series_key)
        known = self.of_item(item)
        if known is not None:
            return known
        number = self._next(series, at, NumberState.ISSUED)
        self._give(number, item)
        self._audit.record(
            "documents.issue_number", "document", item.public_id, after={"number": number.text}
        )
        return number

    def reserve(self, series_key: str, at: datetime, reason: str) -> DocumentNumber:
        """Keep the next number for a document to come; the register lists it until it is used or voided."""
        series = self._locked(series_key)
        self._check_reach(series)
        number = self._next(series, at, NumberState.RESERVED)
        number.reason = reason
        self._session.flush()
        facts = {"number": number.text}
        self._audit.record("documents.reserve_number", "document_number", number.public_id, after=facts)
        return number

    def use(self, number: DocumentNumber, item: Item) -> DocumentNumber:
        """Give a reserved number to a document. Raises `OfficialRefused` when it has one, or the number is taken."""
        self._locked(number.series.key)
        self._session.refresh(number)
        if number.item_id == item.id and number.state == NumberState.ISSUED:
            return number
        if number.state != NumberState.RESERVED:
            raise OfficialRefused(_("The number ${number} is not free.", mapping={"number": number.text}))
        if self.of_item(item) is not None:
            raise OfficialRefused(_("The document has a number already."))
        number.state, number.issued_at = NumberState.ISSUED, self._clock.now()
        self._give(number, item)
        facts = {"number": number.text}
        self._audit.record("documents.issue_number", "document", item.public_id, after=facts)
        return number

    def void(self, number: DocumentNumber, reason: str) -> None:
        """Take the number out of use for ever; it stays in the register with the reason.

        Raises `OfficialRefused` when the final document with this number is sealed, or without a reason.
        """
        if number.item_id is not None:  # the document before the series, as at the steps of the office
            held = select(Item.id).where(Item.id == number.item_id).with_for_update(key_share=True)
            self._session.execute(held)
        self._locked(number.series.key)
        self._session.refresh(number)
        self._check_reach(number.series)
        if number.state == NumberState.VOIDED:
            return
        if not reason.strip():
            raise OfficialRefused(_("A number is voided only with a reason."), _("Write why."), status=422)
        self._release(number)
        before = {"number": number.text, "state": str(number.state)}
        number.state, number.reason = NumberState.VOIDED, reason.strip()
        number.voided_at, number.voided_by_id = self._clock.now(), self._person_id
        self._session.flush()
        self._audit.record("documents.void_number", "document_number", number.public_id, before=before)

    def of_item(self, item: Item) -> DocumentNumber | None:
        """The number that a document has now."""
        query = select(DocumentNumber).where(
            DocumentNumber.item_id == item.id, DocumentNumber.state == NumberState.ISSUED
        )
        return self._session.scalar(query)

    def find(self, public_id: str) -> DocumentNumber:
        """Raises `NotFound` for a number of a series that another office keeps."""
        found = self._session.scalar(select(DocumentNumber).where(DocumentNumber.public_id == public_id))
        if found is None or not self._reach.covers(found.series.department_id):
            raise NotFound(_("This number is not in your register."))
        return found

    def page(
        self, *, series: str = "", year: int | None = None, query: str = "", page: int = 1
    ) -> NumberPage:
        """Newest first; `query` in any spelling."""
        conditions: list[ColumnElement[bool]] = [
            DocumentNumber.series_id.in_([one.id for one in self.series()])
        ]
        waiting = (*conditions, DocumentNumber.state == NumberState.RESERVED)
        lost = (*conditions, DocumentNumber.item_id.in_(_ended_unsealed()))
        if series:
            keyed = select(Series.id).where(Series.key == series).scalar_subquery()
            conditions.append(DocumentNumber.series_id == keyed)
        if year:
            conditions.append(DocumentNumber.year == year)
        if query:
            conditions.append(matches(DocumentNumber.folded, query))
        order = (DocumentNumber.year.desc(), DocumentNumber.series_id, DocumentNumber.number.desc())
        found = select(DocumentNumber).where(*conditions).order_by(*order)
        count = self._session.scalar(select(func.count()).select_from(DocumentNumber).where(*conditions)) or 0
        return NumberPage(
            self._session.scalars(found.offset((page - 1) * ROWS).limit(ROWS)).all(),
            count,
            self._session.scalars(select(DocumentNumber).where(*waiting).order_by(DocumentNumber.id)).all(),
            self._session.scalars(
                select(DocumentNumber)
                .where(*lost, DocumentNumber.state == NumberState.ISSUED)
                .order_by(DocumentNumber.id)
            ).all(),
        )

    def _locked(self, series_key: str) -> Series:
        query = select(Series).where(Series.key == series_key, Series.is_active).with_for_update()
        series = self._session.scalar(query)
        if series is None:
            raise unknown_series(series_key)
        return series

    def _next(self, series: Series, at: datetime, state: NumberState) -> DocumentNumber:
        year = at.astimezone(self._zone).year
        last = self._session.scalar(
            select(func.max(DocumentNumber.number)).where(
                DocumentNumber.series_id == series.id, DocumentNumber.year == year
            )
        )
        count = (last or 0) + 1
        text = series.pattern.format(year=year, number=count)
        number = DocumentNumber(
            series=series,
            year=year,
            number=count,
            text=text,
            folded=fold(text),
            state=state,
            issued_by_id=self._person_id,
            issued_at=at,
        )
        self._session.add(number)
        self._session.flush()
        return number

    def _give(self, number: DocumentNumber, item: Item) -> None:
        number.item_id = item.id
        item.number = number.text
        document = self._session.get(OfficialDocument, item.id)
        if document is not None:
            document.series_id = number.series_id
        self._session.flush()

    def _release(self, number: DocumentNumber) -> None:
        """The document may get another number; a red head that was made with this one is no longer good."""
        if number.item_id is None:
            return
        document = self._session.get(OfficialDocument, number.item_id, with_for_update=True)
        if document is not None and document.locked_at is not None:
            raise OfficialRefused(
                _("The sealed document bears the number ${number}.", mapping={"number": number.text}),
                _("A sealed number cannot be voided; issue a new document that repeals this one."),
            )
        if document is not None:
            set_aside(self._session, document, self._clock.now())
            document.head_due_at, document.head_problem = None, ""
        self._session.get_one(Item, number.item_id).number = ""

    def _check_reach(self, series: Series) -> None:
        if not self._reach.covers(series.department_id):
            raise OfficialRefused(_("Another office keeps this number series."), status=403)


def _ended_unsealed() -> Select[int]:
    """Ids of documents that ended without their final document being sealed, so that their number says nothing."""
    return (
        select(Item.id)
        .outerjoin(OfficialDocument, OfficialDocument.id == Item.id)
        .where(Item.status.in_(UNFINISHED), OfficialDocument.locked_at.is_(None))
    )


def matches(column: SQLColumnExpression[str], query: str) -> ColumnElement[bool]:
    """SQL condition: the folded column has what was typed, in any spelling."""
    folded = fold(query)
    return (
        column.endswith(folded, autoescape=True)
        if is_whole(query)
        else column.contains(folded, autoescape=True)
    )


def for_office(request: Request) -> NumberService:
    """For the step of a process whose task the person holds: the process says which series, whatever her grants."""
    whole = Reach(is_granted=True, departments=None)
    person_id = current(request).id
    return NumberService(request.db, request.clock, request.audit, request.settings.zone, person_id, whole)


def factory(context: object, request: Request) -> NumberService:
    identity = current(request)
    return NumberService(
        request.db,
        request.clock,
        request.audit,
        request.settings.zone,
        identity.id,
        Reach.of(identity.grants),
    )
