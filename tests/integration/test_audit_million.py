"""A trail of a million records on a real database: each manipulation is done, found, named, and undone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.unit.xinglin.audit.conftest import Site

from xinglin.audit import anchors, export
from xinglin.audit.chain import BadRecord
from xinglin.audit.verify import verify
from xinglin.crypto.service import Keyring
from xinglin.kernel import tables
from xinglin.kernel.db import Database, Session
from xinglin.kernel.settings import CoreSettings
from xinglin.testing import trails
from xinglin.testing.clock import FrozenClock
from xinglin.testing.databases import start_postgresql
from xinglin.testing.portal import write_ini

BULK = 1_000_000
LAST = BULK + 6
"""The last id: three seals of two records each, made by the sealer, follow the hundred of the bulk."""
RECORD, SEAL = "core_audit_record", "core_audit_seal"
KEYS = {RECORD: "id", SEAL: "number"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, keyring: Keyring
) -> Iterator[Site]:
    """The trail of a long year, well."""
    folder = tmp_path_factory.mktemp("million")
    tables.import_all_models()
    address = f"sqlite:///{folder}/audit.db"
    database = Database(address if request.param == "sqlite" else start_postgresql(f"million_{os.getpid()}"))
    database.use_keys(keyring)
    tables.METADATA.create_all(database.engine)
    clock = FrozenClock()
    settings = CoreSettings(
        site_name="杏林",
        public_url="http://127.0.0.1",
        database="sqlite:///unused",
        files_folder=folder / "files",
        secrets_folder=folder / "secrets",
    )
    made = Site(database, clock, keyring, settings)
    head = trails.fill(database, keyring, BULK, clock.now())
    clock.advance(seconds=(head.made_at - clock.now()).total_seconds())
    for number in (1, 3, 5):
        made.act(number, number + 1)
        made.seal()
    yield made
    database.dispose()


@contextmanager
def undone(site: Site, table: str, *keys: int) -> Iterator[None]:
    """What is done inside to these rows is undone; anchors are forgotten too."""
    column, kept = KEYS[table], site.settings.anchor_file.read_bytes()
    listed = ", ".join(map(str, keys))
    rows = site.ask(f"SELECT * FROM {table} WHERE {column} IN ({listed})")
    names = list(rows[0]._fields)
    try:
        yield
    finally:
        site.settings.anchor_file.write_bytes(kept)
        with site.database.writer.begin() as connection:
            connection.execute(text(f"DELETE FROM {table} WHERE {column} IN ({listed})"))
            marks = ", ".join(f":{name}" for name in names)
            insert = text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})")
            connection.execute(insert, [dict(row._mapping) for row in rows])


def first(site: Site, *statements: str) -> tuple[int, str]:
    """What the check names first after these, which are undone with their transaction."""
    with Session(site.database.writer) as session:
        for statement in statements:
            session.execute(text(statement))
        steps = verify(session, site.keyring, anchors.read(site.settings.anchor_file))
        found = next((step for step in steps if isinstance(step, BadRecord)), None)
        session.rollback()
    assert found is not None, "nothing was found"
    return found.id, found.reason


CHANGED = "was changed after it was written, or was not written by the portal"
SWAPPED = "is not the record that was sealed under this id: swapped, moved or replaced"


def test_an_edit(site: Site) -> None:
    assert first(site, f"UPDATE {RECORD} SET actor_name = '王护士' WHERE id = 30000") == (30_000, CHANGED)


def test_a_deletion(site: Site) -> None:
    found = first(site, f"DELETE FROM {RECORD} WHERE id = 40000")
    assert found == (40_000, "was deleted: its seal still holds it")


@pytest.mark.parametrize("mac", ["mac", "'0'"])
def test_an_insertion_with_the_mac_of_another_record_or_none(site: Site, mac: str) -> None:
    names = [column.name for column in tables.METADATA.tables[RECORD].columns]
    values = {name: name for name in names} | {"id": "-7", "event_id": "'forged'", "mac": mac}
    chosen = ", ".join(values[name] for name in names)
    forged = f"INSERT INTO {RECORD} ({', '.join(names)}) SELECT {chosen} FROM {RECORD} WHERE id = 5"
    assert first(site, forged) == (-7, CHANGED)


def move(old: int, new: int) -> str:
    return f"UPDATE {RECORD} SET id = {new} WHERE id = {old}"


def test_a_new_order(site: Site) -> None:
    moves = [move(60_001, -1), move(60_002, 60_001), move(60_003, 60_002), move(-1, 60_003)]
    assert first(site, *moves) == (60_001, SWAPPED)


def test_two_that_changed_places_far_apart(site: Site) -> None:
    moves = [move(70_000, -1), move(900_000, 70_000), move(-1, 900_000)]
    assert first(site, *moves) == (70_000, SWAPPED)


def test_a_seal_that_follows_another_than_before(site: Site) -> None:
    fork = f"UPDATE {SEAL} SET previous = (SELECT previous FROM {SEAL} WHERE number = 49) WHERE number = 50"
    assert first(site, fork) == (490_001, "seal 50 was changed, or was not made by the portal")


def test_a_cut_end(site: Site) -> None:
    number, reason = first(
        site, f"DELETE FROM {RECORD} WHERE id > {BULK + 4}", f"DELETE FROM {SEAL} WHERE number = 103"
    )
    assert number == BULK + 5
    assert "the end was cut off, or an old database was brought back" in reason


def test_everything_gone(site: Site) -> None:
    verb = "DELETE FROM" if site.database.is_sqlite else "TRUNCATE"
    number, reason = first(site, f"{verb} {RECORD}", f"{verb} {SEAL}")
    known = anchors.read(site.settings.anchor_file)
    assert number == known[0].first_id
    assert f"seals {known[0].number} to 103" in reason


def test_yesterdays_database_that_went_on(site: Site) -> None:
    """The sealer itself made the new seal, under the keys: only the anchors tell the two futures apart."""
    with undone(site, RECORD, *range(BULK + 3, LAST + 1)), undone(site, SEAL, 102, 103):
        site.change(f"DELETE FROM {RECORD} WHERE id > {BULK + 2}")
        site.change(f"DELETE FROM {SEAL} WHERE number > 101")
        site.act("another future")
        site.seal()
        try:
            number, reason = first(site)
        finally:
            site.change(f"DELETE FROM {RECORD} WHERE id > {BULK + 2}")
        assert number > BULK + 2
        assert reason == "seal 102 is not the one that was anchored under its number: the chain was forked"


def command(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    """The command's exit code and lines, from a folder of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "xinglin.kernel.entry", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, done.stdout.splitlines()


