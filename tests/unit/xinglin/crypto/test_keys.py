"""Data keys: rotated, read after rotation, retired; a wrong, changed or missing key says what to do."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from xinglin.crypto import providers
from xinglin.crypto.errors import KeyMissing, KeyRefused, SealBroken
from xinglin.crypto.keys import RETIRE_WAIT, KeyState
from xinglin.crypto.service import Keyring
from xinglin.testing.clock import FrozenClock

CONTEXT = "core_person.mobile:x"
SUITES = ("aes", "sm")


@pytest.fixture(params=SUITES)
def ring(request: pytest.FixtureRequest, tmp_path: Path) -> Keyring:
    return Keyring.create(tmp_path / "secrets", suite=request.param)


def test_a_seal_names_its_suite_and_its_key(ring: Keyring) -> None:
    sealed = ring.seal(b"x", context=CONTEXT)
    assert sealed[:3] == {"aes": b"\x01\x00\x01", "sm": b"\x02\x00\x01"}[ring.suite]


def test_after_a_rotation_old_and_new_are_read(ring: Keyring, clock: FrozenClock) -> None:
    before, mac, key_id = ring.seal(b"old", context=CONTEXT), ring.mac(b"x", purpose="p"), ring.key_id
    assert ring.rotate(clock.now()).version == 2
    after = ring.seal(b"new", context=CONTEXT)
    assert (before[2], after[2]) == (1, 2)
    for one in (ring, Keyring(ring.folder)):
        assert one.open(before, context=CONTEXT) == b"old"
        assert one.open(after, context=CONTEXT) == b"new"
        assert (one.mac(b"x", purpose="p"), one.key_id) == (mac, key_id)


def test_the_suite_can_be_changed_and_both_stay_readable(ring: Keyring, clock: FrozenClock) -> None:
    other = {"aes": "sm", "sm": "aes"}[ring.suite]
    before = ring.seal(b"old", context=CONTEXT)
    changed = Keyring(ring.folder, suite=other)
    assert changed.rotate(clock.now()).suite == other
    assert changed.seal(b"new", context=CONTEXT)[0] != before[0]
    assert changed.open(before, context=CONTEXT) == b"old"


def test_a_header_of_the_other_suite_or_key_does_not_open(ring: Keyring, clock: FrozenClock) -> None:
    sealed = ring.seal(b"x", context=CONTEXT)
    ring.rotate(clock.now())
    Keyring(ring.folder, suite={"aes": "sm", "sm": "aes"}[ring.suite]).rotate(clock.now())
    for key in ring.keys.keys[1:]:
        number = {"aes": 1, "sm": 2}[key.suite]
        with pytest.raises(SealBroken, match=CONTEXT):
            ring.open(bytes([number, 0, key.version]) + sealed[3:], context=CONTEXT)


def test_another_process_notices_the_rotation(ring: Keyring, clock: FrozenClock) -> None:
    running = Keyring(ring.folder, suite=ring.suite)
    ring.rotate(clock.now())
    assert running.open(ring.seal(b"new", context=CONTEXT), context=CONTEXT) == b"new"
    assert running.seal(b"x", context=CONTEXT)[2] == 2


def test_a_retired_key_opens_nothing_more(ring: Keyring, clock: FrozenClock) -> None:
    sealed = ring.seal(b"old", context=CONTEXT)
    with pytest.raises(KeyRefused, match=r"key 1 is the active one\. Cure: `xinglin crypto rotate`"):
        ring.retire(1, clock.now())
    ring.rotate(clock.now())
    with pytest.raises(KeyRefused, match="something may still be written under it"):
        ring.retire(1, clock.now() + RETIRE_WAIT - timedelta(seconds=1))
    ring.retire(1, clock.now() + RETIRE_WAIT)
    with pytest.raises(KeyMissing, match=rf"{CONTEXT}: sealed under data key 1, which was retired\. Cure"):
        ring.open(sealed, context=CONTEXT)
    with pytest.raises(KeyRefused, match="no readable key 1"):
        ring.retire(1, clock.now() + RETIRE_WAIT)
    assert [key.state for key in Keyring(ring.folder).keys.keys] == [KeyState.RETIRED, KeyState.ACTIVE]
    assert json.loads((ring.folder / "keys.json").read_text())["keys"][0]["wrapped"] == ""


class TestKeyFile:
    def test_is_for_the_owner_alone_and_shows_no_key(self, ring: Keyring, clock: FrozenClock) -> None:
        ring.rotate(clock.now())
        path = ring.folder / "keys.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (ring.folder / "master.key").read_text().strip() not in path.read_text()
        assert sorted(path.name for path in ring.folder.iterdir()) == ["keys.json", "master.key"]

    def test_missing(self, ring: Keyring) -> None:
        (ring.folder / "keys.json").unlink()
        for use in (Keyring, Keyring.create):
            with pytest.raises(KeyMissing, match=r"keys\.json is missing\. Cure: restore it.*crypto recover"):
                use(ring.folder)
        with pytest.raises(KeyMissing, match="missing"):
            ring.seal(b"x", context=CONTEXT)

    def test_without_its_master_key_no_new_one_is_made(self, ring: Keyring) -> None:
        (ring.folder / "master.key").unlink()
        with pytest.raises(KeyMissing, match=r"master\.key is missing"):
            Keyring.create(ring.folder)
        assert not (ring.folder / "master.key").exists()

    def test_of_another_master_key(self, ring: Keyring, tmp_path: Path) -> None:
        other = Keyring.create(tmp_path / "other")
        (ring.folder / "master.key").write_text((other.folder / "master.key").read_text())
        with pytest.raises(KeyMissing, match=r"does not open under this master key\. Cure: restore"):
            Keyring(ring.folder)

    @pytest.mark.parametrize(
        ("old", "new"),
        [("readable", "active"), ('"version": 1', '"version": 3'), ('"ended_at": "', '"ended_at": "0')],
    )
    def test_changed_by_hand(self, ring: Keyring, clock: FrozenClock, old: str, new: str) -> None:
        ring.rotate(clock.now())
        path = ring.folder / "keys.json"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        with pytest.raises(KeyMissing, match=r"was changed by hand|is no key file"):
            Keyring(ring.folder)

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", '{"keys": [], "root": {"suite": "aes", "wrapped": ""}}']
    )
    def test_malformed(self, ring: Keyring, text: str) -> None:
        (ring.folder / "keys.json").write_text(text)
        with pytest.raises(KeyMissing, match=r"is no key file\. Cure: restore it"):
            Keyring(ring.folder)


class TestProviders:
    def test_the_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(KeyMissing, match=r"XINGLIN_MASTER_KEY is not set\. Cure"):
            Keyring.create(tmp_path, provider="environment")
        monkeypatch.setenv("XINGLIN_MASTER_KEY", "5a" * 32)
        sealed = Keyring.create(tmp_path, provider="environment").seal(b"x", context=CONTEXT)
        assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
        assert Keyring(tmp_path, provider="environment").open(sealed, context=CONTEXT) == b"x"
        monkeypatch.setenv("XINGLIN_MASTER_KEY", "5b" * 32)
        with pytest.raises(KeyMissing, match="does not open under this master key"):
            Keyring(tmp_path, provider="environment")
        monkeypatch.setenv("XINGLIN_MASTER_KEY", "5b" * 31)
        with pytest.raises(KeyMissing, match=r"not a key of 64 hex digits\. Cure: set it"):
            Keyring(tmp_path, provider="environment")

    def test_an_unknown_one(self, tmp_path: Path) -> None:
        with pytest.raises(
            KeyMissing, match=r"'hsm'\. Cure: crypto_key_provider = one of environment, file, pkcs11"
        ):
            Keyring.create(tmp_path, provider="hsm")

    def test_one_of_a_vendor_is_found_by_its_entry_point(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        vendor = tmp_path / "vendor"
        information = vendor / "hsm-1.0.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: hsm\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text(
            f"[xinglin.key_providers]\nhsm = {__name__}:cipher_machine\n"
        )
        monkeypatch.syspath_prepend(str(vendor))
        made = Keyring.create(tmp_path / "secrets", provider="hsm")
        sealed = made.seal(b"x", context=CONTEXT)
        assert Keyring(tmp_path / "secrets", provider="hsm").open(sealed, context=CONTEXT) == b"x"
        assert not (tmp_path / "secrets" / "master.key").exists()


def cipher_machine(folder: Path) -> providers.KeyProvider:
    """Stands for a PKCS#11 device: its key is in no file of ours."""
    return providers.MasterKey(b"\x07" * 32, f"device of {folder}")
