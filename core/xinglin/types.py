"""The values that plugins and kernel exchange: frozen, plain, validated once at boot."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pyramid.request import Request
    from sqlalchemy.orm import Session

    from xinglin.audit.service import AuditTrail


class Clock(Protocol):
    """Time is injected, so that a test can move it."""

    def now(self) -> datetime:
        """The present moment, time-zone aware, in UTC."""


class Slot(enum.StrEnum):
    """Places of the portal where a plugin may show something; an unknown one stops the start."""

    MENU_MAIN = "menu.main"
    MENU_AUTHOR = "menu.author"
    HOME_MAIN = "home.main"
    ME = "me"


@dataclass(frozen=True)
class Manifest:
    """Who a plugin is. `api` is the integer `xinglin.API_VERSION` it was written for."""

    name: str
    title: str
    version: str
    api: int
    summary: str
    requires: tuple[str, ...] = ()


@dataclass(frozen=True)
class Permission:
    """One right, `<plugin>:<verb>`; `objects` lists what a grant may be narrowed to (e.g. columns)."""

    name: str
    title: str
    summary: str
    is_delegable: bool = False
    has_departments: bool = False
    objects: Callable[[Session], list[ScopeObject]] | None = None


@dataclass(frozen=True)
class ScopeObject:
    """A thing inside a module to which a grant may be narrowed, such as a news column."""

    key: str
    title: str


@dataclass(frozen=True)
class Badge:
    """A number beside a menu item or card; zero is not drawn."""

    count: int


@dataclass(frozen=True)
class MenuItem:
    """A way in. `badge(request)` is called for the person who looks, at most once a page."""

    key: str
    title: str
    route: str
    icon: str
    permission: str
    slot: str = Slot.MENU_MAIN
    order: int = 100
    badge: Callable[[Request], int] | None = None


@dataclass(frozen=True)
class Card:
    """A piece of a page: `template` is drawn with what `data(request)` returns; None hides it."""

    key: str
    title: str
    template: str
    data: Callable[[Request], Mapping[str, Any] | None]
    permission: str
    slot: str = Slot.HOME_MAIN
    order: int = 100


@dataclass(frozen=True)
class PushKind:
    """A kind of message that a person may mute, unless it is declared unmutable.

    `is_task`: its card asks for something, and changes when that is done (`PushService.settle`).
    """

    name: str
    title: str
    summary: str
    can_mute: bool = True
    ignores_quiet_hours: bool = False
    is_task: bool = False


@dataclass(frozen=True)
class PushHandler:
    """What the plugin does when a message of its kind was opened or could not be delivered."""

    kind: str
    on_state: Callable[[PushStateChange], None]


@dataclass(frozen=True)
class PushStateChange:
    """Given to a `PushHandler` inside the transaction that changed the state."""

    session: Session
    kind: str
    source_id: str
    person_ids: tuple[int, ...]
    state: str
    at: datetime


@dataclass(frozen=True)
class JobContext:
    """What a job may use; the transaction commits when the job returns."""

    session: Session
    clock: Clock
    audit: AuditTrail
    registry: Any


@dataclass(frozen=True)
class Job:
    """Work by the clock: run by one worker at a time, again after a crash, `every` so often.

    `is_slow`: it takes seconds. It runs beside messages and other jobs, its next time is set before it begins, and it
    ends each of its short transactions with `context.session.commit()`; what it works on it leases in tables of its own.
    """

    name: str
    run: Callable[[JobContext], None]
    every: timedelta
    is_slow: bool = False


@dataclass(frozen=True)
class Event:
    """Something that happened, told after commit: ids and plain values only."""

    name: str
    subject_id: str
    at: datetime
    data: Mapping[str, str | int | bool | None] = field(default_factory=dict)


@dataclass(frozen=True)
class HealthCheck:
    """One line of the health page; `cure` says what to do when it is not well."""

    name: str
    is_well: bool
    detail: str
    cure: str = ""


def setting(default: Any = dataclasses.MISSING, *, summary: str, is_secret: bool = False) -> Any:
    """Declare one field of a settings class: its type is the annotation, no default = required."""
    return field(default=default, metadata={"summary": summary, "is_secret": is_secret})
