"""Signature and encryption of callbacks (AES-256-CBC, PKCS#7 with block 32, receiveid at the end)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
KEY_LENGTH = 43


class CryptoError(ValueError):
    """The text cannot be decrypted or is not for this receiver."""


def signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """Hex SHA-1 over the four parts, sorted and joined."""
    joined = "".join(sorted((token, timestamp, nonce, encrypted)))
    return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()


def is_signed(expected: str, token: str, timestamp: str, nonce: str, encrypted: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(expected, signature(token, timestamp, nonce, encrypted))


class MessageCrypto:
    """Encrypts and decrypts with one EncodingAESKey for one receiveid."""

    def __init__(self, aes_key: str, receive_id: str) -> None:
        if len(aes_key) != KEY_LENGTH:
            raise CryptoError(f"aes_key has {len(aes_key)} characters; use the 43 of EncodingAESKey")
        self._key = base64.b64decode(aes_key + "=")
        self._receive_id = receive_id.encode()

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))

    def encrypt(self, text: str, *, receive_id: str | None = None, spoil_padding: bool = False) -> str:
        """Base64 of the encrypted text; the two options make broken messages for tests."""
        message = text.encode()
        receiver = self._receive_id if receive_id is None else receive_id.encode()
        plain = os.urandom(16) + struct.pack(">I", len(message)) + message + receiver
        pad = BLOCK - len(plain) % BLOCK
        plain += bytes([0 if spoil_padding else pad]) * pad
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()

    def decrypt(self, encrypted: str) -> str:
        """The text. Raises CryptoError for wrong padding, length or receiver."""
        try:
            raw = base64.b64decode(encrypted, validate=True)
            decryptor = self._cipher().decryptor()
            plain = decryptor.update(raw) + decryptor.finalize()
        except ValueError as error:
            raise CryptoError("not encrypted with this key") from error
        pad = plain[-1] if plain else 0
        if not 1 <= pad <= BLOCK or plain[-pad:] != bytes([pad]) * pad:
            raise CryptoError("wrong padding")
        plain = plain[:-pad]
        length = struct.unpack(">I", plain[16:20])[0]
        if plain[20 + length :] != self._receive_id:
            raise CryptoError("wrong receiveid")
        return plain[20 : 20 + length].decode()
