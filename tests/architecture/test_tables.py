"""Models, migrations and `schemas/sql` say the same, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.architecture.house import OURS, ROOT
from xinglin.kernel import ddl, migrate, tables
from xinglin.kernel.db import Database
from xinglin.kernel.ini import IniFile
from xinglin.kernel.plugins import PluginSet, load
from xinglin.testing.databases import start_postgresql

SNAPSHOTS = ROOT / "schemas" / "sql"


@pytest.fixture
def plugins() -> PluginSet:
    return load(OURS, IniFile(Path("site.ini")), {})


@pytest.fixture
def empty_database(backend: str, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    name = f"empty_{os.getpid()}"
    made = Database(f"sqlite:///{tmp_path}/x.db" if backend == "sqlite" else start_postgresql(name))
    yield made
    made.dispose()


def test_migrations_lead_to_what_the_models_say(empty_database: Database, plugins: PluginSet) -> None:
    assert migrate.upgrade(empty_database, plugins) == ["core", "news", "documents", "example"]
    assert migrate.upgrade(empty_database, plugins) == []
    assert migrate.differences(empty_database, plugins) == []


def test_a_model_without_migration_is_found(empty_database: Database, plugins: PluginSet) -> None:
    migrate.upgrade(empty_database, plugins)
    with empty_database.writer.begin() as connection:
        connection.execute(text("ALTER TABLE core_person DROP COLUMN position"))
        connection.execute(text("CREATE TABLE news_forgotten (id INTEGER PRIMARY KEY)"))
    found = " ".join(migrate.differences(empty_database, plugins))
    assert "position" in found
    assert "news_forgotten" in found
    assert "alembic_version" not in found


def test_every_table_bears_the_name_of_its_area() -> None:
    tables.import_all_models()
    areas = ("core_", *(f"{name}_" for name in OURS))
    ours = [name for name, table in tables.METADATA.tables.items() if not is_of_a_test(table)]
    assert len(ours) > 30
    assert [name for name in ours if not name.startswith(areas)] == []


def is_of_a_test(table: object) -> bool:
    return str(getattr(table, "name", "")).startswith("vendor")


def test_the_snapshots_are_fresh() -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in SNAPSHOTS.glob("*.sql")}
    assert kept == dict(ddl.snapshots()), "Cure: make schemas"


def test_a_snapshot_is_sql_that_postgresql_takes() -> None:
    made = ddl.snapshots()
    database = Database(start_postgresql(f"snapshot_{os.getpid()}"))
    with database.writer.begin() as connection:
        for name in sorted(made, key=lambda name: (name != "core.sql", name)):
            connection.exec_driver_sql(made[name])
        count = connection.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
    database.dispose()
    assert count == sum(sql.count("CREATE TABLE") for sql in made.values())


def test_writing_snapshots_removes_those_of_no_area(tmp_path: Path) -> None:
    (tmp_path / "gone.sql").write_text("-- an area that was removed")
    ddl.write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(ddl.snapshots())
