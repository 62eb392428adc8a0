"""Attachments of every kind: sealed by both suites, in any store, readable after every switch, under safe names."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from xinglin.crypto.service import Keyring
from xinglin.files.errors import FileRefused
from xinglin.files.models import StoredFile
from xinglin.files.names import attachment_header, clean_name
from xinglin.files.service import FileStore, Policy
from xinglin.files.storage import Storage
from xinglin.files.vault import Vault
from xinglin.kernel.db import Session
from xinglin.testing.clock import FrozenClock

CANARY = "病历：李某某，37 岁。\n".encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def make(folder: Path, keyring: Keyring, session: Session, clock: FrozenClock):
    def made(suite: str = "aes", *, encrypts_all: bool = False, url: str = "") -> FileStore:
        vault = Vault(Storage(url or str(folder)), keyring, suite, encrypts_all)
        return FileStore(vault, session, clock, Policy(most_bytes=1024 * 1024))

    return made


def attach(store: FileStore, content: bytes = CANARY, name: str = "病历.txt") -> StoredFile:
    return store.save_attachment(name, BytesIO(content), plugin="news", uploaded_by="p1")


def picture() -> BytesIO:
    out = BytesIO()
    Image.new("RGB", (30, 20), "red").save(out, "PNG")
    out.seek(0)
    return out


def raw(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]


@pytest.mark.parametrize("suite", ["aes", "sm"])
def test_an_attachment_is_sealed_whatever_the_setting(make, folder: Path, suite: str) -> None:
    stored = attach(make(suite))
    [on_disk] = raw(folder)
    assert CANARY not in on_disk
    assert make(suite).open(stored).read() == CANARY


def test_every_file_stays_readable_after_every_switch(make, folder: Path) -> None:
    stores = [make(), make(encrypts_all=True), make("sm", encrypts_all=True), make("sm")]
    files = [store.save_picture("a.png", picture(), plugin="news", uploaded_by="p1") for store in stores]
    plain = files[0]
    assert plain.key_sealed is None
    assert files[1].key_sealed is not None
    assert sum(content.startswith(b"XLF1") for content in raw(folder)) == 4
    for store in stores:
        for stored in files:
            for variant in ("full", "thumb"):
                with store.open(stored, variant) as stream:
                    Image.open(BytesIO(stream.read())).load()


def test_another_store_of_fsspec_serves_as_well(make) -> None:
    store = make(url="memory://hospital/files")
    stored = attach(store)
    assert store.open(stored).read() == CANARY
    storage = Storage("memory://hospital/files")
    assert [found.name for found in storage.objects()] == [f"{stored.storage_key}.full"]
    storage.delete(f"{stored.storage_key}.full")
    storage.delete(f"{stored.storage_key}.full")
    with pytest.raises(FileNotFoundError):
        store.open(stored)


def test_a_write_that_fails_leaves_nothing(folder: Path, keyring: Keyring) -> None:
    vault = Vault(Storage(str(folder)), keyring)

    def pieces():
        yield bytes(9_000_000)
        raise OSError("the network is gone")

    with pytest.raises(OSError, match="network"):
        vault.put("aa00.full", pieces(), vault.new_lock("x", is_sealed=True))
    assert raw(folder) == []


@pytest.mark.parametrize(("content", "sentence"), [(b"", "empty"), (bytes(1024 * 1024 + 1), "larger")])
def test_the_size_is_limited(make, content: bytes, sentence: str) -> None:
    with pytest.raises(FileRefused, match=sentence):
        attach(make(), content)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/x.txt", "x.txt"),
        ("..\\..\\x.txt", "x.txt"),
        ("a\0b\r\nSet-Cookie: x.txt", "abSet-Cookie: x.txt"),
        ("\u202etxt.exe", "txt.exe"),
        ("e\u0301.txt", "é.txt"),
        ("𠮷野家👨‍👩‍👧.txt", "𠮷野家👨‍👩‍👧.txt"),
        ("名" * 300 + ".docx", "名" * 250 + ".docx"),
        ("   ", "file"),
    ],
)
def test_a_name_is_kept_for_people(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@pytest.mark.parametrize(
    "name", ['a"; filename=evil.exe; x=".txt', "a\r\nX: y.txt", "名%22.txt", "a/b\\c.txt"]
)
def test_no_name_breaks_out_of_the_header(name: str) -> None:
    header = attachment_header(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert header.startswith('attachment; filename="')
