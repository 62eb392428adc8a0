"""`xinglin crypto`: what is encrypted under which keys; new keys, re-keying, and the custodians of the master key."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from xinglin.crypto import inventory, keys, shares
from xinglin.crypto.errors import KeyRefused
from xinglin.crypto.health import next_steps
from xinglin.crypto.inventory import Lost, SealedColumn
from xinglin.crypto.keys import KeyFile
from xinglin.crypto.providers import FILE, TOKEN
from xinglin.crypto.rekey import BATCH, Rekeying
from xinglin.crypto.service import Keyring
from xinglin.kernel import tables
from xinglin.kernel.clock import SystemClock
from xinglin.kernel.site import read_settings

ARCHIVING = (
    "audit records are never re-keyed: keep the key until they are old enough for xinglin audit archive; "
    "the details in an archive need the keys.json of today"
)


@click.group()
def crypto() -> None:
    """The keys and what they encrypt."""


@crypto.command()
@click.pass_obj
def status(context: Any) -> None:
    """List the keys and every encrypted column. Exit code 1: something is left to do, and the last lines say what."""
    _meet(context)
    keyring = context.keyring
    held = keyring.keys
    click.echo(f"suite {keyring.suite}, master key from {keyring.provider_name}, site {keyring.key_id}")
    for key in held.keys:
        click.echo(f"key {key.version}  {key.suite}  {key.state.value:<8}  since {key.created_at:%Y-%m-%d}")
    stale = broken = 0
    with context.database.read_session() as session:
        for column in _columns(context, session):
            counts = inventory.rows_by_version(session, column)
            rows = ", ".join(
                f"{count} under {_named(held, version)}" for version, count in sorted(counts.items())
            )
            click.echo(f"{column.name}  {rows or 'no rows'}{'' if column.template else '  (never re-keyed)'}")
            lost = sum(count for version, count in counts.items() if held.key(version) is None)
            broken += lost
            if column.template:
                stale += sum(counts.values()) - counts.get(held.active.version, 0) - lost
    with context.session() as (_session, trail):
        trail.record("crypto.status")  # without details: they would lie under a key for years
    _finish(_advice(keyring, stale, broken))


def _named(held: KeyFile, version: int) -> str:
    key = held.key(version)
    return f"key {version} ({key.suite})" if key else "no known key"


def _advice(keyring: Keyring, stale: int, broken: int) -> list[str]:
    found = []
    configured, active = keyring.suite, keyring.keys.active.suite
    if keyring.provider_name != keyring.configured:
        found.append(
            f"the master key is at {keyring.provider_name}, the ini says {keyring.configured}. "
            f"Cure: crypto_key_provider = {keyring.provider_name}, or xinglin crypto move-master"
        )
    if configured != active:
        found.append(f"crypto_suite is {configured}, new data uses {active}. Cure: xinglin crypto rotate")
    if stale > 0:
        found.append(f"{stale} values lie under older keys. Cure: xinglin crypto rekey")
    if broken:
        found.append(f"{broken} values lie under no known key. Cure: {inventory.NEWEST_KEYS}")
    return found


def _finish(problems: list[str]) -> None:
    for problem in problems:
        click.echo(problem)
    if problems:
        raise click.exceptions.Exit(1)


@crypto.command()
@click.option(
    "--give-up-lost", is_flag=True, help="Newer keys are lost for good: go on, and leave out their numbers."
)
@click.pass_obj
def rotate(context: Any, give_up_lost: bool) -> None:
    """Begin a new data key; older data stays readable. Refused while keys.json is older than the data."""
    with _refusals():
        missing = _lost(context)
        if not give_up_lost:
            missing.refuse()
        key = context.keyring.rotate(context.clock.now(), after=missing.newest)
    with context.session() as (_session, trail):
        after = {"version": key.version, "suite": key.suite, "given_up": missing.rows}
        trail.record("crypto.rotate", after=after)
    click.echo(
        f"key {key.version} ({key.suite}) is active. Back up {context.keyring.folder}, then: xinglin crypto rekey"
    )
    for step in next_steps(context.keyring):
        click.echo(f"next: {step}")


@crypto.command()
@click.option(
    "--batch", type=click.IntRange(1, 10_000), default=BATCH, show_default=True, help="Rows a time."
)
@click.pass_obj
def rekey(context: Any, batch: int) -> None:
    """Encrypt all data anew under the active key, while the portal runs. Once more after a crash: it goes on."""
    with _refusals():
        _lost(context).refuse()
    with context.database.read_session() as session:
        columns = _columns(context, session)
    work = Rekeying(context.database, context.keyring, columns, batch=batch)
    with click.progressbar(length=work.remaining(), label="Re-keying", file=sys.stderr) as bar:
        work.run(bar.update)
    done, left = bar.pos, work.remaining()
    with context.session() as (_session, trail):
        version = context.keyring.keys.active.version
        trail.record("crypto.rekey", after={"version": version, "rows": done, "left": left})
    for problem in work.broken[:100]:
        click.echo(f"BAD {problem}")
    click.echo(f"{done} rows seen, {left} left")
    if left:
        raise click.exceptions.Exit(1)


@crypto.command()
@click.argument("version", type=int)
@click.pass_obj
def retire(context: Any, version: int) -> None:
    """Destroy an older data key; refused while anything lies under it."""
    with _refusals():
        with context.database.read_session() as session:
            _refuse_used(version, _columns(context, session), session)
        context.keyring.retire(version, context.clock.now())
    with context.session() as (_session, trail):
        trail.record("crypto.retire", after={"version": version})
    click.echo(f"key {version} is destroyed; backups that need it need the keys.json of their time")


def _refuse_used(version: int, columns: Sequence[SealedColumn], session: Session) -> None:
    cures = {
        "xinglin crypto rekey": [column for column in columns if column.template],
        ARCHIVING: [column for column in columns if not column.template],
    }
    found = {cure: inventory.rows_under(session, concerned, version) for cure, concerned in cures.items()}
    used = {name: count for rows in found.values() for name, count in rows.items()}
    if used:
        rows = ", ".join(f"{name}: {count}" for name, count in used.items())
        cure = "; then ".join(cure for cure, rows_of_cure in found.items() if rows_of_cure)
        raise KeyRefused(f"key {version} is in use ({rows}). Cure: {cure}")


@crypto.command("move-master")
@click.option("--to", "provider", required=True, type=click.Choice([TOKEN, FILE]), help="Where it shall be.")
@click.pass_obj
def move_master(context: Any, provider: str) -> None:
    """Let a token (or again a file) hold the master key. The data keys stay, running processes go on."""
    keyring = context.keyring
    before = keyring.provider_name
    _meet(context)
    with _refusals():
        keyring.move_master(provider)
    with context.session() as (_session, trail):
        trail.record("crypto.move", before={"provider": before}, after={"provider": provider})
    click.echo(
        f"the master key is at {provider} now; every key was opened there before {keys.FILE} was replaced"
    )
    for step in next_steps(keyring):
        click.echo(f"next: {step}")


@crypto.command("split")
@click.option("--shares", "count", default=3, show_default=True, help="How many custodians.")
@click.option("--threshold", default=2, show_default=True, help="How many of them are enough.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def split_command(context: Any, count: int, threshold: int, folder: Path) -> None:
    """Write one share of the master key for each custodian into FOLDER."""
    _meet(context)
    with _refusals():
        written = shares.split(
            context.keyring, folder, shares=count, threshold=threshold, at=context.clock.now()
        )
    with context.session() as (_session, trail):
        trail.record("crypto.split", after={"shares": count, "threshold": threshold})
    for path in written:
        click.echo(path)
    click.echo(f"any {threshold} of these give the master key: hand each to one person, keep none together")


@crypto.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.pass_obj
def recover(context: Any, files: tuple[Path, ...]) -> None:
    """Write master.key (and keys.json where it is missing) from the custodians' shares."""
    _ini, settings = read_settings(context.path)
    with _refusals():
        newest = shares.recover(
            [shares.read(path) for path in files], settings.secrets_folder, SystemClock().now()
        )
    click.echo(f"the keys are in {settings.secrets_folder}. Next: xinglin doctor")
    if newest is not None:
        click.echo(f"the shares are of key {newest}; if keys were rotated since, {inventory.NEWEST_KEYS}")


def _lost(context: Any) -> Lost:
    with context.database.read_session() as session:
        return inventory.lost(session, _columns(context, session), context.keyring.keys)


def _meet(context: Any) -> None:
    """Connect, so that the keys of another site are refused before anything is done with them."""
    with context.database.engine.connect():
        pass


def _columns(context: Any, session: Session) -> tuple[SealedColumn, ...]:
    _ = context.plugins  # loading the modules declares their tables
    return inventory.sealed_columns(tables.METADATA, session)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except KeyRefused as error:
        raise click.ClickException(str(error)) from error
