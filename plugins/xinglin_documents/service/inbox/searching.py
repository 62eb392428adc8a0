"""Finding documents by words: titles, starters, and numbers in whatever brackets they are written."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select, true

from xinglin_documents.models import DocumentNumber, Item, OfficialDocument
from xinglin_documents.service.official.spelling import fold

MOST_WORDS = 8


def finds(query: str) -> ColumnElement[bool]:
    """SQL condition: every word stands in title, starter or number; `%` and `_` mean themselves."""
    words = query.split()[:MOST_WORDS]
    return and_(true(), *(_finds_word(word) for word in words))


def _finds_word(word: str) -> ColumnElement[bool]:
    ways = [
        Item.title.icontains(word, autoescape=True),
        Item.starter_name.icontains(word, autoescape=True),
        Item.number.icontains(word, autoescape=True),
    ]
    folded = fold(word)
    if folded:
        issued = select(DocumentNumber.item_id).where(
            DocumentNumber.folded.contains(folded, autoescape=True), DocumentNumber.item_id.is_not(None)
        )
        received = select(OfficialDocument.id).where(
            OfficialDocument.origin_folded.contains(folded, autoescape=True)
        )
        ways += [Item.id.in_(issued), Item.id.in_(received)]
    return or_(*ways)
