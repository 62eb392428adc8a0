"""What documents gives to the portal: hook implementations and nothing else."""

from __future__ import annotations

from pyramid.config import Configurator
from sqlalchemy.orm import Session

from xinglin import API_VERSION, __version__, hookimpl
from xinglin.api.i18n import translator
from xinglin.types import Card, HealthCheck, Job, Manifest, MenuItem, Permission, PushHandler, PushKind, Slot
from xinglin_documents import jobs, push, views
from xinglin_documents.permissions import PERMISSIONS, DocumentsPermission
from xinglin_documents.schemas import DocumentsSettings

_ = translator("documents")

_USE, _OFFICE = DocumentsPermission.USE, DocumentsPermission.OFFICE
_FOLLOW, _MANAGE = DocumentsPermission.FOLLOW, DocumentsPermission.MANAGE
WAYS = (
    ("documents.deputies", _("Deputies"), "people", _USE, Slot.ME),
    ("documents.supervision", _("My supervision tasks"), "check", _USE, Slot.ME),
    ("documents.register", _("Register of documents"), "table", _OFFICE, Slot.MENU_AUTHOR),
    ("documents.board", _("Board of documents"), "chart", _FOLLOW, Slot.MENU_AUTHOR),
    ("documents.processes", _("Processes"), "module", _MANAGE, Slot.MENU_AUTHOR),
    ("documents.calendar", _("Working calendar"), "clock", _MANAGE, Slot.MENU_AUTHOR),
)
"""Ways to the other pages: route, title, icon, permission, slot."""


@hookimpl
def xinglin_manifest() -> Manifest:
    return Manifest(
        name="documents",
        title=_("Documents and approval"),
        version=__version__,
        api=API_VERSION,
        summary=_("One inbox for approvals and official documents, ours and those of the hospital's OA."),
    )


@hookimpl
def xinglin_settings() -> type:
    return DocumentsSettings


@hookimpl
def xinglin_permissions() -> list[Permission]:
    return PERMISSIONS


@hookimpl
def xinglin_configure(config: Configurator) -> None:
    config.include("xinglin_documents.routes")


@hookimpl
def xinglin_menu() -> list[MenuItem]:
    return [
        MenuItem(
            "documents",
            _("Documents"),
            "documents.inbox",
            "document",
            DocumentsPermission.USE,
            order=5,
            badge=views.to_do_badge,
        ),
        *(MenuItem(route, title, route, icon, may, slot) for route, title, icon, may, slot in WAYS),
    ]


@hookimpl
def xinglin_cards() -> list[Card]:
    return [
        Card(
            "documents.to_do",
            _("Documents that wait for you"),
            "documents/card.jinja2",
            views.to_do_card,
            DocumentsPermission.USE,
            order=5,
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
def xinglin_health(session: Session) -> list[HealthCheck]:
    return [jobs.oa_health(session)]
