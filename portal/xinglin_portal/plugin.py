"""What the portal shell gives to the kernel: hook implementations and nothing else."""

from __future__ import annotations

from pyramid.config import Configurator
from sqlalchemy.orm import Session

from xinglin import API_VERSION, __version__, hookimpl
from xinglin.api.i18n import translator
from xinglin.types import Card, HealthCheck, Manifest
from xinglin_portal.service.shell import assets_health
from xinglin_portal.views import shell

_ = translator("portal")


@hookimpl
def xinglin_manifest() -> Manifest:
    return Manifest(
        name="portal",
        title=_("Portal"),
        version=__version__,
        api=API_VERSION,
        summary=_("Home, menu, personal page and the look of all pages."),
    )


@hookimpl
def xinglin_configure(config: Configurator) -> None:
    config.include("xinglin_portal.routes")


@hookimpl
def xinglin_cards() -> list[Card]:
    return [
        Card(
            "portal.author",
            _("My work as an editor"),
            "portal/author_card.jinja2",
            shell.author_card,
            "core:staff",
            order=90,
        )
    ]


@hookimpl
def xinglin_health(session: Session) -> list[HealthCheck]:
    return [assets_health()]
