"""Sealing data under keys outside the database."""

from __future__ import annotations

from xinglin.crypto.service import Keyring, SealBroken

__all__ = ["Keyring", "SealBroken"]
