"""Who may do what. `news:publish` is what sub-administrators are given, per column and departments (ADR 6)."""

from __future__ import annotations

import enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.types import Permission, ScopeObject
from xinglin_news.models import Column

_ = translator("news")


class NewsPermission(enum.StrEnum):
    """The names; each is a sentence in `PERMISSIONS`."""

    READ = "news:read"
    PUBLISH = "news:publish"


def columns_as_objects(session: Session) -> list[ScopeObject]:
    """The columns to which a grant of `news:publish` may be narrowed."""
    rows = session.execute(
        select(Column.key, Column.title).where(Column.is_active).order_by(Column.sort_order)
    )
    return [ScopeObject(key, title) for key, title in rows]


PERMISSIONS = [
    Permission(
        name=NewsPermission.READ,
        title=_("Read notices"),
        summary=_("Read the notices that are addressed to oneself; every member of staff may."),
    ),
    Permission(
        name=NewsPermission.PUBLISH,
        title=_("Publish notices"),
        summary=_(
            "Write, publish, correct and withdraw notices of a column in the name of the departments of the grant."
        ),
        is_delegable=True,
        has_departments=True,
        objects=columns_as_objects,
    ),
]
