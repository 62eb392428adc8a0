"""Whole errands in transactions of their own: for the command line, the demo, the worker."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import select
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
from xinglin.people.progress import POINTS, Progress, scaled, silent
from xinglin.people.records import PERSON, Change
from xinglin.people.sync import Synchroniser, SyncPlan
from xinglin.types import Clock
from xinglin.wecom.client import WeComClient

_ = translator("core")


READING = 80
"""Points of a hundred that reading takes; the rest is for what is done with it."""


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


def client_of(site: Site) -> WeComClient:
    return WeComClient(site.settings, site.keyring, site.database, site.clock)


def plan_import(site: Site, path: Path, progress: Progress = silent) -> Plan:
    """What importing the file would do; nothing is written. `progress` in 100 points. Raises `FileRefused`."""
    file = read_file(path, scaled(progress, POINTS, READING))
    with site.session() as (session, audit):
        return ImportService(session, site.clock, audit).plan(file)


def import_workbook(
    site: Site,
    path: Path,
    *,
    allow_removals: bool = False,
    expected: Plan | None = None,
    progress: Progress = silent,
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


def undo_import(site: Site, public_id: str, progress: Progress = silent) -> ImportRun:
    """Put back what one import changed. Raises `PeopleRefused`."""
    with site.session() as (session, audit):
        return ImportService(session, site.clock, audit).undo(public_id, progress)


def steps_of_undo(site: Site, public_id: str) -> int:
    """How many persons putting back one import touches; 0 when there is no such import."""
    with site.database.read_session() as session:
        run = session.scalar(select(ImportRun).where(ImportRun.public_id == public_id))
        changes = run.changes if run else ()
    return sum(Change.from_json(change).kind == PERSON for change in changes)


def sync_from_wecom(
    site: Site,
    *,
    allow_removals: bool = False,
    create_unknown: bool | None = None,
    client: WeComClient | None = None,
    progress: Progress = silent,
) -> SyncPlan:
    """Read WeCom's contacts, then write the differences; `progress` in 100 points. Raises `WeComError`, `PeopleRefused`."""
    contacts = read_contacts(client or client_of(site), scaled(progress, POINTS, READING))
    with site.session() as (session, audit):
        found = Synchroniser(session, create_unknown).plan(contacts)
        persons = sum(change.kind == PERSON for change in found.plan.changes)
        step = scaled(progress, persons, POINTS - READING)
        ImportService(session, site.clock, audit).apply(
            found.plan, allow_removals=allow_removals, progress=step
        )
        return found
