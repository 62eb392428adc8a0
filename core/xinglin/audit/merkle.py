"""The tree of a seal: RFC 6962, section 2.1, with SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

LEAF, NODE = b"\x00", b"\x01"


def root(leaves: Iterable[bytes]) -> str:
    """The Merkle tree hash in hex; of no leaves it is the hash of nothing.

    Pairing neighbours, and carrying an odd last one upwards, gives the same tree as the split of the RFC.
    """
    sha256 = hashlib.sha256
    level = [sha256(LEAF + leaf).digest() for leaf in leaves]
    if not level:
        return sha256(b"").hexdigest()
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(NODE + left + right).digest() for left, right in pairs] + odd
    return level[0].hex()
