"""The messages of news, and what happens when one cannot be delivered."""

from __future__ import annotations

from sqlalchemy import update

from xinglin.api.i18n import translator
from xinglin.types import PushHandler, PushKind, PushStateChange
from xinglin_news.models import Column, Notice

_ = translator("news")

NOTICE, MUST_READ, REMINDER, RETURNED = "news.notice", "news.must_read", "news.reminder", "news.returned"
ANNOUNCING = (NOTICE, MUST_READ)
"""The kinds that bring a notice to its readers."""

KINDS = [
    PushKind(NOTICE, _("Notices and news"), _("A new notice is addressed to you.")),
    PushKind(
        MUST_READ, _("Must-read notices"), _("A notice that everybody addressed has to read."), can_mute=False
    ),
    PushKind(
        REMINDER,
        _("Reminders of notices"),
        _("You have not read a notice yet, and its author reminds you once."),
    ),
    PushKind(
        RETURNED,
        _("Notices not published"),
        _("A notice you scheduled could not be published."),
        can_mute=False,
    ),
]


def kind_of_notice(column: Column) -> str:
    """The kind of message by which a notice of the column is announced."""
    return MUST_READ if column.is_must_read else NOTICE


def kind_of_reminder(column: Column) -> str:
    """A must-read notice reminds by the kind that nobody can mute; other reminders can be muted by themselves."""
    return MUST_READ if column.is_must_read else REMINDER


def count_undeliverable(change: PushStateChange) -> None:
    """Let the readers page know that there is somebody whom the message did not, or perhaps did not, reach."""
    if change.state in ("undeliverable", "unknown"):
        counted = Notice.undeliverable_count + len(change.person_ids)
        # a bulk update leaves the version alone: counting must not disturb an editor
        change.session.execute(
            update(Notice).where(Notice.public_id == change.source_id).values(undeliverable_count=counted)
        )


HANDLERS = [PushHandler(kind, count_undeliverable) for kind in ANNOUNCING]
