"""`xinglin backup`: take, list, check, restore and try backups; keep the WAL; print the emergency pack."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from xinglin.backup import emergency_pack
from xinglin.backup.errors import BackupDamaged, BackupKeyWrong, BackupRefused
from xinglin.backup.restoring import Moment, Place, Restoring, suited
from xinglin.backup.runs import Runs
from xinglin.backup.service import Backups, storage_of
from xinglin.backup.shelf import Shelf
from xinglin.backup.tools import Tools
from xinglin.backup.wal import WalKeeper
from xinglin.kernel import supervise
from xinglin.kernel.cli_context import CliContext

COPY = click.option(
    "--copy", "of_copy", is_flag=True, help="The copy at backup_copy_url instead of backup_folder."
)
MEGABYTE = 1024 * 1024


@click.group()
def backup() -> None:
    """Backups of the database and the files, sealed; the keys are not in them."""


@backup.command()
@click.pass_obj
def run(context: CliContext) -> None:
    """Take a backup now, while the portal runs; copy it to the second place; remove what is too old."""
    with _refusals():
        done = Runs(_backups(context), context.actor).backup()
    click.echo(f"{done.name}: {done.rows} rows, {done.files} files, {done.size / MEGABYTE:.1f} MB")
    click.echo(f"the keys ({context.keyring.key_id}) are not in it: see `xinglin crypto split`")


@backup.command("list")
@COPY
@click.pass_obj
def list_command(context: CliContext, *, of_copy: bool) -> None:
    """Show the backups, oldest first; the hospital's time. Exit code 1: one cannot be used, or lacks a part."""
    backups, is_well = _backups(context), True
    with _refusals():
        shelf = _shelf(backups, of_copy=of_copy)
        for name in shelf.names():
            try:
                found = backups.looked_at(name, shelf)
            except (BackupDamaged, BackupKeyWrong) as error:
                is_well = False
                click.echo(f"BAD {error}")
                continue
            at = found.created_at.astimezone(context.settings.zone)
            size = f"{found.size / MEGABYTE:.1f} MB"
            click.echo(
                f"{name}  {at:%Y-%m-%d %H:%M:%S}  {found.engine}  {found.rows} rows  {found.files} files  {size}"
            )
    if not is_well:
        raise click.exceptions.Exit(1)


@backup.command()
@click.argument("name", default="")
@COPY
@click.pass_obj
def verify(context: CliContext, name: str, *, of_copy: bool) -> None:
    """Read a backup (default: the newest) to its end. Exit code 1: a part is damaged, and the line names it."""
    backups = _backups(context)
    with _refusals():
        shelf = _shelf(backups, of_copy=of_copy)
        name = name or shelf.newest()
        bad = backups.verify(name, shelf)
    for sentence in bad:
        click.echo(f"BAD {sentence}")
    with context.session() as (_session, trail):
        result = "error" if bad else "ok"
        trail.record("backup.verify", "backup", name, after={"from": shelf.url, "bad": bad}, result=result)
    if bad:
        raise click.exceptions.Exit(1)
    click.echo(f"{name}: whole")


@backup.command()
@click.argument("name", default="")
@click.option(
    "--at", "moment", default="", help="2026-11-23T12:00+08:00, or `latest`: PostgreSQL, by the kept WAL."
)
@click.option(
    "--data-folder", type=click.Path(path_type=Path, file_okay=False), help="PostgreSQL's empty data folder."
)
@COPY
@click.pass_obj
def restore(context: CliContext, name: str, moment: str, data_folder: Path | None, *, of_copy: bool) -> None:
    """Bring a backup (default: the newest that fits) back into the empty places that the ini names."""
    backups, until = _backups(context), _moment(moment, context)
    with _refusals():
        shelf = _shelf(backups, of_copy=of_copy)
        name = name or suited(backups, shelf, until)
        place = Place(_database_place(context, data_folder), storage_of(context.settings))
        done = Restoring(backups, shelf, context.actor).restore(name, place, until)
    if not context.settings.files_url:  # a backup without files made none
        context.settings.files_folder.mkdir(parents=True, exist_ok=True)
    for sentence in done.differences:
        click.echo(f"BAD {sentence}")
    click.echo(f"{name}: {done.manifest.rows} rows in the backup, {done.files} files restored")
    if done.differences:
        raise click.exceptions.Exit(1)
    compared = "up to the moment asked for" if until else "every row and file compared"
    click.echo(
        f"{compared}. Next: start the database, then xinglin db check, xinglin audit verify, xinglin doctor"
    )


@backup.command()
@click.argument("name", default="")
@COPY
@click.pass_obj
def drill(context: CliContext, name: str, *, of_copy: bool) -> None:
    """Restore a backup (default: the newest) into a scratch folder, compare, look into it, throw it away."""
    backups = _backups(context)
    with _refusals():
        shelf = _shelf(backups, of_copy=of_copy)
        proof = Runs(backups, context.actor).drill(name or shelf.newest(), shelf)
    click.echo(
        f"{proof.manifest.name}: {proof.manifest.rows} rows and {proof.files} files came back the same, "
        f"{proof.audit_records} audit records verified, {proof.attachments} attachments opened"
    )


@backup.command()
@click.option("--lifeline", type=int, hidden=True)
@click.pass_obj
def wal(context: CliContext, lifeline: int | None) -> None:
    """Receive and seal PostgreSQL's WAL until SIGTERM; `xinglin serve` does it when backup_wal is true."""
    backups, stopped = _backups(context), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())
    supervise.end_with_supervisor(lifeline)
    with _refusals():
        if context.database.is_sqlite:
            raise BackupRefused("SQLite has no WAL that could be kept. Cure: backup_wal = false")
        tools = Tools.of(context.settings)
        WalKeeper(
            backups.folder, backups.copies, context.database, context.keyring, context.clock, tools
        ).run(stopped)


@backup.command("emergency-pack")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def emergency_pack_command(context: CliContext, path: Path) -> None:
    """Write a page (HTML, A4) that tells how this site is restored; it holds no secret. Print it, keep it elsewhere."""
    backups = _backups(context)
    with _refusals(), context.session() as (session, trail):
        path.write_text(emergency_pack.page(backups, session), encoding="utf-8")
        trail.record("backup.emergency_pack", "file", path.name[:64])
    click.echo(f"{path}: print it (A4), and keep it where it is found when this host is gone")


def _backups(context: CliContext) -> Backups:
    return Backups(context.settings, context.database, context.keyring, context.clock, context.site.ini.path)


def _shelf(backups: Backups, *, of_copy: bool) -> Shelf:
    if not of_copy:
        return backups.shelf
    if backups.copies is None:
        raise BackupRefused("there is no second place. Cure: set backup_copy_url in [xinglin]")
    return backups.copies


def _database_place(context: CliContext, data_folder: Path | None) -> Path:
    if context.database.is_sqlite:
        return Path(str(context.database.url.database))
    if data_folder is None:
        raise BackupRefused(
            "where is the server's data folder? Cure: --data-folder, such as /var/lib/postgresql/18/main"
        )
    return data_folder


def _moment(words: str, context: CliContext) -> Moment:
    if not words:
        return None
    if words == "latest":
        return "latest"
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        raise click.BadParameter("such as 2026-11-23T12:00+08:00, or latest", param_hint="--at") from None
    return found if found.tzinfo else found.replace(tzinfo=context.settings.zone)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (BackupRefused, BackupDamaged) as error:
        raise click.ClickException(str(error)) from error
