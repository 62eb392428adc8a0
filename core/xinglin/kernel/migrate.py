"""Migrations: one shared environment, one version table and one table prefix per plugin (Alembic)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from xinglin.kernel import tables
from xinglin.kernel.db import Database
from xinglin.kernel.plugins import PluginSet

CORE_MIGRATIONS = Path(tables.__file__).resolve().parent.parent / "migrations"


def upgrade(database: Database, found: PluginSet) -> list[str]:
    """Bring core and every loaded plugin to their newest revision; the names of those that moved."""
    return [name for name in areas(found) if _upgrade_one(database, name, found)]


def areas(found: PluginSet) -> list[str]:
    """`core` and the plugins that have migrations, in the order of the ini."""
    return ["core", *(name for name in found.plugins if _versions_of(name, found).is_dir())]


def _upgrade_one(database: Database, name: str, found: PluginSet) -> bool:
    if is_current(database, name, found):
        return False
    with database.writer.begin() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(727001)")
        config = config_of(name, found)
        config.attributes.update(connection=connection, area=name)
        command.upgrade(config, "head")
    return True


def is_current(database: Database, name: str, found: PluginSet) -> bool:
    """Whether the database stands at the newest revision of `name`."""
    if name != "core" and not _versions_of(name, found).is_dir():
        return True
    script = ScriptDirectory.from_config(config_of(name, found))
    with database.engine.connect() as connection:
        return _context(connection, name).get_current_revision() == script.get_current_head()


def differences(database: Database, found: PluginSet) -> list[str]:
    """What models say and the database does not, in words; empty when they agree."""
    found_differences = []
    with database.engine.connect() as connection:
        for name in areas(found):
            context = _context(connection, name)
            found_differences += [f"{name}: {entry}" for entry in compare_metadata(context, tables.METADATA)]
    return found_differences


def config_of(name: str, found: PluginSet) -> Config:
    """An Alembic configuration for one area; no alembic.ini is needed."""
    config = Config()
    config.set_main_option("script_location", str(CORE_MIGRATIONS))
    config.set_main_option("version_locations", str(_versions_of(name, found)))
    config.set_main_option("path_separator", "newline")
    return config


def version_table(name: str) -> str:
    return f"{name}_alembic_version"


def owns(name: str, table: str) -> bool:
    """Whether the table belongs to this area, by its prefix."""
    return table.startswith(f"{name}_") and table != version_table(name)


def _versions_of(name: str, found: PluginSet) -> Path:
    if name == "core":
        return CORE_MIGRATIONS / "versions"
    return Path(str(found.plugins[name].module.__file__)).resolve().parent / "migrations" / "versions"


def _context(connection: Connection, name: str) -> MigrationContext:
    options = {
        "version_table": version_table(name),
        "include_name": lambda table, kind, _parents: kind != "table" or owns(name, str(table)),
        "include_object": lambda _item, table, kind, _reflected, _to: (
            kind != "table" or owns(name, str(table))
        ),
        "compare_type": True,
    }
    return MigrationContext.configure(connection, opts=options)
