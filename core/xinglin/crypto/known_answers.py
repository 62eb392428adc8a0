"""Examples from the standards that every start computes anew."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from xinglin.crypto.suites import AES, SM, Suite


class Answer(Protocol):
    @property
    def name(self) -> str: ...

    def is_right(self) -> bool: ...


@dataclass(frozen=True)
class CipherAnswer:
    """One encryption and its way back; hexadecimal."""

    name: str
    suite: Suite
    key: str
    nonce: str
    plain: str
    aad: str
    sealed: str

    def is_right(self) -> bool:
        key, nonce, plain, aad, sealed = map(
            bytes.fromhex, (self.key, self.nonce, self.plain, self.aad, self.sealed)
        )
        return (
            self.suite.encrypt(key, nonce, plain, aad) == sealed
            and self.suite.decrypt(key, nonce, sealed, aad) == plain
        )


@dataclass(frozen=True)
class MacAnswer:
    name: str
    suite: Suite
    key: bytes
    data: bytes
    mac: str

    def is_right(self) -> bool:
        return self.suite.mac(self.key, self.data).hex() == self.mac


@dataclass(frozen=True)
class HashAnswer:
    name: str
    digest: str
    data: bytes
    value: str

    def is_right(self) -> bool:
        return hashlib.new(self.digest, self.data).hexdigest() == self.value


ANSWERS: tuple[Answer, ...] = (
    CipherAnswer(
        "AES-256-GCM (McGrew and Viega, test case 16)",
        AES,
        "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
        "cafebabefacedbaddecaf888",
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ),
    CipherAnswer(
        "SM4-GCM (RFC 8998, A.1)",
        SM,
        "0123456789abcdeffedcba9876543210",
        "00001234567800000000abcd",
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
        "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec",
    ),
    MacAnswer(
        "HMAC-SHA-256 (RFC 4231, test case 2)",
        AES,
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    HashAnswer(
        "SM3 (GB/T 32905, A.1)",
        "sm3",
        b"abc",
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
    ),
    HashAnswer(
        "SM3 (GB/T 32905, A.2)",
        "sm3",
        b"abcd" * 16,
        "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
    ),
)
