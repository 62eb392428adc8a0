"""What a reader sees. Every list, link, picture, search, badge and card asks the same `_visible()`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyramid.request import Request
from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.files import StoredFile
from xinglin.api.people import Department, visible
from xinglin.api.push import PushService
from xinglin.types import Clock
from xinglin_news.models import Column, Notice, NoticeState, Picture, Read
from xinglin_news.service.errors import NoticeMissing, NoticeWithdrawn

SEARCH_ROWS = 100
CARD_ROWS = 3
INSERT: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


@dataclass(frozen=True, slots=True)
class Line:
    """A notice in a list; `cover` is the public id of its first picture, if any."""

    public_id: str
    title: str
    column: str
    department: str
    published_at: datetime
    is_read: bool
    cover: str | None


@dataclass(frozen=True)
class Page:
    """A page of a list, newest first; `number` counts from 1, `first` and `last` are numbers of rows."""

    lines: list[Line]
    number: int
    first: int
    last: int
    total: int

    @property
    def has_next(self) -> bool:
        return self.last < self.total


@dataclass(frozen=True)
class PictureLine:
    """A picture of an article: width and height in pixels of the full size."""

    public_id: str
    width: int
    height: int


@dataclass(frozen=True)
class Article:
    """A notice in full, as a reader sees it. `body` is sanitised HTML."""

    id: int
    public_id: str
    title: str
    body: str
    column: str
    department: str
    published_at: datetime
    is_read: bool
    pictures: list[PictureLine]


class ReadingService:
    """Notices as one person sees them; `person_id` is the reader."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        push: PushService,
        person_id: int,
        page_size: int,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._push = push
        self._person_id = person_id
        self._page_size = page_size
        self._in_audience = visible(Notice.audience_id, person_id)

    def columns(self) -> Sequence[Row[str, str]]:
        """Key and title of each column, in their order."""
        rows = select(Column.key, Column.title).where(Column.is_active).order_by(Column.sort_order)
        return self._session.execute(rows).all()

    def page(self, number: int = 1, column_key: str | None = None) -> Page:
        """Page `number` of all that is addressed to the reader, of one column if it is named."""
        query = self._lines().add_columns(func.count().over()).where(self._visible())
        if column_key is not None:
            query = query.where(Column.key == column_key)
        start = (number - 1) * self._page_size
        rows = self._session.execute(query.limit(self._page_size).offset(start)).all()
        total = rows[0][-1] if rows else 0
        return Page(
            [_line(row[:-1]) for row in rows], number, start + 1 if rows else 0, start + len(rows), total
        )

    def search(self, words: str) -> list[Line]:
        """At most `SEARCH_ROWS` notices whose title or text contains every word."""
        conditions = [
            or_(Notice.title.icontains(word, autoescape=True), Notice.text.icontains(word, autoescape=True))
            for word in words.split()
        ]
        if not conditions:
            return []
        query = self._lines().where(self._visible(), *conditions).limit(SEARCH_ROWS)
        return [_line(row) for row in self._session.execute(query)]

    def unread_count(self) -> int:
        """How many notices the reader has not opened yet."""
        query = (
            select(func.count(Notice.id))
            .outerjoin(Read, self._own_read())
            .where(self._visible(), Read.read_at.is_(None))
        )
        return self._session.scalar(query) or 0

    def latest_unread(self) -> list[Line]:
        """The newest unread notices, for the home page."""
        query = self._lines().where(self._visible(), Read.read_at.is_(None)).limit(CARD_ROWS)
        return [_line(row) for row in self._session.execute(query)]

    def article(self, public_id: str) -> Article:
        """The notice; raises `NoticeMissing` for outsiders, `NoticeWithdrawn` for those it was addressed to."""
        query = (
            select(Notice.id, Notice.public_id, Notice.title, Notice.body, Notice.state, Notice.published_at)
            .add_columns(Column.title.label("column"), Department.name.label("department"))
            .add_columns(Read.read_at)
            .join(Column, Column.id == Notice.column_id)
            .join(Department, Department.id == Notice.department_id)
            .outerjoin(Read, self._own_read())
            .where(Notice.public_id == public_id, self._in_audience)
        )
        found = self._session.execute(query).one_or_none()
        if found is None or found.state not in (NoticeState.PUBLISHED, NoticeState.WITHDRAWN):
            raise NoticeMissing
        if found.state == NoticeState.WITHDRAWN:
            raise NoticeWithdrawn
        return _article(found, self._pictures(found.id))

    def picture(self, public_id: str, picture_id: str) -> StoredFile:
        """A picture of a notice the reader may see; raises `NoticeMissing` otherwise."""
        query = (
            select(StoredFile)
            .join(Picture, Picture.file_id == StoredFile.id)
            .join(Notice, Notice.id == Picture.notice_id)
            .where(Notice.public_id == public_id, StoredFile.public_id == picture_id, self._visible())
        )
        stored = self._session.scalars(query).one_or_none()
        if stored is None:
            raise NoticeMissing
        return stored

    def mark_read(self, article: Article) -> None:
        """Write the read receipt of the first opening with its audit record; later openings change nothing."""
        if article.is_read:
            return
        insert = INSERT[self._session.get_bind().dialect.name]
        receipt = {"notice_id": article.id, "person_id": self._person_id, "read_at": self._clock.now()}
        statement = insert(Read).values(receipt).on_conflict_do_nothing().returning(Read.notice_id)
        if self._session.scalar(statement) is None:
            return  # a second tap was faster
        self._push.mark_opened(article.public_id, self._person_id)
        self._audit.record("notice.read", "notice", article.public_id)

    def _visible(self) -> ColumnElement[bool]:
        return and_(Notice.state == NoticeState.PUBLISHED, self._in_audience)

    def _own_read(self) -> ColumnElement[bool]:
        return and_(Read.notice_id == Notice.id, Read.person_id == self._person_id)

    def _lines(self) -> Select[Any]:
        cover = (
            select(StoredFile.public_id)
            .join(Picture, Picture.file_id == StoredFile.id)
            .where(Picture.notice_id == Notice.id)
            .order_by(Picture.id)
            .limit(1)
            .scalar_subquery()
        )
        return (
            select(Notice.public_id, Notice.title, Column.title, Department.name, Notice.published_at)
            .add_columns(Read.read_at, cover)
            .join(Column, Column.id == Notice.column_id)
            .join(Department, Department.id == Notice.department_id)
            .outerjoin(Read, self._own_read())
            .order_by(Notice.published_at.desc(), Notice.id.desc())
        )

    def _pictures(self, notice_id: int) -> list[PictureLine]:
        query = (
            select(StoredFile.public_id, StoredFile.width, StoredFile.height)
            .join(Picture, Picture.file_id == StoredFile.id)
            .where(Picture.notice_id == notice_id)
            .order_by(Picture.id)
        )
        return [
            PictureLine(key, width or 0, height or 0) for key, width, height in self._session.execute(query)
        ]


def _line(row: Sequence[Any]) -> Line:
    public_id, title, column, department, published_at, read_at, cover = row
    return Line(public_id, title, column, department, published_at, read_at is not None, cover)


def _article(found: Row[Any], pictures: list[PictureLine]) -> Article:
    return Article(
        id=found.id,
        public_id=found.public_id,
        title=found.title,
        body=found.body,
        column=found.column,
        department=found.department,
        published_at=found.published_at,
        is_read=found.read_at is not None,
        pictures=pictures,
    )


def factory(context: object, request: Request) -> ReadingService:
    return ReadingService(
        request.db,
        request.clock,
        request.audit,
        request.service(PushService),
        request.identity.id,
        request.plugins.settings_of("news").page_size,
    )