@contextmanager
def many_changes(site: Site) -> Iterator[list[int]]:
    """Several at once, the last one in the last record; the ids at fault."""
    ids = [123_456, 500_000, 500_001, LAST]
    with undone(site, RECORD, *ids):
        site.change(f"UPDATE {RECORD} SET at = '2025-12-31 00:00:00.000000' WHERE id = 123456")
        site.change(f"DELETE FROM {RECORD} WHERE id = 500000")
        site.change(f"UPDATE {RECORD} SET id = 500000 WHERE id = 500001")
        site.change(f"UPDATE {RECORD} SET result = 'denied' WHERE id = {LAST}")
        yield ids


def named(lines: list[str]) -> list[int]:
    return [int(line.split()[2].rstrip(":")) for line in lines if line.startswith("BAD record ")]


def test_the_command_names_them_all(site: Site, tmp_path: Path) -> None:
    here = tmp_path / "here"
    ini = str(write_ini(here, site.database, (), None, "", {"audit_anchor_file": site.settings.anchor_file}))
    with many_changes(site) as ids:
        code, lines = command(here, "--config", ini, "audit", "verify")
        assert (code, named(lines)) == (1, ids)


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)  # the file is the same from both, and large
def test_the_command_names_them_all_from_a_folder_without_the_database(site: Site, tmp_path: Path) -> None:
    with many_changes(site) as ids, site.database.read_session() as session:
        export.write(session, site.keyring, tmp_path / "trail.jsonl", site.clock.now())
    shutil.copytree(site.keyring.folder, tmp_path / "keys")
    code, lines = command(tmp_path, "audit", "verify", "--file", "trail.jsonl", "--keys", "keys")
    assert (code, [number for number in named(lines) if number in ids]) == (1, ids)
    assert named(lines)[0] == 123_456
