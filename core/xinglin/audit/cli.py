"""`xinglin audit verify|show|export|archive`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import IntegrityError

from xinglin.audit import anchors, archives, export, offline, showing, verify
from xinglin.audit.anchors import Anchor, AnchorsUnreadable
from xinglin.audit.archive import Archive, ArchiveRefused
from xinglin.audit.chain import BadRecord, Chain
from xinglin.crypto.service import Keyring
from xinglin.kernel.cli_context import CliContext

NAMED = 100
FEW = 20_000
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def audit() -> None:
    """The audit trail: check it, look at it, take it out."""


@dataclass(frozen=True)
class Asked:
    """The options of `audit verify`."""

    path: Path | None
    keys: Path | None
    anchor_file: Path | None
    state: Path | None
    archives: Path | None
    stops_at_first: bool


@audit.command("verify")
@click.option("--file", "path", type=FILE, help="Check this export or archive instead of the database.")
@click.option("--keys", type=FOLDER, help="The folder of the key ring, on a machine without a site.")
@click.option(
    "--anchors", "anchor_file", type=FILE, help="Anchors to compare with; default: the site's file."
)
@click.option("--state", type=FILE, help="A file of your own that remembers the last seal you saw.")
@click.option(
    "--archives",
    type=FOLDER,
    help="Where the archives lie: each that a tombstone names must be there, and well.",
)
@click.option("--first", "stops_at_first", is_flag=True, help="Stop at the first bad record.")
@click.pass_obj
def verify_command(context: CliContext, **options: Any) -> None:
    """Check every record. Exit code 0: all are as they were written; 1: bad ones were found, the first is named first."""
    asked = Asked(**options)
    try:
        bad, head = _verify(context, asked)
    except (AnchorsUnreadable, offline.NoExport) as error:
        raise click.ClickException(str(error)) from error
    if bad:
        raise click.exceptions.Exit(1)
    if asked.state and head:
        anchors.remember(asked.state, head)


def _verify(context: CliContext, asked: Asked) -> tuple[list[BadRecord], Anchor | None]:
    known = [anchor for path in (asked.anchor_file, asked.state) if path for anchor in anchors.read(path)]
    keyring = Keyring(asked.keys) if asked.keys else context.keyring
    if asked.path is not None:
        file = offline.check(asked.path, keyring, known)
        records, sealed, tombstones, head = file.records, file.seals, file.tombstones, file.head
        bad, notes = file.bad, file.notes
    else:
        known += [] if asked.anchor_file else anchors.read(context.settings.anchor_file)
        chain, records, bad, notes = _verify_database(context, known, stops_at_first=asked.stops_at_first)
        sealed, tombstones, head = chain.seals, chain.tombstones, chain.anchor
    if asked.archives:
        archived = archives.check(tombstones, asked.archives, keyring, known)
        records, sealed, bad = (
            records + archived.records,
            sealed + archived.seals,
            sorted([*bad, *archived.bad]),
        )
    else:
        notes = [*notes, *archives.named(tombstones)]
    if head:
        click.echo(f"head: seal {head.number} {head.digest}")
    _say(records, sealed, bad[:1] if asked.stops_at_first else bad, notes)
    return bad, head


def _verify_database(
    context: CliContext, known: list[Anchor], *, stops_at_first: bool
) -> tuple[Chain, int, list[BadRecord], list[str]]:
    with context.database.read_session() as session:
        total = verify.count(session)
        chain = verify.walk(session, context.keyring, known)
        spans = verify.spans(session)
    bad, checked = list(chain.bad), 0
    steps = verify.verify_spans(context.database, context.keyring, chain, spans, os.cpu_count() or 1)
    with click.progressbar(length=total, label="Checking", file=sys.stderr, hidden=total < FEW) as bar:
        for step in steps:
            if isinstance(step, BadRecord):
                bad.append(step)
            else:
                bar.update(step - checked)
                checked = step
                if bad and stops_at_first:
                    break
    bad.sort()
    notes = chain.notes + ([] if known else ["there are no anchors: a cut end could not be seen"])
    with context.session() as (_session, trail):
        trail.record("audit.verify", after={"checked": checked, "bad": len(bad)})
    return chain, checked, bad, notes


def _say(records: int, sealed: int, bad: list[BadRecord], notes: list[str]) -> None:
    for record in bad[:NAMED]:
        event = f" (event {record.event_id})" if record.event_id else ""
        click.echo(f"BAD record {record.id}{event}: {record.reason}")
    for note in notes:
        click.echo(f"note: {note}")
    click.echo(f"{records} records and {sealed} seals checked, {len(bad)} bad")


@audit.command("export")
@click.argument("path", type=FILE)
@click.pass_obj
def export_command(context: CliContext, path: Path) -> None:
    """Write the whole trail into a signed file that `audit verify --file` checks on another machine."""
    with context.database.read_session() as session:
        written = export.write(session, context.keyring, path, context.clock.now())
    with context.session() as (_session, trail):
        after = {"records": written.records, "seals": written.seals, "sha256": written.sha256}
        trail.record("audit.export", "audit", path.name[:64], after=after)
    click.echo(f"{path}: {written.records} records, {written.seals} seals, SHA-256 {written.sha256}")


@audit.command("archive")
@click.option("--before", type=click.DateTime(), required=True, help="The hospital's time; whole seals only.")
@click.option("--folder", type=FOLDER, required=True, help="Where the signed file goes.")
@click.pass_obj
def archive_command(context: CliContext, before: datetime, folder: Path) -> None:
    """Move old records into a signed file and delete them here; a tombstone in the chain says so."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = context.settings
    try:
        with context.session() as (session, trail):
            archive = Archive(session, trail, context.keyring)
            moment = before.replace(tzinfo=settings.zone)
            done = archive.run(folder, moment, context.clock.now(), settings.audit_retention)
    except ArchiveRefused as error:
        raise click.ClickException(str(error)) from error
    except IntegrityError as error:
        raise click.ClickException(
            "the sealer was faster; nothing was archived. Cure: run it again"
        ) from error
    click.echo(f"{done.path}: {done.records} records, {done.seals} seals")


@audit.command("show")
@click.option(
    "--action", default="", help="Only this action, such as grant.create; a trailing * matches the rest."
)
@click.option("--actor", default="", help="Only this actor's name or id.")
@click.option("--object", "object_id", default="", help="Only acts on this object id.")
@click.option("--since", type=click.DateTime(), help="Only from this time on (the hospital's time zone).")
@click.option("--limit", default=50, show_default=True, help="The newest so many records.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def show_command(context: CliContext, since: datetime | None, as_json: bool, **asked: Any) -> None:
    """Show records, newest last. Looking at them is itself recorded."""
    zone = context.settings.zone
    wanted = showing.Wanted(since=since.replace(tzinfo=zone) if since else None, **asked)
    with context.session() as (session, trail):
        rows = showing.find(session, wanted)
        shown = {
            "action": wanted.action,
            "actor": wanted.actor,
            "object": wanted.object_id,
            "shown": len(rows),
        }
        trail.record("audit.read", after=shown)
        for line in _lines(rows, context, as_json=as_json):
            click.echo(line)


def _lines(rows: list[Any], context: CliContext, *, as_json: bool) -> Iterator[str]:
    for row in rows:
        if as_json:
            yield showing.as_json(row, context.keyring)
        else:
            yield showing.as_line(row, context.keyring, context.settings.zone)
