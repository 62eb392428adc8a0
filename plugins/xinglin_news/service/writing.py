"""Drafts and corrections: who may write what in whose name, pictures, and two editors at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from pyramid.request import Request
from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import Session, contains_eager, joinedload
from sqlalchemy.orm.exc import StaleDataError

from xinglin.api.audit import AuditTrail
from xinglin.api.files import FileRefused, FileStore, StoredFile
from xinglin.api.i18n import translator
from xinglin.api.people import Department, PeopleService
from xinglin.types import Clock
from xinglin_news.models import Attachment, Column, Notice, NoticeState, Picture
from xinglin_news.service.attachments import AttachmentService
from xinglin_news.service.authority import Authority
from xinglin_news.service.cleaning import clean_body, plain_text
from xinglin_news.service.departments import Level, levels
from xinglin_news.service.errors import MayNotPublish, NoticeChanged, NoticeMissing

_ = translator("news")

MINE_ROWS = 100
UNPUBLISHED = (NoticeState.DRAFT, NoticeState.SCHEDULED)


@dataclass(frozen=True)
class Writing:
    """What an editor has typed; `version` is the one she has opened, `publish_at` is aware or None."""

    title: str
    body: str
    publish_at: datetime | None
    version: int


class WritingService:
    """Notices as one author sees them; `author_id` is her person id, `authority` what her grants cover now."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        files: FileStore,
        people: PeopleService,
        authority: Authority,
        author_id: int,
        max_pictures: int,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._files = files
        self._people = people
        self._authority = authority
        self._author_id = author_id
        self._max_pictures = max_pictures

    def columns(self) -> list[Column]:
        """The columns in which she may issue notices."""
        found = self._session.scalars(select(Column).where(Column.is_active).order_by(Column.sort_order))
        return [column for column in found if self._authority.covers(column.key)]

    def departments(self) -> list[Level]:
        """The departments in whose name she may issue notices of at least one column."""
        keys = [column.key for column in self.columns()]
        return levels(
            self._people.tree(), lambda one: any(self._authority.covers(key, one.id) for key in keys)
        )

    def begin(self, column_key: str, department_id: str) -> Notice:
        """A new empty draft, `department_id` being the public one; raises `MayNotPublish`."""
        column = self._session.scalars(
            select(Column).where(Column.key == column_key, Column.is_active)
        ).one_or_none()
        department = self._session.scalars(
            select(Department).where(Department.public_id == department_id)
        ).one_or_none()
        if column is None or department is None or not self._authority.covers(column.key, department.id):
            raise MayNotPublish
        now = self._clock.now()
        notice = Notice(
            column=column, department=department, author_id=self._author_id, created_at=now, updated_at=now
        )
        self._session.add(notice)
        self._session.flush()
        self._audit.record("notice.begin", "notice", notice.public_id, after={"column": column.key})
        return notice

    def find(self, public_id: str) -> Notice:
        """A notice of hers to work on: a draft of her own, or one her grant covers; else `NoticeMissing`."""
        query = select(Notice).where(Notice.public_id == public_id)
        notice = self._session.scalars(
            query.options(joinedload(Notice.column), joinedload(Notice.department), joinedload(Notice.author))
        ).one_or_none()
        if notice is None or not (self._is_own_draft(notice) or self.may_publish(notice)):
            raise NoticeMissing
        return notice

    def may_publish(self, notice: Notice) -> bool:
        """Whether her grant covers the notice at this moment."""
        return self._authority.covers(notice.column.key, notice.department_id)

    def mine(self) -> Sequence[Notice]:
        """The newest notices she may work on: at most `MINE_ROWS`."""
        is_own_draft = and_(Notice.author_id == self._author_id, Notice.state.in_(UNPUBLISHED))
        query = (
            select(Notice)
            .join(Notice.column)
            .where(or_(is_own_draft, *self._covered()))
            .options(contains_eager(Notice.column), joinedload(Notice.department), joinedload(Notice.author))
            .order_by(Notice.updated_at.desc(), Notice.id.desc())
            .limit(MINE_ROWS)
        )
        return self._session.scalars(query).all()

    def save(self, notice: Notice, writing: Writing) -> None:
        """Keep what she typed. A scheduled or withdrawn notice becomes a draft again, a published one is corrected."""
        if notice.version != writing.version:
            raise NoticeChanged
        if notice.state == NoticeState.PUBLISHED and not self.may_publish(notice):
            raise MayNotPublish
        before = _facts(notice)
        try:
            with self._session.begin_nested():
                self._write(notice, writing)
        except StaleDataError as error:
            raise NoticeChanged from error
        self._audit.record("notice.save", "notice", notice.public_id, before=before, after=_facts(notice))

    def add_picture(self, notice: Notice, name: str, stream: BinaryIO, uploaded_by: str) -> None:
        """Append a picture; raises `FileRefused` when it is none, too large, or one too many."""
        if len(notice.pictures) >= self._max_pictures:
            raise FileRefused(
                _("A notice has at most ${count} pictures.", mapping={"count": self._max_pictures}),
                _("Remove one first."),
            )
        stored = self._files.save_picture(name, stream, plugin="news", uploaded_by=uploaded_by)
        notice.pictures.append(Picture(file=stored))
        self._session.flush()
        self._audit.record(
            "notice.add_picture", "notice", notice.public_id, after={"picture": stored.public_id}
        )

    def remove_picture(self, notice: Notice, picture_id: str) -> None:
        """Take a picture out, by the public id of its file; one that is gone already is no error."""
        for picture in [one for one in notice.pictures if one.file.public_id == picture_id]:
            stored = picture.file
            notice.pictures.remove(picture)
            self._session.flush()
            self._files.discard(stored)
            self._audit.record(
                "notice.remove_picture", "notice", notice.public_id, before={"picture": picture_id}
            )

    def picture(self, public_id: str, picture_id: str) -> StoredFile:
        """A picture of a notice she works on, whatever its state."""
        for picture in self.find(public_id).pictures:
            if picture.file.public_id == picture_id:
                return picture.file
        raise NoticeMissing

    def may_see_file(self, file_id: str) -> bool:
        """Whether the file (its public id) is a picture or attachment of a notice she works on, whatever its state."""
        attached = select(Attachment.notice_id).join(Attachment.file).where(StoredFile.public_id == file_id)
        drawn = select(Picture.notice_id).join(Picture.file).where(StoredFile.public_id == file_id)
        query = select(Notice).where(or_(Notice.id.in_(attached), Notice.id.in_(drawn)))
        notice = self._session.scalars(query.options(joinedload(Notice.column))).one_or_none()
        return notice is not None and (self._is_own_draft(notice) or self.may_publish(notice))

    def discard(self, notice: Notice) -> None:
        """Throw a draft away with its pictures and attachments; anything that was ever published is withdrawn instead."""
        if notice.state != NoticeState.DRAFT or notice.published_at is not None:
            raise NoticeChanged
        for picture in list(notice.pictures):
            self.remove_picture(notice, picture.file.public_id)
        AttachmentService(self._session, self._audit, self._files).remove_all(notice)
        self._audit.record("notice.discard", "notice", notice.public_id, before={"title": notice.title})
        self._session.delete(notice)

    def _is_own_draft(self, notice: Notice) -> bool:
        return notice.author_id == self._author_id and notice.state in UNPUBLISHED

    def _covered(self) -> list[ColumnElement[bool]]:
        """For each grant the notices that it covers; no departments in a grant = not narrowed to any."""
        covered = []
        for grant in self._authority.grants:
            is_column = true() if grant.object_key is None else Column.key == grant.object_key
            ids = grant.department_ids
            covered.append(and_(is_column, Notice.department_id.in_(ids) if ids else true()))
        return covered

    def _write(self, notice: Notice, writing: Writing) -> None:
        notice.title = writing.title
        notice.body = clean_body(writing.body)
        notice.text = plain_text(notice.body)
        notice.updated_at = self._clock.now()
        if notice.state != NoticeState.PUBLISHED:
            notice.state, notice.returned = NoticeState.DRAFT, None
            notice.publish_at = writing.publish_at


def _facts(notice: Notice) -> dict[str, str]:
    return {"title": notice.title, "text": notice.text, "state": notice.state}


def factory(context: object, request: Request) -> WritingService:
    return WritingService(
        request.db,
        request.clock,
        request.audit,
        request.files,
        request.service(PeopleService),
        Authority.of(request.identity.grants),
        request.identity.id,
        request.plugins.settings_of("news").max_pictures,
    )
