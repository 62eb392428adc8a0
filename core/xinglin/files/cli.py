"""`xinglin files quarantine`: what the virus check withheld."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from xinglin.api.services import DomainError
from xinglin.files.quarantine import QuarantineService
from xinglin.files.vault import Vault
from xinglin.kernel.cli_context import CliContext


@click.group()
def files() -> None:
    """文件库 The file store."""


@files.group()
def quarantine() -> None:
    """隔离区 Files that the virus check withheld; they are kept 30 days."""


@quarantine.command("list")
@click.pass_obj
def list_all(context: CliContext) -> None:
    """列出 Show what is in quarantine, newest first."""
    with _service(context) as service:
        for stored in service.everything():
            at = (
                stored.checked_at.astimezone(context.settings.zone)
                if stored.checked_at
                else stored.created_at
            )
            click.echo(
                f"{stored.public_id}  {at:%Y-%m-%d %H:%M}  {stored.state:<9} {stored.finding}  {stored.name}"
            )


@quarantine.command()
@click.argument("file")
@click.option("--reason", required=True, help="原因 Why it is harmless; goes into the audit trail.")
@click.pass_obj
def release(context: CliContext, file: str, reason: str) -> None:
    """放行 Pass a file against the engine's word."""
    with _service(context) as service:
        service.release(file, reason)
    click.echo(f"已放行 released: {file}")


@quarantine.command()
@click.argument("file")
@click.option(
    "--reason", required=True, help="原因 Why it goes before its 30 days; goes into the audit trail."
)
@click.pass_obj
def delete(context: CliContext, file: str, reason: str) -> None:
    """删除 Remove the bytes now; the record of the file stays."""
    with _service(context) as service:
        service.delete(file, reason)
    click.echo(f"已删除 deleted: {file}")


@contextmanager
def _service(context: CliContext) -> Iterator[QuarantineService]:
    try:
        with context.session() as (session, audit):
            vault = Vault.of(context.settings, context.keyring)
            yield QuarantineService(session, context.clock, audit, vault)
    except DomainError as error:
        raise click.ClickException(f"{error.message} {error.cure}".strip()) from error
