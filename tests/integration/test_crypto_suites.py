"""A running site changes from AES to SM4: nothing becomes unreadable, re-keying moves every row, and status tells."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from xinglin.crypto.cli import crypto
from xinglin.crypto.service import version_of
from xinglin.files.models import StoredFile
from xinglin.files.service import FileStore
from xinglin.kernel.cli import LazyContext
from xinglin.kernel.site import Site, open_site
from xinglin.people.models import Person
from xinglin.testing.portal import write_ini
from xinglin.wecom.tokens import Fetched, TokenStore, token_key

KEY = token_key("corp", "secret")


@pytest.fixture
def ini(database, tmp_path) -> Path:
    path = write_ini(tmp_path / "site", database, ("portal",), None, "", {})
    site = open_site(path)
    add_person(site, "1")
    add_file(site, "old")
    TokenStore(site.database, site.keyring, site.clock).get(KEY, lambda _seconds: Fetched("token", 7200))
    site.database.dispose()
    return path


def add_person(site: Site, number: str) -> None:
    now = site.clock.now()
    with site.database.session() as session:
        session.add(
            Person(staff_no=number, name="x", mobile=f"1380000000{number}", created_at=now, updated_at=now)
        )


def add_file(site: Site, content: str) -> None:
    with site.database.session() as session:
        files = FileStore.of(site.settings, site.keyring, session, site.clock)
        stream = io.BytesIO(content.encode())
        files.save_attachment(f"{content}.txt", stream, plugin="news", uploaded_by="x")


def mobiles(site: Site) -> dict[str, tuple[bytes, int, str | None]]:
    """Staff number → suite and key version that lie in the database, and what the page shows."""
    with site.database.read_session() as session:
        return {
            row.staff_no: (row.mobile_sealed[:1], version_of(row.mobile_sealed), row.mobile)
            for row in session.scalars(select(Person))
        }


def contents(site: Site) -> set[str]:
    with site.database.session() as session:
        files = FileStore.of(site.settings, site.keyring, session, site.clock)
        return {files.open(stored).read().decode() for stored in session.scalars(select(StoredFile))}


def token_of(site: Site) -> str:
    def nobody_asks(_seconds: float) -> Fetched:
        raise AssertionError("the stored token was not readable")

    return TokenStore(site.database, site.keyring, site.clock).get(KEY, nobody_asks).value


def test_from_aes_to_sm4(ini: Path) -> None:
    def run(*words: str):
        context = LazyContext(ini)
        said = CliRunner().invoke(crypto, words, obj=context)
        context.database.dispose()
        return said

    running = open_site(ini)  # a process of the time before, which goes on
    ini.write_text(ini.read_text(encoding="utf-8") + "crypto_suite = sm\n", encoding="utf-8")
    restarted = open_site(ini)
    asked = run("status")
    assert asked.exit_code == 1
    assert "crypto_suite is sm, new data uses aes. Cure: xinglin crypto rotate" in asked.output

    assert "key 2 (sm) is active" in run("rotate").output
    for number, site in (("2", running), ("3", restarted)):
        add_person(site, number)
        add_file(site, f"new{number}")
    for site in (running, restarted):
        assert mobiles(site) == {
            "1": (b"\x01", 1, "13800000001"),
            "2": (b"\x02", 2, "13800000002"),
            "3": (b"\x02", 2, "13800000003"),
        }
    mixed = run("status")
    assert mixed.exit_code == 1
    assert "core_person.mobile  1 under key 1 (aes), 2 under key 2 (sm)\n" in mixed.output
    assert "core_stored_file.key_sealed  1 under key 1 (aes), 2 under key 2 (sm)\n" in mixed.output
    assert "core_wecom_token.value_sealed  1 under key 1 (aes)\n" in mixed.output
    assert "3 values lie under older keys. Cure: xinglin crypto rekey" in mixed.output

    assert "3 rows seen, 0 left" in run("rekey").output
    done = run("status")
    assert done.exit_code == 0, done.output
    assert "core_person.mobile  3 under key 2 (sm)\n" in done.output
    assert "core_stored_file.key_sealed  3 under key 2 (sm)\n" in done.output
    assert "core_wecom_token.value_sealed  1 under key 2 (sm)\n" in done.output
    for site in (running, restarted):
        assert {suite for suite, _version, _mobile in mobiles(site).values()} == {b"\x02"}
        assert {mobile for *_, mobile in mobiles(site).values()} == {f"1380000000{n}" for n in (1, 2, 3)}
        assert contents(site) == {"old", "new2", "new3"}
        assert token_of(site) == "token"
        site.database.dispose()
