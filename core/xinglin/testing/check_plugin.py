"""The conformance check for modules, ours and vendors': `assert check_plugin("payslips") == []` in one test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from sqlalchemy import inspect

import xinglin
from xinglin.kernel import migrate
from xinglin.kernel.app import plugins_of
from xinglin.kernel.db import Database
from xinglin.kernel.orm import Base
from xinglin.kernel.plugins import PluginError, PluginSet
from xinglin.kernel.site import open_site
from xinglin.testing.clock import FrozenClock
from xinglin.testing.portal import write_ini
from xinglin.testing.rules import sentences, shape
from xinglin.testing.rules.templates import faults_of_template

CORE = Path(xinglin.__file__).resolve().parent


@dataclass(frozen=True)
class Checked:
    """A plugin that could be loaded."""

    name: str
    package: Path
    found: PluginSet
    database: Database


def check_plugin(name: str, *, requires: tuple[str, ...] = (), settings: str = "") -> list[str]:
    """What is wrong with the installed plugin `name`, in words; empty when it conforms.

    It is switched on alone (with those it `requires`), on a new SQLite site. `settings` are the lines of its ini
    section, for settings without a default.
    """
    with TemporaryDirectory(prefix="check-plugin-") as folder:
        database = Database(f"sqlite:///{folder}/x.db")
        section = f"[xinglin:{name}]\n{settings}\n" if settings else ""
        ini = write_ini(Path(folder), database, (*requires, name), None, section, {"strict": "true"})
        site = open_site(ini, clock=FrozenClock())
        try:
            found = plugins_of(site)
            package = Path(str(found.plugins[name].module.__file__)).resolve().parent
            checked = Checked(name, package, found, database)
            return [
                *_faults_of_files(checked),
                *_faults_of_declarations(checked),
                *_faults_of_tables(checked),
            ]
        except PluginError as error:
            return [str(error)]
        finally:
            site.database.dispose()
            database.dispose()


def _faults_of_files(checked: Checked) -> Iterator[str]:
    yield from shape.faults_of_shape(checked.package)
    for path in sorted(checked.package.rglob("*.py")):
        if "migrations" not in path.parts:
            yield from shape.faults_of_size(path)
            yield from shape.faults_of_imports(path)
    for path in sorted(checked.package.rglob("*.jinja2")):
        for fault in faults_of_template(path.read_text(encoding="utf-8")):
            yield f"{path.name}: {fault}"
    own = sentences.sentences_of(checked.package)
    for locale in sentences.LOCALES:
        known = sentences.catalogue(checked.package, locale)
        of_core = sentences.catalogue(CORE, locale)
        yield from (f"{locale}: {fault}" for fault in sentences.missing(own, {**of_core, **known}))
        yield from (f"{locale}: {fault}" for fault in sentences.torn(known, own))


def _faults_of_declarations(checked: Checked) -> Iterator[str]:
    for permission in checked.found.permissions.values():
        if not permission.title or not permission.summary:
            yield f"permission {permission.name} has no title or no summary"
    for kind in checked.found.push_kinds.values():
        if not kind.title or not kind.summary:
            yield f"push kind {kind.name} has no title or no summary"


def _faults_of_tables(checked: Checked) -> Iterator[str]:
    """Its migrations make what its models say, and take back all of it and nothing else."""
    name, database, found = checked.name, checked.database, checked.found
    package = found.plugins[name].package
    for mapper in Base.registry.mappers:
        table = str(mapper.local_table.name)  # type: ignore[attr-defined]
        if mapper.class_.__module__.startswith(f"{package}.") and not table.startswith(f"{name}_"):
            yield f"table {table} does not begin with {name}_"
    migrate.upgrade(database, found)
    yield from migrate.differences(database, found)
    if name not in migrate.areas(found):
        return
    before = _tables_in(database)
    with database.writer.begin() as connection:
        config = migrate.config_of(name, found)
        config.attributes.update(connection=connection, area=name)
        command.downgrade(config, "base")
    left = [table for table in _tables_in(database) if migrate.owns(name, table)]
    yield from (f"the downgrade leaves the table {table}" for table in sorted(left))
    taken = [table for table in before - _tables_in(database) if not migrate.owns(name, table)]
    yield from (f"the downgrade takes the table {table}" for table in sorted(taken))
    if not left:
        migrate.upgrade(database, found)
        yield from migrate.differences(database, found)


def _tables_in(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        return set(inspect(connection).get_table_names())
