"""What a reader sees. Every list, link, picture, attachment, search, badge and card asks the same `queries.is_visible`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pyramid.request import Request
from sqlalchemy import Result, Row, Select, or_
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.db import ask
from xinglin.api.files import FileState, StoredFile
from xinglin.api.push import PushService
from xinglin.types import Clock
from xinglin_news.models import Notice, NoticeState, Read
from xinglin_news.service import queries
from xinglin_news.service.errors import NoticeMissing, NoticeWithdrawn

SEARCH_ROWS = 100
CARD_ROWS = 3


class Line(NamedTuple):
    """A notice in a list, in the order of `queries.lines`; `cover` is the public id of its first picture, if any."""

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
class AttachmentLine:
    """An attachment of an article: `size` in bytes; while `is_waiting` for the virus check it cannot be opened."""

    public_id: str
    name: str
    size: int
    is_waiting: bool


@dataclass(frozen=True)
class Article:
    """A notice in full, as a reader sees it. `body` is sanitised HTML; `has_unopened`: a message led or leads here."""

    id: int
    public_id: str
    title: str
    body: str
    column: str
    department: str
    published_at: datetime
    is_read: bool
    has_unopened: bool
    pictures: list[PictureLine]
    attachments: list[AttachmentLine]


class ReadingService:
    """Notices as one person sees them; `person_id` is the reader, `locale` the language of names."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        push: PushService,
        person_id: int,
        page_size: int,
        locale: str = "zh_CN",
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._push = push
        self._person_id = person_id
        self._page_size = page_size
        self._is_english = locale == "en"
        self._known_unread: int | None = None

    def columns(self) -> Sequence[Row[Any]]:
        """Key and title of each column, in their order."""
        return self._ask(queries.columns()).all()

    def page(self, number: int = 1, column_key: str | None = None) -> Page:
        """Page `number` of all that is addressed to the reader, of one column if it is named."""
        start = (number - 1) * self._page_size
        facts = {"rows": self._page_size, "start": start, "column": column_key}
        rows = self._ask(queries.page(of_column=column_key is not None), **facts).all()
        lines = [_line(row) for row in rows]
        if not rows:
            return Page(lines, number, first=0, last=0, total=0)
        self._known_unread = rows[0].unread
        return Page(lines, number, first=start + 1, last=start + len(rows), total=rows[0].total)

    def search(self, words: str) -> list[Line]:
        """At most `SEARCH_ROWS` notices whose title or text contains every word."""
        conditions = [
            or_(Notice.title.icontains(word, autoescape=True), Notice.text.icontains(word, autoescape=True))
            for word in words.split()
        ]
        if not conditions:
            return []
        found = queries.mine().where(*conditions).limit(SEARCH_ROWS)
        return [_line(row) for row in self._ask(queries.lines(found))]

    def unread_count(self) -> int:
        """How many notices the reader has not opened yet."""
        return self._ask(queries.unread_count()).scalar_one()

    def badge(self) -> int:
        """`unread_count` beside a page of this service: what the page has asked is not asked again."""
        return self.unread_count() if self._known_unread is None else self._known_unread

    def latest_unread(self) -> list[Line]:
        """The newest unread notices, for the home page."""
        rows = self._ask(queries.unread_lines(), rows=CARD_ROWS).all()
        self._known_unread = rows[0].unread if rows else 0
        return [_line(row) for row in rows]

    def article(self, public_id: str) -> Article:
        """The notice; raises `NoticeMissing` for outsiders, `NoticeWithdrawn` for those it was addressed to.

        From here on `badge` counts it as read.
        """
        found = self._ask(queries.article(), public_id=public_id).one_or_none()
        if found is None or found.state not in (NoticeState.PUBLISHED, NoticeState.WITHDRAWN):
            raise NoticeMissing
        if found.state == NoticeState.WITHDRAWN:
            raise NoticeWithdrawn
        self._known_unread = found.others_unread
        pictures = self._pictures(found.id) if found.has_pictures else []
        return _article(found, pictures, self._attachments(found.id) if found.has_attachments else [])

    def _pictures(self, notice_id: int) -> list[PictureLine]:
        return [
            PictureLine(row.public_id, row.width or 0, row.height or 0)
            for row in self._ask(queries.pictures(), notice_id=notice_id)
        ]

    def _attachments(self, notice_id: int) -> list[AttachmentLine]:
        return [
            AttachmentLine(row.public_id, row.name, row.size, row.state == FileState.PENDING)
            for row in self._ask(queries.attachments(), notice_id=notice_id)
        ]

    def picture(self, public_id: str, picture_id: str) -> StoredFile:
        """A picture of a notice the reader may see; raises `NoticeMissing` otherwise."""
        facts = {"reader": self._person_id, "public_id": public_id, "picture_id": picture_id}
        stored: StoredFile | None = self._session.scalar(queries.picture(), facts)
        if stored is None:
            raise NoticeMissing
        return stored

    def may_see_file(self, file_id: str) -> bool:
        """Whether the file (its public id) is a picture or attachment of a notice the reader may see."""
        facts = {"reader": self._person_id, "file": file_id}
        return self._session.scalar(queries.shown_file(), facts) is not None

    def mark_read(self, article: Article) -> None:
        """Write the read receipt of the first opening with its audit record; later openings change nothing."""
        if article.is_read:
            return
        receipt = {"notice_id": article.id, "person_id": self._person_id, "read_at": self._clock.now()}
        is_first = self._audit.insert_once(Read, "notice.read", "notice", article.public_id, **receipt)
        if is_first and article.has_unopened:
            self._push.mark_opened(article.public_id, self._person_id)

    def _ask(self, query: Select[*tuple[Any, ...]], **facts: Any) -> Result[Any]:
        return ask(self._session, query, reader=self._person_id, english=self._is_english, **facts)


def _line(row: Sequence[Any]) -> Line:
    return Line._make(row[: len(Line._fields)])


def _article(found: Row[Any], pictures: list[PictureLine], attachments: list[AttachmentLine]) -> Article:
    return Article(
        id=found.id,
        public_id=found.public_id,
        title=found.title,
        body=found.body,
        column=found.column,
        department=found.department,
        published_at=found.published_at,
        is_read=found.read_at is not None,
        has_unopened=found.has_unopened,
        pictures=pictures,
        attachments=attachments,
    )


def factory(context: object, request: Request) -> ReadingService:
    return ReadingService(
        request.db,
        request.clock,
        request.audit,
        request.service(PushService),
        request.identity.id,
        request.plugins.settings_of("news").page_size,
        request.locale_name,
    )
