"""What news gives to the portal: hook implementations and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

from pyramid.config import Configurator
from sqlalchemy.orm import Session

from xinglin import API_VERSION, __version__, hookimpl
from xinglin.api.i18n import translator
from xinglin.types import (
    Card,
    Event,
    HealthCheck,
    Job,
    Manifest,
    MenuItem,
    Permission,
    PushHandler,
    PushKind,
    Slot,
)
from xinglin_news import jobs, push, views
from xinglin_news.permissions import PERMISSIONS, NewsPermission
from xinglin_news.schemas import NewsSettings

_ = translator("news")


@hookimpl
def xinglin_manifest() -> Manifest:
    return Manifest(
        name="news",
        title=_("News and notices"),
        version=__version__,
        api=API_VERSION,
        summary=_("Notices with an audience, read receipts and one reminder, written by sub-administrators."),
    )


@hookimpl
def xinglin_settings() -> type:
    return NewsSettings


@hookimpl
def xinglin_permissions() -> list[Permission]:
    return PERMISSIONS


@hookimpl
def xinglin_configure(config: Configurator) -> None:
    config.include("xinglin_news.routes")


@hookimpl
def xinglin_menu() -> list[MenuItem]:
    return [
        MenuItem(
            "news", _("Notices"), "news.list", "news", NewsPermission.READ, order=10, badge=views.unread_badge
        ),
        MenuItem(
            "news.mine", _("Write notices"), "news.mine", "send", NewsPermission.PUBLISH, Slot.MENU_AUTHOR
        ),
    ]


@hookimpl
def xinglin_cards() -> list[Card]:
    return [
        Card(
            "news.unread",
            _("Unread notices"),
            "news/card.jinja2",
            views.unread_card,
            NewsPermission.READ,
            order=10,
        )
    ]


@hookimpl
def xinglin_push_kinds() -> list[PushKind]:
    return push.KINDS


@hookimpl
def xinglin_push_handlers() -> list[PushHandler]:
    return push.HANDLERS


@hookimpl
def xinglin_jobs() -> list[Job]:
    return jobs.JOBS


@hookimpl
def xinglin_on_event(event: Event, session: Session) -> None:
    if event.name in ("core.person_left", "core.person_disabled"):
        jobs.mark_scheduled_of(session, event.subject_id)


@hookimpl
def xinglin_health(session: Session) -> list[HealthCheck]:
    return [jobs.schedule_health(session, datetime.now(UTC))]
