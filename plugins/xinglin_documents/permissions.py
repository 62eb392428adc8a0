"""Who may do what. Every member of staff works with documents; the rest is granted."""

from __future__ import annotations

import enum

from xinglin.api.i18n import translator
from xinglin.types import Permission

_ = translator("documents")


class DocumentsPermission(enum.StrEnum):
    """The names; each is a sentence in `PERMISSIONS`."""

    USE = "documents:use"
    OFFICE = "documents:office"
    MANAGE = "documents:manage"
    FOLLOW = "documents:follow"


PERMISSIONS = [
    Permission(
        name=DocumentsPermission.USE,
        title=_("Work with documents"),
        summary=_("Start documents and handle those that come to oneself; every member of staff may."),
    ),
    Permission(
        name=DocumentsPermission.OFFICE,
        title=_("Document office"),
        summary=_("Keep the register: numbers, red heads, distribution, supervision and archive."),
        is_delegable=True,
        has_departments=True,
    ),
    Permission(
        name=DocumentsPermission.MANAGE,
        title=_("Manage processes"),
        summary=_("Edit processes and the working calendar; suspend, transfer or terminate what is stuck."),
        is_delegable=True,
    ),
    Permission(
        name=DocumentsPermission.FOLLOW,
        title=_("Follow the board"),
        summary=_("See how fast documents of the departments of the grant are read and handled."),
        is_delegable=True,
        has_departments=True,
    ),
]
