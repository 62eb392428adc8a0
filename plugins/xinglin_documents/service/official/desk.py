"""What pages of official documents ask for, and what their forms offer to choose from."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.files import StoredFile
from xinglin.api.people import Department
from xinglin_documents.models import DocumentNumber, Item, NumberState, OfficialDocument, Series
from xinglin_documents.service.official.naming import one_person, persons_of
from xinglin_documents.service.official.numbers import UNFINISHED
from xinglin_documents.service.official.signatories import Signatory, signatories
from xinglin_documents.service.operations import Standing, standing

MOST_OFFERED = 50


class Desk:
    """Only reads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def document(self, item: Item) -> OfficialDocument | None:
        return self._session.get(OfficialDocument, item.id)

    def final_file(self, document: OfficialDocument) -> StoredFile | None:
        if document.final_file_id is None:
            return None
        return self._session.get_one(StoredFile, document.final_file_id)

    def series(self) -> Sequence[Series]:
        return self._session.scalars(select(Series).where(Series.is_active).order_by(Series.sort_order)).all()

    def numbers_in(self, state: NumberState) -> Sequence[DocumentNumber]:
        """The oldest first."""
        query = select(DocumentNumber).where(DocumentNumber.state == state).order_by(DocumentNumber.id)
        return self._session.scalars(query.limit(MOST_OFFERED)).all()

    def signatories(self, item: Item, without: Collection[str]) -> Sequence[Signatory]:
        return signatories(self._session, item.id, without)

    def is_number_lost(self, item: Item) -> bool:
        """Whether the document ended before its seal and still has a number."""
        document = self.document(item)
        is_sealed = document is not None and document.locked_at is not None
        return bool(item.number) and item.status in UNFINISHED and not is_sealed

    def standing(self, item: Item) -> Standing:
        """How far the operations of the document are."""
        return standing(self._session, item.id)

    def persons_of(self, words: str) -> tuple[int, ...]:
        """Persons as they are typed, see `naming`."""
        return persons_of(self._session, words)

    def one_person(self, words: str) -> int:
        return one_person(self._session, words)

    def departments(self) -> Sequence[Department]:
        """In the order of the organisation tree."""
        query = (
            select(Department).where(Department.is_active).order_by(Department.path, Department.sort_order)
        )
        return self._session.scalars(query).all()


def factory(context: object, request: Request) -> Desk:
    return Desk(request.db)
