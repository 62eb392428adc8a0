"""What is sealed opens only unchanged, in its place and under its key; the key file is guarded."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.crypto.service import KeyMissing, Keyring, SealBroken

CONTEXT = "core_administrator.totp:7"


@given(plain=st.binary(max_size=300), context=st.text(max_size=30))
def test_what_was_sealed_comes_back(keyring: Keyring, plain: bytes, context: str) -> None:
    assert keyring.open(keyring.seal(plain, context=context), context=context) == plain


def test_two_seals_of_the_same_words_differ(keyring: Keyring) -> None:
    first, second = (keyring.seal(b"secret", context=CONTEXT) for _ in range(2))
    assert first != second
    assert b"secret" not in first


def test_no_bit_can_be_changed(keyring: Keyring) -> None:
    sealed = keyring.seal(b"four", context=CONTEXT)
    for position in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(SealBroken, match=CONTEXT):
            keyring.open(bytes(changed), context=CONTEXT)


@pytest.mark.parametrize("length", range(20))
def test_a_part_does_not_open(keyring: Keyring, length: int) -> None:
    with pytest.raises(SealBroken):
        keyring.open(keyring.seal(b"four", context=CONTEXT)[:length], context=CONTEXT)


def test_a_seal_cannot_be_moved_to_another_row(keyring: Keyring) -> None:
    with pytest.raises(SealBroken, match=r"row:2: changed, moved, or sealed under another key"):
        keyring.open(keyring.seal(b"secret", context="row:1"), context="row:2")


def test_another_site_cannot_open_it(keyring: Keyring, tmp_path: Path) -> None:
    other = Keyring.create(tmp_path)
    assert other.key_id != keyring.key_id
    with pytest.raises(SealBroken):
        other.open(keyring.seal(b"secret", context=CONTEXT), context=CONTEXT)


def test_a_mac_depends_on_data_purpose_and_key(keyring: Keyring, tmp_path: Path) -> None:
    mac = keyring.mac(b"data", purpose="audit row")
    assert len(bytes.fromhex(mac)) == 32
    assert mac == keyring.mac(b"data", purpose="audit row")
    assert mac != keyring.mac(b"datb", purpose="audit row")
    assert mac != keyring.mac(b"data", purpose="csrf")
    assert mac != Keyring.create(tmp_path).mac(b"data", purpose="audit row")


class TestKeyFile:
    def test_is_made_once_for_the_owner_alone(self, tmp_path: Path) -> None:
        folder = tmp_path / "deep" / "secrets"
        made = Keyring.create(folder)
        assert stat.S_IMODE((folder / "master.key").stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert Keyring.create(folder).key_id == made.key_id == Keyring(folder).key_id

    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(
            KeyMissing, match=r"master\.key is missing.*restore it from your backup.*xinglin init"
        ):
            Keyring(tmp_path)

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o606])
    def test_read_by_others(self, tmp_path: Path, mode: int) -> None:
        Keyring.create(tmp_path)
        (tmp_path / "master.key").chmod(mode)
        with pytest.raises(KeyMissing, match=r"can be read by others\. Cure: chmod 600"):
            Keyring(tmp_path)

    @pytest.mark.parametrize(
        "content", [b"", b"ab" * 31, b"ab" * 33, b"zz" * 32, b"\xff" * 64, b"ab" * 16 + b"\n"]
    )
    def test_malformed(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "master.key"
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(KeyMissing, match=r"not a key of 64 hex digits\. Cure: restore it"):
            Keyring(tmp_path)


def test_a_running_process_takes_no_keys_of_another_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the same master key wraps them, as one token may for two sites."""
    monkeypatch.setenv("XINGLIN_MASTER_KEY", "5a" * 32)
    ring = Keyring.create(tmp_path / "one", provider="environment")
    other = Keyring.create(tmp_path / "two", provider="environment")
    own = (ring.folder / "keys.json").read_bytes()
    (ring.folder / "keys.json").write_bytes((other.folder / "keys.json").read_bytes())
    with pytest.raises(KeyMissing, match=r"replaced by the keys of another site\. Cure: put back"):
        ring.seal(b"x", context=CONTEXT)
    (ring.folder / "keys.json").write_bytes(own)
    assert ring.open(ring.seal(b"x", context=CONTEXT), context=CONTEXT) == b"x"
