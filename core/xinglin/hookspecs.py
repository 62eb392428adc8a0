"""Every hook of the kernel. Each is called with keyword arguments; each plugin is called on its own.

At boot an exception in a hook quarantines the plugin (with `strict = true` it stops the start).
At run time `call_each` logs it with the plugin's name and goes on with the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from sqlalchemy.orm import Session

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
    )

hookspec = pluggy.HookspecMarker("xinglin")


@hookspec
def xinglin_manifest() -> Manifest:
    """Boot, first of all. Return who you are; a foreign `api` number quarantines the plugin."""


@hookspec
def xinglin_settings() -> type:
    """Boot. Return a frozen dataclass whose fields are made with `setting()`; it is filled from `[xinglin:<name>]`."""


@hookspec
def xinglin_permissions() -> list[Permission]:
    """Boot. Return your permissions; each name begins with `<plugin>:`."""


@hookspec
def xinglin_configure(config: Configurator) -> None:
    """Boot. An ordinary Pyramid includeme: routes, views, predicates. Do not call `config.commit()`."""


@hookspec
def xinglin_menu() -> list[MenuItem]:
    """Boot. Return menu items; they are filtered per request by permission."""


@hookspec
def xinglin_cards() -> list[Card]:
    """Boot. Return cards for the slots of the portal; filtered per request by permission."""


@hookspec
def xinglin_push_kinds() -> list[PushKind]:
    """Boot. Return the kinds of message you send; each name begins with `<plugin>.`."""


@hookspec
def xinglin_push_handlers() -> list[PushHandler]:
    """Boot. Return what to do when a message of your kind changes its state."""


@hookspec
def xinglin_jobs() -> list[Job]:
    """Boot of the worker. Return work that is done by the clock."""


@hookspec
def xinglin_on_event(event: Event, session: Session) -> None:
    """Run time, in the worker, after the event's transaction was committed; at least once for each event.

    Runs in a savepoint of its own: an exception undoes what this plugin did and the event is tried again later.
    """


@hookspec
def xinglin_health(session: Session) -> list[HealthCheck]:
    """Run time. Return your lines of the health page; they must be quick (milliseconds)."""
