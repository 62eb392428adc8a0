"""The two suites of algorithms: AES-256-GCM with HMAC-SHA-256, and SM4-GCM with HMAC-SM3 (GB/T 39786)."""

from __future__ import annotations

import hmac
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import ClassVar

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xinglin.crypto.errors import KeyMissing, SealBroken, SuiteBroken

NONCE_BYTES = 12
TAG_BYTES = 16


class Suite(ABC):
    """An authenticated cipher (nonce of 12 bytes, tag of 16 at the end) and a keyed hash (32 bytes).

    A nonce must never be used twice with one key. `number` names the suite in the header of what is sealed.
    """

    name: ClassVar[str]
    number: ClassVar[int]
    key_bytes: ClassVar[int]
    digest: ClassVar[str]
    is_slow: ClassVar[bool] = False
    """Slower than a hash and a disk: long data is sealed by several threads. OpenSSL lets them run at once."""

    @abstractmethod
    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
        """The ciphertext and its tag; `aad` is authenticated, not contained."""

    @abstractmethod
    def decrypt(self, key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
        """Undo `encrypt`; raises `SealBroken`."""

    def mac(self, key: bytes, data: bytes) -> bytes:
        """HMAC (RFC 2104, GB/T 15852.2) over `data`."""
        return hmac.digest(key, data, self.digest)

    def derive(self, secret: bytes, purpose: str) -> bytes:
        """A key of this suite's cipher that is good for one purpose: HMAC of the purpose's name, cut."""
        return self.mac(secret, purpose.encode())[: self.key_bytes]


class AesSuite(Suite):
    """AES-256-GCM (NIST SP 800-38D), HMAC-SHA-256 (FIPS 198-1)."""

    name = "aes"
    number = 1
    key_bytes = 32
    digest = "sha256"

    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
        return _aes(key).encrypt(nonce, plain, aad)

    def decrypt(self, key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
        try:
            return _aes(key).decrypt(nonce, sealed, aad)
        except (InvalidTag, ValueError) as error:
            raise SealBroken("changed, moved, or sealed under another key") from error


class SmSuite(Suite):
    """SM4-GCM (GB/T 32907, RFC 8998), HMAC-SM3 (GB/T 32905)."""

    name = "sm"
    number = 2
    key_bytes = 16
    digest = "sm3"
    is_slow = True

    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
        worker = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
        worker.authenticate_additional_data(aad)
        return worker.update(plain) + worker.finalize() + worker.tag

    def decrypt(self, key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
        body, tag = sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]
        try:
            worker = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
            worker.authenticate_additional_data(aad)
            return worker.update(body) + worker.finalize()
        except (InvalidTag, ValueError) as error:
            raise SealBroken("changed, moved, or sealed under another key") from error


@lru_cache(maxsize=64)
def _aes(key: bytes) -> AESGCM:
    return AESGCM(key)


AES = AesSuite()
SM = SmSuite()
SUITES: dict[str, Suite] = {suite.name: suite for suite in (AES, SM)}
BY_NUMBER: dict[int, Suite] = {suite.number: suite for suite in (AES, SM)}


def suite_of(name: str) -> Suite:
    """The suite `aes` or `sm`; raises `KeyMissing` for another name."""
    if name not in SUITES:
        raise KeyMissing(f"no suite is called {name!r}. Cure: crypto_suite = {' or '.join(SUITES)}")
    return SUITES[name]


def self_test() -> None:
    """Compute the examples of the standards. Raises `SuiteBroken` with what differs; costs about a millisecond."""
    from xinglin.crypto.known_answers import ANSWERS

    for answer in ANSWERS:
        try:
            is_right = answer.is_right()
        except (UnsupportedAlgorithm, ValueError) as error:
            raise SuiteBroken(_complaint(answer.name)) from error
        if not is_right:
            raise SuiteBroken(_complaint(answer.name))


def _complaint(name: str) -> str:
    return (
        f"the self-test of {name} failed: this machine's OpenSSL does not compute what the standard says. "
        "Cure: install the versions of the lock file, on an OpenSSL with SM3 and SM4"
    )
