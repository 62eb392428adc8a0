"""The `xinglin` command. Exit codes: 0 done, 1 not well or refused, 2 wrong use, 3 wrong settings."""

from __future__ import annotations

import logging
import os
import sys
from functools import cached_property
from pathlib import Path

import click
from sqlalchemy import exc

from xinglin import __version__
from xinglin.access.cli import access
from xinglin.audit.cli import audit
from xinglin.auth.cli import administrators
from xinglin.backup.cli import backup
from xinglin.crypto.cli import crypto
from xinglin.crypto.service import KeyMissing
from xinglin.files.cli import files
from xinglin.kernel import demo, doctor, migrate, plugin_commands, site_keys, supervise
from xinglin.kernel.cli_context import CliContext
from xinglin.kernel.ini import SettingsError
from xinglin.kernel.plugins import PluginError
from xinglin.kernel.settings import SecretMissing
from xinglin.kernel.site import open_site, read_settings
from xinglin.people.cli import people

DEFAULT_INI = "etc/development.ini"


class LazyContext(CliContext):
    """Opens the site at the first use, so that `--help` and `init` need none."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def site(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        return open_site(self.path)


@click.group()
@click.option(
    "--config",
    "-c",
    "path",
    type=click.Path(path_type=Path),
    default=lambda: Path(os.environ.get("XINGLIN_CONFIG", DEFAULT_INI)),
    help=f"The ini file. [default: $XINGLIN_CONFIG or {DEFAULT_INI}]",
)
@click.version_option(__version__)
@click.pass_context
def xinglin(context: click.Context, path: Path) -> None:
    """Xinglin (杏林): the hospital's office portal inside WeChat Work."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.INFO)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    context.obj = LazyContext(path)


@xinglin.command()
@click.pass_obj
def init(context: LazyContext) -> None:
    """Make the folders and the key ring of a new site; what exists is kept. Refused where the database has a past."""
    _ini, settings = read_settings(context.path)
    settings.files_folder.mkdir(parents=True, exist_ok=True)
    site_keys.make_keys(settings)
    click.echo(f"key ring in {settings.secrets_folder}: back it up; without it sealed data is lost")


@xinglin.command()
@click.pass_obj
def serve(context: LazyContext) -> None:
    """Run the portal and the worker until SIGTERM; a process that dies is started again."""
    raise click.exceptions.Exit(supervise.serve(context))


@xinglin.command("demo")
@click.option("--code", is_flag=True, help="Only print the demo administrator's current login code.")
@click.option("--login", type=click.Choice([*demo.ADMINISTRATORS]), default=demo.LOGIN, show_default=True)
@click.pass_obj
def demo_command(context: LazyContext, code: bool, login: str) -> None:
    """Run the portal with the simulators and a fictional hospital of 1,632 people."""
    if code:
        click.echo(demo.current_code(context, login))
    else:
        raise click.exceptions.Exit(demo.run(context))


@xinglin.group()
def db() -> None:
    """The database: bring it up to date, check it."""


@db.command()
@click.pass_obj
def upgrade(context: LazyContext) -> None:
    """Run the migrations of core and of every module that is on."""
    moved = migrate.upgrade(context.database, context.plugins)
    if moved:
        with context.session() as (_session, trail):
            trail.record("db.upgrade", after={"areas": moved})
    click.echo(f"upgraded: {', '.join(moved)}" if moved else "everything is current")


@db.command()
@click.pass_obj
def check(context: LazyContext) -> None:
    """Exit code 0: migrations are current and the tables are as the models say."""
    behind = [
        name
        for name in migrate.areas(context.plugins)
        if not migrate.is_current(context.database, name, context.plugins)
    ]
    problems = [f"{name}: behind. Cure: xinglin db upgrade" for name in behind]
    problems += [] if behind else migrate.differences(context.database, context.plugins)
    for problem in problems:
        click.echo(problem)
    if problems:
        raise click.exceptions.Exit(1)
    click.echo("current")


@xinglin.command("doctor")
@click.pass_obj
def doctor_command(context: LazyContext) -> None:
    """Look at everything this site needs; each line says what is wrong and how to cure it."""
    if not doctor.run(context):
        raise click.exceptions.Exit(1)


xinglin.add_command(plugin_commands.plugins)
xinglin.add_command(people)
xinglin.add_command(audit)
xinglin.add_command(backup)
xinglin.add_command(crypto)
xinglin.add_command(files)
xinglin.add_command(access)
xinglin.add_command(administrators)
xinglin.add_command(supervise.run_portal)
xinglin.add_command(supervise.run_worker)


def main() -> None:
    """Entry point: known faults become one sentence and an exit code, never a traceback."""
    try:
        xinglin.main(prog_name="xinglin")
    except (SettingsError, SecretMissing, KeyMissing, PluginError) as error:
        click.echo(f"xinglin: {error}", err=True)
        sys.exit(3)
    except exc.DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        click.echo(f"xinglin: the database cannot be used: {reason}. Cure: see `xinglin doctor`", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"xinglin: {error}. Cure: let the portal's user use it", err=True)
        sys.exit(1)
