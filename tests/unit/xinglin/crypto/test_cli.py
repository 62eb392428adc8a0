"""`xinglin crypto` on a real site: what it says, what it changes, what it records."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text
from tests.unit.xinglin.crypto.conftest import MODULE, PIN, SoftToken

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import Actor, AuditTrail
from xinglin.crypto.errors import KeyMissing
from xinglin.kernel import migrate
from xinglin.kernel.cli import LazyContext, xinglin
from xinglin.kernel.db import Database
from xinglin.kernel.ini import SettingsError
from xinglin.kernel.settings import SecretMissing
from xinglin.kernel.site import open_site
from xinglin.people.models import Person
from xinglin.testing.clock import FrozenClock
from xinglin.testing.portal import write_ini


@pytest.fixture
def ini(tmp_path: Path, clock: FrozenClock) -> Path:
    path = write_ini(tmp_path / "site", Database(f"sqlite:///{tmp_path}/x.db"), ("portal",), None, "", {})
    context = LazyContext(path)
    migrate.upgrade(context.database, context.plugins)
    with context.database.session() as session:
        session.add_all(
            Person(
                staff_no=f"{n}",
                name="x",
                mobile=f"1380000000{n}",
                created_at=clock.now(),
                updated_at=clock.now(),
            )
            for n in range(3)
        )
        # An act without details: its sealed column is empty.
        AuditTrail(session, Actor.system("test"), clock, context.keyring).record("person.view")
    context.database.dispose()
    return path


@pytest.fixture
def run(ini: Path) -> Callable[..., Result]:
    def call(*arguments: str) -> Result:
        return CliRunner().invoke(xinglin, ["-c", str(ini), "crypto", *arguments])

    return call


@pytest.fixture
def doctor(ini: Path) -> Callable[[], str]:
    """What `xinglin doctor` says, without its columns."""
    return lambda: re.sub(" +", " ", CliRunner().invoke(xinglin, ["-c", str(ini), "doctor"]).output)


def test_a_key_from_birth_to_its_end(ini: Path, run: Callable[..., Result]) -> None:
    status = run("status")
    assert status.exit_code == 0, status.output
    assert "key 1  aes  active" in status.output
    assert "core_person.mobile  3 under key 1 (aes)\n" in status.output
    assert "core_person.email  no rows" in status.output
    assert run("retire", "1").exit_code == 1

    assert "key 2 (aes) is active. Back up" in run("rotate").output
    status = run("status")
    assert status.exit_code == 1
    assert "3 values lie under older keys. Cure: xinglin crypto rekey" in status.output
    refused = run("retire", "1")
    assert refused.exit_code == 1
    assert "key 1 is in use (core_person.mobile: 3). Cure: xinglin crypto rekey" in refused.output

    assert "3 rows seen, 0 left" in run("rekey", "--batch", "2").output
    assert "something may still be written under it" in run("retire", "1").output
    site = open_site(ini)
    site.keyring.retire(1, site.clock.now() + timedelta(hours=1))
    status = run("status")
    assert status.exit_code == 0
    assert "key 1  aes  retired" in status.output
    with site.database.session() as session:
        assert set(session.scalars(select(Person.staff_no))) == {"0", "1", "2"}
        assert min(str(row.mobile) for row in session.scalars(select(Person))) == "13800000000"
        actions = list(session.scalars(select(AuditRecord.action).where(AuditRecord.action.like("crypto.%"))))
    assert sorted(actions) == ["crypto.rekey", "crypto.rotate", *["crypto.status"] * 3]
    site.database.dispose()


def test_what_is_never_re_keyed_is_cured_by_archiving(ini: Path, run: Callable[..., Result]) -> None:
    site = open_site(ini)
    with site.database.session() as session:
        trail = AuditTrail(session, Actor.system("test"), site.clock, site.keyring)
        trail.record("person.update", after={"name": "y"})
    site.database.dispose()
    run("rotate")
    both = run("retire", "1").output
    assert "xinglin crypto rekey; then" in both
    run("rekey")
    refused = run("retire", "1")
    assert refused.exit_code == 1
    assert "core_audit_record.details: 1" in refused.output
    assert "xinglin audit archive" in refused.output
    assert "crypto rekey" not in refused.output


def test_a_change_of_the_suite_is_asked_for(ini: Path, run: Callable[..., Result]) -> None:
    ini.write_text(ini.read_text() + "crypto_suite = sm\n")
    assert "crypto_suite is sm, new data uses aes. Cure: xinglin crypto rotate" in run("status").output
    assert run("rotate").exit_code == run("rekey").exit_code == 0
    status = run("status")
    assert status.exit_code == 0, status.output
    assert "key 2  sm  active" in status.output
    assert "core_person.mobile  3 under key 2" in status.output


def test_values_under_no_key_are_reported(ini: Path, run: Callable[..., Result]) -> None:
    site = open_site(ini)
    with site.database.session() as session:
        session.execute(
            text("UPDATE core_person SET mobile = :bad WHERE staff_no = '1'"), {"bad": b"rubbish"}
        )
    site.database.dispose()
    assert "1 values lie under no known key. Cure: copy the newest keys-….json" in run("status").output
    again = run("rekey")
    assert again.exit_code == 1
    assert "BAD core_person.mobile:" in again.output
    assert "1 left" in again.output


def test_custodians_bring_the_key_back(ini: Path, run: Callable[..., Result], tmp_path: Path) -> None:
    assert "any 2 of these give the master key" in run("split", str(tmp_path / "shares")).output
    files = sorted(map(str, (tmp_path / "shares").iterdir()))
    assert len(files) == 3
    folder = open_site(ini).settings.secrets_folder
    for name in ("master.key", "keys.json"):
        (folder / name).unlink()
    alone = run("recover", files[0])
    assert alone.exit_code == 1
    assert "1 of 2 shares. Cure" in alone.output
    assert run("recover", files[2], files[0]).exit_code == 0
    assert "3 under key 1" in run("status").output


def test_a_new_site_is_told_to_make_shares(
    ini: Path, doctor: Callable[[], str], run: Callable[..., Result], tmp_path: Path
) -> None:
    before = doctor()
    assert "ok keys: self-test" in before
    assert "ok keys: provider file wraps and unwraps" in before
    assert "! keys: custodians no shares were made" in before
    assert "cure: xinglin crypto split FOLDER" in before
    run("split", str(tmp_path / "shares"))
    assert "ok keys: custodians 2 of 3, since " in doctor()
    folder = open_site(ini).settings.secrets_folder
    assert not (folder / "shares.json").stat().st_mode & 0o077
    for name in ("keys.json", "master.key"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_can_read_is_named(ini: Path, doctor: Callable[[], str]) -> None:
    path = open_site(ini).settings.secrets_folder / "keys.json"
    path.chmod(0o640)
    assert f"BAD keys: file modes others may read {path}" in doctor()
    assert f"cure: chmod go= {path}" in doctor()


class TestToken:
    """The master key goes from the file to a real token and back, by the commands that people type."""

    @pytest.fixture
    def at_token(self, ini: Path, soft_token: SoftToken) -> None:
        """The ini knows the token, nothing uses it yet; the PIN is in a file of its own."""
        text = f"pkcs11_module = {MODULE}\npkcs11_token = {soft_token.label}\n"
        ini.write_text(ini.read_text() + text)
        pin = open_site(ini).settings.secrets_folder / "pkcs11_pin"
        pin.write_text(PIN)
        pin.chmod(0o600)

    @pytest.fixture
    def folder(self, ini: Path) -> Path:
        return open_site(ini).settings.secrets_folder

    @pytest.mark.usefixtures("at_token")
    def test_move_rotate_split_lose_recover(
        self,
        ini: Path,
        folder: Path,
        run: Callable[..., Result],
        doctor: Callable[[], str],
        soft_token: SoftToken,
        tmp_path: Path,
    ) -> None:
        moved = run("move-master", "--to", "pkcs11")
        assert moved.exit_code == 0, moved.output
        assert "the master key is at pkcs11 now" in moved.output
        assert "next: crypto_key_provider = pkcs11 in the ini" in moved.output
        asked = run("status")
        assert asked.exit_code == 1
        assert (
            "the master key is at pkcs11, the ini says file. Cure: crypto_key_provider = pkcs11"
            in asked.output
        )
        assert "BAD keys: place" in doctor()

        ini.write_text(ini.read_text() + "crypto_key_provider = pkcs11\n")
        assert "master key from pkcs11" in run("status").output
        assert "! keys: place" in doctor()
        (folder / "master.key").unlink()
        assert "ok keys: place master key in the provider pkcs11" in doctor()
        assert "already" in run("move-master", "--to", "pkcs11").output

        run("split", str(tmp_path / "early"))
        assert "ok keys: custodians" in doctor()
        assert "next: xinglin crypto split FOLDER" in run("rotate").output, "the shares know no key of today"
        assert "0 left" in run("rekey").output
        assert "the shares of " in doctor()
        run("split", str(tmp_path / "late"))
        assert "ok keys: custodians" in doctor()

        soft_token.remove()
        with pytest.raises(KeyMissing, match=r"no token is called 'hospital-.*Cure: connect it"):
            _ = open_site(ini).keyring
        shares = sorted(map(str, (tmp_path / "late").iterdir()))
        refused = run("recover", *shares[:2])
        assert refused.exit_code == 1
        assert "Where a token was lost for good" in refused.output
        (folder / "keys.json").rename(tmp_path / "keys.json.lost")
        assert run("recover", *shares[1:]).exit_code == 0
        site = open_site(ini)
        assert site.keyring.provider_name == "file"
        with site.database.session() as session:
            assert min(str(row.mobile) for row in session.scalars(select(Person))) == "13800000000"
            acts = session.scalars(select(AuditRecord.action).where(AuditRecord.action.like("crypto.%")))
            assert sorted(acts) == [
                "crypto.move",
                "crypto.rekey",
                "crypto.rotate",
                "crypto.split",
                "crypto.split",
                *["crypto.status"] * 2,
            ]
        site.database.dispose()

    @pytest.mark.usefixtures("at_token")
    def test_the_pin_is_taken_from_a_file_of_its_own_only(
        self, ini: Path, folder: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "pkcs11_pin").chmod(0o644)
        with pytest.raises(SecretMissing, match=r"pkcs11_pin can be read by others\. Cure: chmod 600"):
            raise run("move-master", "--to", "pkcs11").exception or AssertionError
        (folder / "pkcs11_pin").unlink()
        with pytest.raises(SecretMissing, match=r"the secret pkcs11_pin is not set\. Cure: put it into"):
            raise run("move-master", "--to", "pkcs11").exception or AssertionError
        assert "master key from file" in run("status").output
        monkeypatch.setenv("XINGLIN_PKCS11_PIN", PIN)
        assert run("move-master", "--to", "pkcs11").exit_code == 0
        ini.write_text(ini.read_text() + "pkcs11_pin = 1234\n")
        with pytest.raises(SettingsError, match="pkcs11_pin"):
            open_site(ini)

    @pytest.mark.usefixtures("at_token")
    def test_init_of_a_new_site(self, ini: Path, folder: Path, soft_token: SoftToken) -> None:
        for name in ("keys.json", "master.key"):
            (folder / name).unlink()
        (ini.parent.parent / "x.db").unlink()
        ini.write_text(ini.read_text() + "crypto_key_provider = pkcs11\n")
        assert CliRunner().invoke(xinglin, ["-c", str(ini), "init"]).exit_code == 0
        assert soft_token.keys() == ["xinglin-master"]
        assert not (folder / "master.key").exists()
        assert open_site(ini).keyring.provider_name == "pkcs11"
