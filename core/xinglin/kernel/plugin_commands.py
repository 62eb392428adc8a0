"""`xinglin plugins list|enable|disable|check`: the modules of a site, one line of its ini."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click

from xinglin.kernel import migrate
from xinglin.kernel.app import build
from xinglin.kernel.cli_context import CliContext
from xinglin.kernel.ini import SettingsError
from xinglin.kernel.plugins import PluginError, discover
from xinglin.kernel.site import read_settings

SECTION = re.compile(r"^\[xinglin\][^\n]*\n(?:(?!\[)[^\n]*(?:\n|\Z))*", re.MULTILINE)
LINE = re.compile(r"^(plugins[ \t]*[=:])([^\n]*(?:\n[ \t]+[^\s#;][^\n]*)*)", re.MULTILINE | re.IGNORECASE)


@click.group()
def plugins() -> None:
    """The modules: see them, switch them on and off, check them."""


@plugins.command("list")
@click.pass_obj
def list_command(context: CliContext) -> None:
    """Every installed module: on, off or quarantined."""
    found = context.plugins
    for name in sorted({*discover(), *context.settings.plugins}):
        if name in found.plugins:
            manifest = found.plugins[name].manifest
            click.echo(f"on           {name:<12} {manifest.version:<8} {manifest.title} - {manifest.summary}")
        elif name in found.quarantined:
            lost = found.quarantined[name]
            click.echo(f"quarantined  {name:<12} {lost.stage}: {lost.reason}")
        else:
            click.echo(f"off          {name}")


@plugins.command()
@click.argument("name")
@click.pass_obj
def enable(context: CliContext, name: str) -> None:
    """Switch a module on in the ini; it is there after the next start."""
    if name not in discover():
        raise click.UsageError(f"{name} is not installed; installed: {', '.join(sorted(discover()))}")
    _change(context, "plugin.enable", name, lambda names: [*names, name] if name not in names else names)


@plugins.command()
@click.argument("name")
@click.pass_obj
def disable(context: CliContext, name: str) -> None:
    """Switch a module off in the ini: menu, routes, messages and jobs go, its data stays."""
    if name not in {*discover(), *context.settings.plugins}:
        raise click.UsageError(f"{name} is not installed; installed: {', '.join(sorted(discover()))}")
    if name in context.settings.required:
        raise click.UsageError(f"{name} is required by this site (see `required` in the ini)")
    _change(context, "plugin.disable", name, lambda names: [known for known in names if known != name])


def _change(context: CliContext, action: str, name: str, change: Callable[[list[str]], list[str]]) -> None:
    path: Path = context.site.ini.path
    before = list(context.settings.plugins)
    after = change(before)
    if before == after:
        click.echo(f"nothing to do: {name} is already so")
        return
    text = path.read_text(encoding="utf-8")
    changed = _with_plugins(path, text, after)
    with context.session() as (session, trail):
        trail.record(action, "plugin", name, before={"plugins": before}, after={"plugins": after})
        session.flush()
        _write_checked(path, text, changed)
    click.echo(f"plugins = {' '.join(after)}   (restart to apply)")


def _with_plugins(path: Path, text: str, names: list[str]) -> str:
    """The ini with another `plugins` line; everything else, comments too, stays as it is."""
    section = SECTION.search(text)
    body = section[0] if section else ""
    changed, count = LINE.subn(lambda match: f"{match[1]} {' '.join(names)}".rstrip(), body, count=1)
    if section is None or not count:
        raise click.ClickException(f"{path}: no line `plugins =` in [xinglin]. Cure: add it")
    return text[: section.start()] + changed + text[section.end() :]


def _write_checked(path: Path, before: str, after: str) -> None:
    path.write_text(after, encoding="utf-8")
    try:
        read_settings(path)
    except SettingsError:
        path.write_text(before, encoding="utf-8")
        raise


@plugins.command()
@click.pass_obj
def check(context: CliContext) -> None:
    """Build the portal with every module that is on. Exit code 1: one is quarantined or behind its migrations."""
    try:
        quarantined = build(context.site).registry.xinglin_plugins.quarantined
    except PluginError as error:
        raise click.ClickException(str(error)) from error
    for lost in quarantined.values():
        click.echo(f"{lost.name}: {lost.stage}: {lost.reason}\n{lost.traceback}")
    behind = [
        name
        for name in migrate.areas(context.plugins)
        if not migrate.is_current(context.database, name, context.plugins)
    ]
    for name in behind:
        click.echo(f"{name}: migrations are behind. Cure: xinglin db upgrade")
    if quarantined or behind:
        raise click.exceptions.Exit(1)
    click.echo(f"well: {', '.join(context.settings.plugins)}")
