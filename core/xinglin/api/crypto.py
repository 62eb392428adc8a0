"""Sealing data under keys outside the database: columns that do it by themselves, and the key ring for the rest."""

from __future__ import annotations

from xinglin.crypto.columns import BlindIndex, EncryptedBytes, EncryptedJson, EncryptedText, sealed_by_hand
from xinglin.crypto.errors import KeyMissing
from xinglin.crypto.service import Keyring, SealBroken

__all__ = [
    "BlindIndex",
    "EncryptedBytes",
    "EncryptedJson",
    "EncryptedText",
    "KeyMissing",
    "Keyring",
    "SealBroken",
    "sealed_by_hand",
]
