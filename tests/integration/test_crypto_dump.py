"""What lies on the disks of a site holds no word of what is encrypted: rows, the database's own files, stored files."""

from __future__ import annotations

import io
import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from xinglin.audit.service import Actor, AuditTrail
from xinglin.auth.administrators import AdministratorService
from xinglin.auth.sessions import Lifetimes
from xinglin.crypto.inventory import sealed_columns
from xinglin.files.service import FileStore
from xinglin.files.storage import Storage
from xinglin.files.vault import Vault
from xinglin.kernel import tables
from xinglin.people.models import ImportRun, Person
from xinglin.wecom.callbacks import store as store_callback
from xinglin.wecom.tokens import Fetched, TokenStore, token_key

MARK = secrets.token_hex(6)
NAME = f"明文{MARK}"
CANARIES = {
    "mobile": f"139{int(MARK, 16) % 10**8:08}",
    "mail": f"canary-mail-{MARK}@hospital.example",
    "import": f"canary-of-an-import-{MARK}",
    "import in Chinese": f"金丝雀{MARK}",
    "audit": f"canary-of-the-audit-{MARK}",
    "attachment": f"canary-of-an-attachment-{MARK}",
    "token": f"canary-of-a-token-{MARK}",
    "callback": f"canary-of-a-callback-{MARK}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def written(database, session, clock, keyring, folder) -> list[str]:
    """A site in which each canary was written through its own door; the words that must not be found."""
    now = clock.now()
    session.add(
        Person(
            staff_no="1",
            name=NAME,
            mobile=CANARIES["mobile"],
            email=CANARIES["mail"],
            created_at=now,
            updated_at=now,
        )
    )
    changes = [{"fields": [CANARIES["import"], CANARIES["import in Chinese"]]}]
    session.add(ImportRun(source="x.xlsx", digest="0", applied_at=now, applied_by="x", changes=changes))
    trail = AuditTrail(session, Actor.system("test"), clock, keyring)
    trail.record("test.act", after={"reason": CANARIES["audit"]})
    files = FileStore(Vault(Storage(str(folder)), keyring), session, clock)
    content = CANARIES["attachment"].encode() + b" " + b"x" * 200_000 + CANARIES["attachment"].encode()
    files.save_attachment("x.txt", io.BytesIO(content), plugin="news", uploaded_by="x")
    lifetimes = Lifetimes(timedelta(hours=12), timedelta(minutes=30))
    service = AdministratorService(session, clock, trail, keyring, site_name="x", lifetimes=lifetimes)
    made = service.create("zhang", "张", "a long password 9", is_outsider=True)
    store_callback(session, keyring, clock, {"MsgType": "event", "Event": "x"}, CANARIES["callback"].encode())
    session.commit()
    tokens = TokenStore(database, keyring, clock)
    tokens.get(token_key("corp", "secret"), lambda _seconds: Fetched(CANARIES["token"], 7200))
    return [*CANARIES.values(), made.secret]


def test_every_encrypted_column_was_written(written, session) -> None:
    """The canaries would prove nothing of a column that nobody wrote."""
    empty = [
        column.name
        for column in sealed_columns(tables.METADATA, session)
        if column.name.startswith("core_")
        and not session.execute(
            text(f"SELECT 1 FROM {column.table.name} WHERE {column.column.name} IS NOT NULL")
        ).first()
    ]
    assert empty == ["core_file_upload.key_sealed"], "its key is sealed as that of a stored file"


def test_a_raw_dump_holds_no_canary(written, session) -> None:
    dump = b"\n".join(rows_of(session))
    assert NAME.encode() in dump, "the dump shows what is not encrypted"
    assert found_in(dump, written) == []


def test_the_files_of_the_database_hold_no_canary(written, database, session) -> None:
    raw = b"".join(path.read_bytes() for path in files_of(database, session))
    assert NAME.encode() in raw, "these are the files in which the rows lie"
    assert found_in(raw, written) == []


def test_the_stored_files_hold_no_canary(written, folder) -> None:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in paths) > 200_000
    assert found_in(b"".join(path.read_bytes() for path in paths), written) == []
    assert [path for path in paths if "x.txt" in path.name] == []


def rows_of(session):
    for table in tables.METADATA.sorted_tables:
        if table.name.startswith("core_"):
            for row in session.execute(text(f"SELECT * FROM {table.name}")):
                for value in row:
                    yield value if isinstance(value, bytes) else str(value).encode()


def files_of(database, session) -> list[Path]:
    """SQLite: the file and its WAL. PostgreSQL: the folder of this database, and the newest piece of the WAL."""
    if database.is_sqlite:
        path = Path(database.url.database)
        return list(path.parent.glob(path.name + "*"))
    session.commit()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        cluster = Path(connection.scalar(text("SHOW data_directory")))
        number = connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
        piece = connection.scalar(text("SELECT pg_walfile_name(pg_current_wal_lsn())"))
    paths = [path for path in (cluster / "base" / str(number)).iterdir() if path.is_file()]
    return [*paths, cluster / "pg_wal" / piece]


def found_in(raw: bytes, words: list[str]) -> list[str]:
    return [word for word in words for form in forms(word) if form in raw]


def forms(word: str):
    """As it is, as hexadecimal, and as JSON escapes it."""
    yield word.encode()
    yield word.encode().hex().encode()
    if not word.isascii():
        yield word.encode("unicode_escape")
