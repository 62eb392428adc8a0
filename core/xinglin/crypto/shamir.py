"""Shamir's secret sharing (Communications of the ACM 22, 1979) over GF(2⁸), each byte by itself.

Own code, because no library for it is kept well enough to carry the master key; why in docs/adr/0008-keys-and-suites.md.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import reduce
from operator import xor

POLYNOMIAL = 0x11B
MOST_SHARES = 255


def split(secret: bytes, shares: int, threshold: int) -> dict[int, bytes]:
    """Number → share, from 1 on; any `threshold` of them give the secret, fewer tell nothing. Raises `ValueError`."""
    if not 2 <= threshold <= shares <= MOST_SHARES:
        raise ValueError(
            f"{threshold} of {shares} cannot be. Cure: 2 <= threshold <= shares <= {MOST_SHARES}"
        )
    rows = [bytes([byte]) + secrets.token_bytes(threshold - 1) for byte in secret]
    return {x: bytes(_value(row, x) for row in rows) for x in range(1, shares + 1)}


def combine(shares: Mapping[int, bytes]) -> bytes:
    """The secret, when these are enough shares of one split; else something random. Raises `ValueError` on lengths."""
    if len({len(share) for share in shares.values()}) != 1 or not all(0 < x <= MOST_SHARES for x in shares):
        raise ValueError("shares of one secret have one length and numbers from 1 to 255")
    weights = {x: _weight(x, shares) for x in shares}
    length = len(next(iter(shares.values())))
    return bytes(
        reduce(xor, (_times(weights[x], share[i]) for x, share in shares.items())) for i in range(length)
    )


def _value(coefficients: bytes, x: int) -> int:
    """The polynomial at `x`, by Horner's rule."""
    return reduce(lambda total, coefficient: _times(total, x) ^ coefficient, reversed(coefficients), 0)


def _weight(x: int, others: Mapping[int, bytes]) -> int:
    """Lagrange's basis polynomial of `x` at zero."""
    found = 1
    for other in others:
        if other != x:
            found = _times(found, _times(other, _inverse(other ^ x)))
    return found


def _times(a: int, b: int) -> int:
    """Without branches on the values, which are secret."""
    product = 0
    for bit in range(8):
        product ^= -(b >> bit & 1) & a
        a = (a << 1) ^ (-(a >> 7) & POLYNOMIAL)
    return product


def _inverse(a: int) -> int:
    """a²⁵⁴."""
    return reduce(lambda product, _step: _times(product, a), range(253), a)
