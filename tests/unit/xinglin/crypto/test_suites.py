"""Both suites do what the standards say and pass the same tests; a library that computes wrongly stops the start."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.crypto import known_answers, suites
from xinglin.crypto.errors import KeyMissing, SealBroken, SuiteBroken
from xinglin.crypto.known_answers import HashAnswer
from xinglin.crypto.service import Keyring
from xinglin.crypto.suites import AES, SM, Suite, suite_of

NONCE = bytes(range(12))
both = pytest.mark.parametrize("suite", [AES, SM], ids=lambda suite: suite.name)


@pytest.mark.parametrize("answer", known_answers.ANSWERS, ids=lambda answer: answer.name)
def test_the_examples_of_the_standards(answer: known_answers.Answer) -> None:
    assert answer.is_right()


@both
def test_hmac_is_the_construction_of_rfc_2104(suite: Suite) -> None:
    key = b"k" * 20
    inner, outer = (bytes(a ^ pad for a in key.ljust(64, b"\0")) for pad in (0x36, 0x5C))
    inside = hashlib.new(suite.digest, inner + b"data").digest()
    assert suite.mac(key, b"data") == hashlib.new(suite.digest, outer + inside).digest()


@both
@given(plain=st.binary(max_size=200), aad=st.binary(max_size=50))
def test_what_was_encrypted_comes_back(suite: Suite, plain: bytes, aad: bytes) -> None:
    key = suite.derive(b"secret", "test")
    sealed = suite.encrypt(key, NONCE, plain, aad)
    assert suite.decrypt(key, NONCE, sealed, aad) == plain
    with pytest.raises(SealBroken):
        suite.decrypt(key, NONCE, sealed, aad + b"x")


@both
def test_one_flipped_bit_or_another_key_fails(suite: Suite) -> None:
    key = suite.derive(b"secret", "test")
    sealed = suite.encrypt(key, NONCE, b"four", b"")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealBroken):
            suite.decrypt(key, NONCE, bytes(changed), b"")
    with pytest.raises(SealBroken):
        suite.decrypt(suite.derive(b"secret", "other"), NONCE, sealed, b"")
    with pytest.raises(SealBroken):
        suite.decrypt(key, NONCE, sealed[:10], b"")


def test_an_unknown_suite_is_named_with_its_cure() -> None:
    with pytest.raises(KeyMissing, match=r"'des'\. Cure: crypto_suite = aes or sm"):
        suite_of("des")


def test_a_library_that_computes_wrongly_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Keyring.create(tmp_path)
    for answer in (HashAnswer("SM3", "sm3", b"abc", "00"), HashAnswer("SM9", "sm9", b"", "")):
        monkeypatch.setattr(known_answers, "ANSWERS", (answer,))
        with pytest.raises(SuiteBroken, match=rf"self-test of {answer.name} failed.*Cure: install"):
            Keyring(tmp_path)
    monkeypatch.undo()
    suites.self_test()
