"""The tables as SQL for whoever reads the database from outside: `make schemas` writes one file per area (PostgreSQL)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from xinglin.kernel import plugins, tables
from xinglin.kernel.migrate import owns

HEAD = "-- The tables of {area} on PostgreSQL, written from the models by `make schemas`. Do not edit."


def snapshots() -> Mapping[str, str]:
    """File name → SQL, for the core and every installed plugin that has tables."""
    tables.import_all_models()
    areas = ("core", *sorted(plugins.discover()))
    written = {area: list(_statements(area)) for area in areas}
    return {
        f"{area}.sql": "\n\n".join((HEAD.format(area=area), *statements)) + "\n"
        for area, statements in written.items()
        if statements
    }


def write(folder: Path) -> None:
    """Write the snapshots into `folder`; a file of an area that is no more goes."""
    folder.mkdir(parents=True, exist_ok=True)
    made = snapshots()
    for stale in {path.name for path in folder.glob("*.sql")} - set(made):
        (folder / stale).unlink()
    for name, sql in made.items():
        (folder / name).write_text(sql, encoding="utf-8")


def _statements(area: str) -> Iterator[str]:
    dialect = postgresql.dialect()
    for table in _tables_of(area):
        lines = str(CreateTable(table).compile(dialect=dialect)).strip().splitlines()
        yield "\n".join(line.rstrip() for line in lines) + ";"
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield f"{CreateIndex(index).compile(dialect=dialect)};"


def _tables_of(area: str) -> list[Table]:
    return [table for table in tables.METADATA.sorted_tables if owns(area, table.name)]


if __name__ == "__main__":
    write(Path(sys.argv[1]))
