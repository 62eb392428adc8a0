"""`xinglin doctor`: every part of a site looked at, with a cure for what is not well."""

from __future__ import annotations

import shutil

import click

from xinglin.crypto import health, inventory
from xinglin.kernel import tables
from xinglin.kernel.cli_context import CliContext
from xinglin.kernel.health import checks_of
from xinglin.kernel.settings import SECRETS, SecretMissing
from xinglin.types import HealthCheck

LOW_DISK_BYTES = 1024**3


def run(context: CliContext) -> bool:
    """Print one line per check; true when all is well. What is well and has a cure all the same is a warning."""
    checks = [*checks_of(context.site, context.plugins), *health.checks_of(context.keyring)]
    checks += [*_sealed(context, checks), _disk(context), *_secrets(context)]
    for check in checks:
        verdict = "BAD" if not check.is_well else "!  " if check.cure else "ok "
        click.echo(f"{verdict}  {check.name:<24} {check.detail}")
        if check.cure:
            click.echo(f"     cure: {check.cure}")
    return all(check.is_well for check in checks)


def _sealed(context: CliContext, checks: list[HealthCheck]) -> list[HealthCheck]:
    """Whether the keys are those of the data, as far as there is a database to look into."""
    if not all(check.is_well for check in checks if check.name == "database"):
        return []
    with context.database.read_session() as session:
        columns = inventory.sealed_columns(tables.METADATA, session)
        return [health.data(session, columns, context.keyring)]


def _disk(context: CliContext) -> HealthCheck:
    folder = context.settings.files_folder
    there = next(found for found in (folder, *folder.parents) if found.exists())
    free = shutil.disk_usage(there).free
    cure = "" if free > LOW_DISK_BYTES else "free some space: below 1 GiB nothing can be stored safely"
    return HealthCheck("disk", free > LOW_DISK_BYTES, f"{free / 1024**3:.1f} GiB free", cure)


def _secrets(context: CliContext) -> list[HealthCheck]:
    needed = [name for name in SECRETS if name.startswith("wecom_") and context.settings.wecom_corp_id]
    return [_secret(context, name) for name in needed]


def _secret(context: CliContext, name: str) -> HealthCheck:
    try:
        context.settings.secret(name)
    except SecretMissing as error:
        what, _, cure = str(error).partition(". Cure: ")
        return HealthCheck(f"secret {name}", False, what, cure)
    return HealthCheck(f"secret {name}", True, "set")
