"""The questions of the readers' pages, built once: they are asked at every tap, and building costs more than asking.

`reader` is the person who looks, `english` whether names are wanted in English as far as there are any. All of them stand on `in_audience`, the one oracle of who may see what.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from xinglin.api.files import FileState, StoredFile
from xinglin.api.people import Department, visible
from xinglin.api.push import is_unopened
from xinglin_news.models import Attachment, Column, Notice, NoticeState, Picture, Read

SHOWN = (FileState.CLEAN, FileState.UNSCANNED, FileState.PENDING)
"""Attachments that readers see; one that still waits for the virus check is named, but cannot be opened."""
READER: BindParameter[int] = bindparam("reader", type_=Integer)
ENGLISH: BindParameter[bool] = bindparam("english", type_=Boolean)


def in_audience(notice: Any = Notice, *, is_list: bool = False) -> ColumnElement[bool]:
    """Whether the notice is addressed to the reader."""
    return visible(
        notice.audience_id, cast("int", READER), is_list=is_list
    )  # a parameter stands for the number


def is_visible(notice: Any = Notice, *, is_list: bool = False) -> ColumnElement[bool]:
    """Whether the reader may see the notice now."""
    return and_(notice.state == NoticeState.PUBLISHED, in_audience(notice, is_list=is_list))


@cache
def mine() -> Select[Any]:
    """What the reader may see, newest first."""
    return (
        select(Notice.id, Notice.public_id, Notice.title, Notice.column_id, Notice.department_id)
        .add_columns(Notice.published_at, Read.read_at)
        .outerjoin(Read, _own_read())
        .where(is_visible(is_list=True))
        .order_by(Notice.published_at.desc(), Notice.id.desc())
    )


def lines(found: Select[Any]) -> Select[Any]:
    """Rows of `reading.Line`. `found` is a piece of `mine`: only its rows are adorned."""
    one = found.subquery().c
    cover = (
        select(StoredFile.public_id)
        .join(Picture, Picture.file_id == StoredFile.id)
        .where(Picture.notice_id == one.id)
        .order_by(Picture.id)
        .limit(1)
        .scalar_subquery()
    )
    is_read = one.read_at.is_not(None)
    return (
        select(one.public_id, one.title, _column_title(), _department_name(), one.published_at, is_read)
        .add_columns(cover.label("cover"))
        .join(Column, Column.id == one.column_id)
        .join(Department, Department.id == one.department_id)
        .order_by(one.published_at.desc(), one.id.desc())
    )


@cache
def page(*, of_column: bool) -> Select[Any]:
    """A piece of all `lines`, how many there are (`total`), and how many are `unread` in all columns.

    Parameters: `rows`, `start`, and `column` (a key). What the reader may see is found once for piece and counts.
    """
    seen = mine().order_by(None).cte("mine")
    key = select(Column.id).where(Column.key == bindparam("column")).correlate(None).scalar_subquery()
    is_chosen = seen.c.column_id == key if of_column else true()
    piece = select(seen).where(is_chosen).order_by(seen.c.published_at.desc(), seen.c.id.desc())
    total = select(func.count(seen.c.id)).where(is_chosen).scalar_subquery()
    unread = select(func.count(seen.c.id)).where(seen.c.read_at.is_(None)).scalar_subquery()
    return lines(piece.limit(bindparam("rows")).offset(bindparam("start"))).add_columns(
        total.label("total"), unread.label("unread")
    )


@cache
def unread_lines() -> Select[Any]:
    """The newest `rows` that the reader has not opened, and how many `unread` there are."""
    unread = mine().where(Read.read_at.is_(None)).order_by(None).cte("mine")
    piece = select(unread).order_by(unread.c.published_at.desc(), unread.c.id.desc())
    count = select(func.count(unread.c.id)).scalar_subquery()
    return lines(piece.limit(bindparam("rows"))).add_columns(count.label("unread"))


@cache
def unread_count() -> Select[int]:
    """How many visible notices the reader has not opened."""
    return _unread(Notice)


def _unread(notice: Any) -> Select[int]:
    opened = select(Read.notice_id).where(Read.person_id == READER).correlate(None)
    return select(func.count(notice.id)).where(is_visible(notice, is_list=True), notice.id.not_in(opened))


@cache
def columns() -> Select[str, str]:
    """Key and title of each column, in their order."""
    return select(Column.key, _column_title()).where(Column.is_active).order_by(Column.sort_order)


@cache
def article() -> Select[Any]:
    """The notice `public_id` in any state, if it is addressed to the reader, and how many others are unread."""
    other = aliased(Notice)
    others_unread = _unread(other).where(other.public_id != bindparam("public_id")).scalar_subquery()
    return (
        select(Notice.id, Notice.public_id, Notice.title, Notice.body, Notice.state, Notice.published_at)
        .add_columns(_column_title().label("column"), _department_name().label("department"), Read.read_at)
        .add_columns(exists().where(Picture.notice_id == Notice.id).label("has_pictures"))
        .add_columns(exists().where(Attachment.notice_id == Notice.id).label("has_attachments"))
        .add_columns(others_unread.label("others_unread"))
        .add_columns(is_unopened(Notice.public_id, cast("int", READER)).label("has_unopened"))
        .join(Column, Column.id == Notice.column_id)
        .join(Department, Department.id == Notice.department_id)
        .outerjoin(Read, _own_read())
        .where(Notice.public_id == bindparam("public_id"), in_audience())
    )


@cache
def pictures() -> Select[str, int | None, int | None]:
    """Public id, width and height of the pictures of `notice_id`, the cover first."""
    return (
        select(StoredFile.public_id, StoredFile.width, StoredFile.height)
        .join(Picture, Picture.file_id == StoredFile.id)
        .where(Picture.notice_id == bindparam("notice_id"))
        .order_by(Picture.id)
    )


@cache
def picture() -> Select[StoredFile]:
    """The stored file `picture_id` of the notice `public_id`, if the reader may see the notice."""
    return (
        select(StoredFile)
        .join(Picture, Picture.file_id == StoredFile.id)
        .join(Notice, Notice.id == Picture.notice_id)
        .where(
            Notice.public_id == bindparam("public_id"),
            StoredFile.public_id == bindparam("picture_id"),
            is_visible(),
        )
    )


@cache
def attachments() -> Select[str, str, int, str]:
    """Public id, name, size and state of the attachments of `notice_id` that readers see, in their order."""
    return (
        select(StoredFile.public_id, StoredFile.name, StoredFile.size, StoredFile.state)
        .join(Attachment, Attachment.file_id == StoredFile.id)
        .where(Attachment.notice_id == bindparam("notice_id"), StoredFile.state.in_(SHOWN))
        .order_by(Attachment.position, Attachment.id)
    )


@cache
def shown_file() -> Select[int]:
    """A row if the stored file `file` is a picture or attachment of a notice that the reader may see."""
    found: BindParameter[str] = bindparam("file", type_=String)
    attached = select(Attachment.notice_id).join(Attachment.file)
    drawn = select(Picture.notice_id).join(Picture.file)
    ids = or_(
        Notice.id.in_(attached.where(StoredFile.public_id == found, StoredFile.state.in_(SHOWN))),
        Notice.id.in_(drawn.where(StoredFile.public_id == found)),
    )
    return select(Notice.id).where(ids, is_visible()).limit(1)


def _column_title() -> ColumnElement[str]:
    return case((and_(ENGLISH, Column.title_en != ""), Column.title_en), else_=Column.title)


def _department_name() -> ColumnElement[str]:
    return case((and_(ENGLISH, Department.name_en != ""), Department.name_en), else_=Department.name)


def _own_read() -> ColumnElement[bool]:
    return and_(Read.notice_id == Notice.id, Read.person_id == READER)
