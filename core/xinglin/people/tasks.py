"""Whole errands in transactions of their own: for the command line, the demo, the worker."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.audit.service import AuditTrail
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database
from xinglin.kernel.settings import CoreSettings
from xinglin.people.contacts import read_contacts
from xinglin.people.errors import PeopleRefused
from xinglin.people.importing import ImportService, Plan, read_file
from xinglin.people.models import ImportRun
from xinglin.people.roster import Progress
from xinglin.people.sync import Synchroniser, SyncPlan
from xinglin.types import Clock
from xinglin.wecom.client import WeComClient

_ = translator("core")


class Site(Protocol):
    """What an errand needs of the site: the command line's context has it."""

    @property
    def database(self) -> Database: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def settings(self) -> CoreSettings: ...
    def session(self) -> AbstractContextManager[tuple[Session, AuditTrail]]: ...


def _silent(_steps: int) -> None:
    return None


def client_of(site: Site) -> WeComClient:
    return WeComClient(site.settings, site.keyring, site.database, site.clock)


def plan_import(site: Site, path: Path) -> Plan:
    """What importing the file would do; nothing is written. Raises `FileRefused`."""
    file = read_file(path)
    with site.session() as (session, audit):
        return ImportService(session, site.clock, audit).plan(file)


def import_workbook(
    site: Site,
    path: Path,
    *,
    allow_removals: bool = False,
    expected: Plan | None = None,
    progress: Progress = _silent,
) -> ImportRun | None:
    """Import a staff file in one transaction; None when it changes nothing.

    `expected` is the plan that somebody agreed to: if the data has changed since, `PeopleRefused` is raised.
    """
    file = read_file(path)
    with site.session() as (session, audit):
        service = ImportService(session, site.clock, audit)
        plan = service.plan(file)
        if expected is not None and plan.changes != expected.changes:
            raise PeopleRefused(
                _("The data has changed in the meantime."), _("Look at the differences again.")
            )
        return service.apply(plan, allow_removals=allow_removals, progress=progress)


def undo_import(site: Site, public_id: str, progress: Progress = _silent) -> ImportRun:
    """Put back what one import changed. Raises `PeopleRefused`."""
    with site.session() as (session, audit):
        return ImportService(session, site.clock, audit).undo(public_id, progress)


def sync_from_wecom(
    site: Site,
    *,
    allow_removals: bool = False,
    create_unknown: bool | None = None,
    client: WeComClient | None = None,
    progress: Callable[[int], None] = _silent,
) -> SyncPlan:
    """Read WeCom's contacts, then write the differences. Raises `WeComError`, `PeopleRefused`."""
    contacts = read_contacts(client or client_of(site), progress)
    with site.session() as (session, audit):
        found = Synchroniser(session, create_unknown).plan(contacts)
        ImportService(session, site.clock, audit).apply(found.plan, allow_removals=allow_removals)
        return found
