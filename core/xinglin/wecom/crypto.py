"""Signature and encryption of callbacks: wechatpy's crypto with its checks made strict.

WeCom, document 90968: SHA-1 over the sorted token, timestamp, nonce, ciphertext; AES-256-CBC, PKCS#7
with blocks of 32, receiveid at the end.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import string
import struct
from typing import Any

from wechatpy.enterprise.crypto import PrpCrypto, WeChatCrypto

BLOCK = 32
RANDOM_BYTES = 16
_LETTERS = string.ascii_letters + string.digits


class CallbackRefused(Exception):
    """The callback is not (surely) from WeCom. `status` is the HTTP answer; the reason is for the log only."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class StrictPrpCrypto(PrpCrypto):
    """Checks padding, lengths and receiver; the random prefix comes from the system."""

    def get_random_string(self) -> str:
        return "".join(secrets.choice(_LETTERS) for _ in range(RANDOM_BYTES))

    def _decrypt(self, text: str | bytes, _id: str, exception: Any = None) -> str:
        try:
            raw = base64.b64decode(text, validate=True)
            if not raw or len(raw) % BLOCK:
                raise CallbackRefused(403, "length of the ciphertext")
            return self._read(self.cipher.decrypt(raw), _id)
        except (binascii.Error, struct.error, UnicodeDecodeError, ValueError):
            raise CallbackRefused(403, "undecipherable") from None

    @staticmethod
    def _read(plain: bytes, receiver: str) -> str:
        padding = plain[-1]
        if not 1 <= padding <= BLOCK or plain[-padding:] != bytes([padding]) * padding:
            raise CallbackRefused(403, "padding")
        content = plain[RANDOM_BYTES:-padding]
        (length,) = struct.unpack_from(">I", content)
        message, receive_id = content[4 : 4 + length], content[4 + length :]
        if len(message) != length or not hmac.compare_digest(receive_id, receiver.encode()):
            raise CallbackRefused(403, "receiveid")
        return message.decode("utf-8")


class CallbackCrypto(WeChatCrypto):
    """Opens callbacks addressed to `corp_id`. Raises `CallbackRefused`, nothing else."""

    def open(self, encrypted: str, *, signature: str, timestamp: str, nonce: str) -> str:
        """The plain text of an `echostr` or `Encrypt`, after the signature was checked in constant time."""
        expected = self.signature(timestamp, nonce, encrypted)
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            raise CallbackRefused(403, "signature")
        return str(StrictPrpCrypto(self.key).decrypt(encrypted, self.corp_id))

    def seal(self, text: str) -> str:
        """Encrypt a reply (base64)."""
        sealed: bytes = StrictPrpCrypto(self.key).encrypt(text, self.corp_id)
        return sealed.decode("ascii")

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Hex SHA-1 over the sorted parts."""
        joined = "".join(sorted((self.token, timestamp, nonce, encrypted)))
        return hashlib.sha1(joined.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
