"""The questions of the readers' pages, built once: they are asked at every tap, and building costs more than asking.

`reader` is the person who looks. All of them stand on `in_audience`, the one oracle of who may see what.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from sqlalchemy import BindParameter, ColumnElement, Integer, Select, and_, bindparam, func, select

from xinglin.api.files import StoredFile
from xinglin.api.people import Department, visible
from xinglin_news.models import Column, Notice, NoticeState, Picture, Read

READER: BindParameter[int] = bindparam("reader", type_=Integer)


def in_audience() -> ColumnElement[bool]:
    """Whether the notice is addressed to the reader."""
    return visible(Notice.audience_id, cast("int", READER))  # a parameter stands where a number would


def is_visible() -> ColumnElement[bool]:
    """Whether the reader may see the notice now."""
    return and_(Notice.state == NoticeState.PUBLISHED, in_audience())


@cache
def lines() -> Select[Any]:
    """Rows of `reading.Line` for the reader, newest first, with `read_at` and `cover` at the end."""
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
        .outerjoin(Read, _own_read())
        .where(is_visible())
        .order_by(Notice.published_at.desc(), Notice.id.desc())
    )


@cache
def page(*, of_column: bool) -> Select[Any]:
    """`lines` with the number of all of them; parameters `rows`, `start`, and `column` (a key)."""
    found = lines().add_columns(func.count().over()).limit(bindparam("rows")).offset(bindparam("start"))
    return found.where(Column.key == bindparam("column")) if of_column else found


@cache
def unread_lines() -> Select[Any]:
    """The newest `rows` of `lines` that the reader has not opened."""
    return lines().where(Read.read_at.is_(None)).limit(bindparam("rows"))


@cache
def unread_count() -> Select[int]:
    """How many visible notices the reader has not opened."""
    unread = select(func.count(Notice.id)).outerjoin(Read, _own_read())
    return unread.where(is_visible(), Read.read_at.is_(None))


@cache
def columns() -> Select[str, str]:
    """Key and title of each column, in their order."""
    return select(Column.key, Column.title).where(Column.is_active).order_by(Column.sort_order)


@cache
def article() -> Select[Any]:
    """The notice `public_id` in any state, if it is addressed to the reader."""
    return (
        select(Notice.id, Notice.public_id, Notice.title, Notice.body, Notice.state, Notice.published_at)
        .add_columns(Column.title.label("column"), Department.name.label("department"), Read.read_at)
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


def _own_read() -> ColumnElement[bool]:
    return and_(Read.notice_id == Notice.id, Read.person_id == READER)
