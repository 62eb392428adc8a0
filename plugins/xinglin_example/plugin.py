"""Every hook of the portal, each with the least that does something. Only hook implementations stand here."""

from datetime import timedelta

from pyramid.config import Configurator
from sqlalchemy.orm import Session

from xinglin import API_VERSION, __version__, hookimpl
from xinglin.api.i18n import translator
from xinglin.types import Card, Event, HealthCheck, Job, Manifest, MenuItem, Permission, PushHandler, PushKind
from xinglin_example import service, views
from xinglin_example.schemas import ExampleSettings

_ = translator("example")  # the domain of our catalogues is our name
USE = "example:use"  # not delegable: every member of staff has it


@hookimpl
def xinglin_manifest() -> Manifest:
    return Manifest("example", _("Thanks"), __version__, API_VERSION, _("A wall of thanks for colleagues."))


@hookimpl
def xinglin_settings() -> type:
    return ExampleSettings


@hookimpl
def xinglin_permissions() -> list[Permission]:
    return [Permission(USE, _("Wall of thanks"), _("Read the wall and write on it."))]


@hookimpl
def xinglin_configure(config: Configurator) -> None:
    config.include("xinglin_example.routes")


@hookimpl
def xinglin_menu() -> list[MenuItem]:
    return [MenuItem("example", _("Thanks"), "example.wall", "people", USE, badge=views.unseen)]


@hookimpl
def xinglin_cards() -> list[Card]:
    return [Card("example.latest", _("Thanks"), "example/card.jinja2", views.card, USE)]  # None hides it


@hookimpl
def xinglin_push_kinds() -> list[PushKind]:
    return [PushKind("example.thanks", _("Thanks"), _("A colleague thanks you."))]


@hookimpl
def xinglin_push_handlers() -> list[PushHandler]:
    return [PushHandler("example.thanks", service.mark_seen)]


@hookimpl
def xinglin_jobs() -> list[Job]:
    return [Job("clean", service.clean, timedelta(days=1))]


@hookimpl
def xinglin_on_event(event: Event, session: Session) -> None:
    if event.name == "news.published":  # told at least once: what we do must be right when done twice
        service.thank_author(session, event)


@hookimpl
def xinglin_health(session: Session) -> list[HealthCheck]:
    return [HealthCheck("example.wall", is_well=True, detail=f"{service.count(session)} thanks on the wall")]
